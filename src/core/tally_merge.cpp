// The group of tallies: sum, inverse, parts.
#include <algorithm>
#include <cstring>
#include <string>

#include "error.hpp"
#include "tally.hpp"
#include "tally_writer.hpp"

namespace lead_scoring {

namespace {

[[nodiscard]] Bytes copy(Bytes bytes, std::pmr::memory_resource* memory) {
  if (bytes.empty()) return {};
  void* place = memory->allocate(bytes.size(), 1);
  std::memcpy(place, bytes.data(), bytes.size());
  return {static_cast<const std::uint8_t*>(place), bytes.size()};
}

// Both readers stand at the start of a block of the same signal.
void merge_block(TallyReader& left, TallyReader& right, TallyWriter& writer) {
  Entry a;
  Entry b;
  bool more_left = left.next(a);
  bool more_right = right.next(b);
  while (more_left && more_right) {
    if (before(a, b)) {
      writer.add(a);
      more_left = left.next(a);
    } else if (before(b, a)) {
      writer.add(b);
      more_right = right.next(b);
    } else {
      add_to(a, b);
      if (!is_zero(a)) writer.add(a);
      more_left = left.next(a);
      more_right = right.next(b);
    }
  }
  if (more_left) writer.add(a);
  if (more_right) writer.add(b);
  writer.copy_rest(left);
  writer.copy_rest(right);
}

[[nodiscard]] std::int64_t opposite(std::int64_t number, const Entry& entry) {
  if (__builtin_sub_overflow(std::int64_t{0}, number, &number)) {
    throw Error(ErrorKind::out_of_range, "a tally cannot be negated",
                "An entry of signal " + std::to_string(entry.signal) +
                    " holds the smallest 64-bit integer, which has no opposite.");
  }
  return number;
}

[[nodiscard]] Bytes select(Bytes tally, std::span<const std::uint32_t> signals, bool listed,
                           std::pmr::memory_resource* memory) {
  TallyReader reader(tally);
  TallyWriter writer(memory, tally.size());
  auto signal = signals.begin();
  while (reader.next_signal()) {
    signal = std::lower_bound(signal, signals.end(), reader.signal());
    if ((signal != signals.end() && *signal == reader.signal()) == listed) writer.copy_rest(reader);
  }
  return writer.finish();
}

}  // namespace

Bytes merge(Bytes a, Bytes b, std::pmr::memory_resource* memory) {
  if (a.empty()) return copy(b, memory);
  if (b.empty()) return copy(a, memory);
  TallyReader left(a);
  TallyReader right(b);
  TallyWriter writer(memory, a.size() + b.size() + 64);
  bool more_left = left.next_signal();
  bool more_right = right.next_signal();
  while (more_left || more_right) {
    if (!more_right || (more_left && left.signal() < right.signal())) {
      writer.copy_rest(left);
      more_left = left.next_signal();
    } else if (!more_left || right.signal() < left.signal()) {
      writer.copy_rest(right);
      more_right = right.next_signal();
    } else {
      merge_block(left, right, writer);
      more_left = left.next_signal();
      more_right = right.next_signal();
    }
  }
  return writer.finish();
}

Bytes negate(Bytes tally, std::pmr::memory_resource* memory) {
  TallyReader reader(tally);
  TallyWriter writer(memory, 2 * tally.size());
  while (reader.next_signal()) {
    for (Entry entry; reader.next(entry);) {
      entry.count = opposite(entry.count, entry);
      entry.value = opposite(entry.value, entry);
      writer.add(entry);
    }
  }
  return writer.finish();
}

Bytes only(Bytes tally, std::span<const std::uint32_t> signals, std::pmr::memory_resource* memory) {
  return select(tally, signals, true, memory);
}

Bytes without(Bytes tally, std::span<const std::uint32_t> signals, std::pmr::memory_resource* memory) {
  return select(tally, signals, false, memory);
}

std::size_t entry_count(Bytes tally) {
  TallyReader reader(tally);
  std::size_t count = 0;
  while (reader.next_signal()) {
    for (Entry entry; reader.next(entry);) ++count;
  }
  return count;
}

}  // namespace lead_scoring
