#include "open_tally.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include "error.hpp"
#include "tally_entries.hpp"
#include "tally_format.hpp"
#include "tally_writer.hpp"

namespace lead_scoring {

namespace {

constexpr std::uint64_t is_more = std::uint64_t{1} << 63;  // than a plain entry
constexpr std::uint64_t has_value = 1;
constexpr std::uint64_t has_item = 2;
constexpr std::uint64_t has_wide_count = 4;
constexpr std::size_t most_words = 5;  // of an entry
// Small states have little to sum; they rather grow.
constexpr std::uint32_t least_compacted = 32;

// Memory of one compaction or of one closing: that of a typical lead lies on the stack.
class Workspace {
 public:
  [[nodiscard]] std::pmr::memory_resource* memory() { return &memory_; }

 private:
  std::array<std::byte, 2048> first_;
  std::pmr::monotonic_buffer_resource memory_{first_.data(), first_.size(), std::pmr::new_delete_resource()};
};

// Writes the entry and returns the place after it.
std::uint64_t* put(std::uint64_t* at, const Entry& entry, std::uint64_t place) {
  if (entry.count == 1 && entry.value == 0 && entry.item == 0) {
    *at++ = place;
    return at;
  }
  const std::uint64_t count = tally_format::zigzag(entry.count);
  const bool is_wide = count >> 61 != 0;
  *at++ = place | is_more;
  *at++ = (is_wide ? has_wide_count : count << 3) | (entry.value != 0 ? has_value : 0) |
          (entry.item != 0 ? has_item : 0);
  if (is_wide) *at++ = count;
  if (entry.value != 0) *at++ = static_cast<std::uint64_t>(entry.value);
  if (entry.item != 0) *at++ = entry.item;
  return at;
}

[[noreturn]] void fail() {
  throw Error(ErrorKind::corrupt_data, "damaged aggregate state of type tally",
              "Its last entry goes on behind its end.");
}

Entry plain_entry(std::uint64_t word) {
  return {.signal = static_cast<std::uint32_t>(word >> 32) & max_signal,
          .tick = static_cast<Tick>(static_cast<std::uint32_t>(word) ^ 0x80000000U),
          .item = 0,
          .count = 1,
          .value = 0};
}

}  // namespace

std::size_t OpenTally::size_for(std::uint32_t capacity) {
  return sizeof(OpenTally) + std::size_t{capacity} * sizeof(std::uint64_t);
}

OpenTally* OpenTally::create(void* memory, std::uint32_t capacity) {
  auto* tally = new (memory) OpenTally;
  tally->capacity_ = capacity;
  return tally;
}

OpenTally* OpenTally::create_from(void* memory, std::uint32_t capacity, const OpenTally& smaller) {
  if (capacity < smaller.used_) throw std::logic_error("an open tally cannot shrink below its entries");
  OpenTally* tally = create(memory, capacity);
  std::uninitialized_copy_n(smaller.words(), smaller.used_, tally->words());
  tally->used_ = smaller.used_;
  return tally;
}

bool OpenTally::fits(std::size_t size) const {
  return size >= size_for(0) && size_for(capacity_) == size && used_ <= capacity_;
}

bool OpenTally::add_with_care(const Entry& entry) {
  check_signal(entry);
  if (append(entry)) return true;
  if (capacity_ < least_compacted) return false;
  compact();
  // A quarter must be free, or a full state would be sorted again for every few entries.
  return used_ <= capacity_ - capacity_ / 4 && append(entry);
}

bool OpenTally::append(const Entry& entry) {
  std::array<std::uint64_t, most_words> room;
  const auto size = static_cast<std::uint32_t>(put(room.data(), entry, word_of(entry)) - room.data());
  if (capacity_ - used_ < size) return false;
  std::copy_n(room.begin(), size, words() + used_);
  used_ += size;
  return true;
}

bool OpenTally::append(const OpenTally& other) {
  if (capacity_ - used_ < other.used_) return false;
  std::copy_n(other.words(), other.used_, words() + used_);
  used_ += other.used_;
  return true;
}

void OpenTally::Iterator::read() {
  const std::uint64_t word = *next_++;
  entry_ = plain_entry(word);
  if ((word & is_more) == 0) return;
  const auto take = [this] {
    if (next_ == end_) fail();
    return *next_++;
  };
  const std::uint64_t head = take();
  entry_.count = tally_format::unzigzag((head & has_wide_count) != 0 ? take() : head >> 3);
  if ((head & has_value) != 0) entry_.value = static_cast<std::int64_t>(take());
  if ((head & has_item) != 0) entry_.item = take();
}

// Only such a state is a list of its entries.
bool OpenTally::is_plain() const {
  return std::all_of(words(), words() + used_, [](std::uint64_t word) { return word < is_more; });
}

void OpenTally::compact() {
  Workspace workspace;
  std::pmr::vector<Entry> sums(workspace.memory());
  sums.reserve(used_);
  for (const Entry& entry : entries()) sums.push_back(entry);
  std::uint64_t* at = words();
  for (const Entry& entry : std::span(sums).first(sort_and_sum(sums))) at = put(at, entry, word_of(entry));
  used_ = static_cast<std::uint32_t>(at - words());
}

Bytes OpenTally::close(std::pmr::memory_resource* memory) const {
  if (used_ == 0) return {};
  Workspace workspace;
  if (!is_plain()) {
    std::pmr::vector<Entry> copy(workspace.memory());
    copy.reserve(used_);
    for (const Entry& entry : entries()) copy.push_back(entry);
    return encode(copy, memory);
  }
  std::pmr::vector<std::uint64_t> sorted(words(), words() + used_, workspace.memory());
  std::sort(sorted.begin(), sorted.end());
  TallyWriter writer(memory, TallyWriter::expected_bytes(used_));
  for (std::size_t i = 0; i < sorted.size();) {
    Entry sum = plain_entry(sorted[i]);
    check_signal(sum);
    while (++i < sorted.size() && sorted[i] == sorted[i - 1]) ++sum.count;
    writer.add(sum);
  }
  return writer.finish();
}

}  // namespace lead_scoring
