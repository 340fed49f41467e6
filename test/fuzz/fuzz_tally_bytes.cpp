// Bytes from a client or a damaged page. Accepted ones must be exactly what their entries encode to, and the
// group laws must hold for them; refused ones must end in an error of ours everywhere, never in a crash.
#include <algorithm>
#include <cstdlib>
#include <memory_resource>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/tally.hpp"

namespace {

using namespace lead_scoring;

void require(bool holds) {
  if (!holds) std::abort();
}

bool equal(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

// False when the action ends with an error of the given kind; any other exception is a finding.
template <typename Act>
bool succeeds(ErrorKind expected, Act act) {
  try {
    act();
    return true;
  } catch (const Error& error) {
    require(error.kind() == expected);
    return false;
  }
}

template <typename Act>
void survives(Act act) {
  try {
    act();
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::corrupt_data || error.kind() == ErrorKind::out_of_range);
  }
}

std::vector<Entry> decode(Bytes tally) {
  std::vector<Entry> entries;
  TallyReader reader(tally);
  while (reader.next_signal()) {
    for (Entry entry; reader.next(entry);) entries.push_back(entry);
  }
  return entries;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::pmr::monotonic_buffer_resource memory;
  const Bytes whole(data, size);
  const Bytes other = parse_tally("{1:2,1@3:1,2@9811:1,3@9815#00c0ffee00c0ffee:3=12.5}", &memory);
  const std::uint32_t signals[] = {1, 3};

  if (succeeds(ErrorKind::invalid_binary, [&] { check_canonical(whole); })) {
    std::vector<Entry> entries = decode(whole);
    require(equal(encode(entries, &memory), whole));
    require(entry_count(whole) == entries.size());
    require(equal(parse_tally(to_text(whole), &memory), whole));
    require(equal(merge(only(whole, signals, &memory), without(whole, signals, &memory), &memory), whole));
    succeeds(ErrorKind::out_of_range, [&] {
      const Bytes sum = merge(whole, other, &memory);
      check_canonical(sum);
      require(equal(merge(other, whole, &memory), sum));
      require(equal(merge(sum, negate(other, &memory), &memory), whole));
      require(merge(whole, negate(whole, &memory), &memory).empty());
    });
    return 0;
  }
  survives([&] { (void)decode(whole); });
  survives([&] { (void)to_text(whole); });
  survives([&] { (void)entry_count(whole); });
  survives([&] { (void)merge(whole, other, &memory); });
  survives([&] { (void)merge(whole, whole, &memory); });
  survives([&] { (void)negate(whole, &memory); });
  survives([&] { (void)only(whole, signals, &memory); });
  survives([&] { (void)without(whole, signals, &memory); });
  return 0;
}
