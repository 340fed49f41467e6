#include "entry_words.hpp"

#include "error.hpp"
#include "tally_format.hpp"

namespace lead_scoring::entry_words {

namespace {

[[noreturn]] void fail() {
  throw Error(ErrorKind::corrupt_data, "damaged aggregate state of type tally",
              "Its last entry goes on behind its end.");
}

}  // namespace

std::uint64_t* put_more(std::uint64_t* at, const Entry& entry) {
  const std::uint64_t count = tally_format::zigzag(entry.count);
  const bool is_wide = count >> 61 != 0;
  *at++ = place_of(entry) | is_more;
  *at++ = (is_wide ? has_wide_count : count << 3) | (entry.value != 0 ? has_value : 0) |
          (entry.item != 0 ? has_item : 0);
  if (is_wide) *at++ = count;
  if (entry.value != 0) *at++ = static_cast<std::uint64_t>(entry.value);
  if (entry.item != 0) *at++ = entry.item;
  return at;
}

const std::uint64_t* read_more(const std::uint64_t* at, const std::uint64_t* end, Entry& entry) {
  const auto take = [&at, end] {
    if (at == end) fail();
    return *at++;
  };
  const std::uint64_t head = take();
  entry.count = tally_format::unzigzag((head & has_wide_count) != 0 ? take() : head >> 3);
  if ((head & has_value) != 0) entry.value = static_cast<std::int64_t>(take());
  if ((head & has_item) != 0) entry.item = take();
  return at;
}

}  // namespace lead_scoring::entry_words
