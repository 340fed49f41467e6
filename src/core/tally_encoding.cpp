// From entries to canonical bytes, and the proof that bytes are canonical.
#include <algorithm>
#include <string>

#include "error.hpp"
#include "tally.hpp"
#include "tally_entries.hpp"
#include "tally_writer.hpp"

namespace lead_scoring {

namespace {

[[nodiscard]] std::string place_of(const Entry& entry) {
  return "signal " + std::to_string(entry.signal) +
         (entry.tick == timeless ? std::string(", without a time") : ", tick " + std::to_string(entry.tick));
}

[[noreturn]] void reject(const std::string& detail) {
  throw Error(ErrorKind::invalid_binary, "invalid binary representation of a tally", detail);
}

}  // namespace

void check_signal(const Entry& entry) {
  if (entry.signal != 0 && entry.signal <= max_signal) return;
  throw Error(ErrorKind::invalid_parameter,
              "signal number " + std::to_string(entry.signal) + " is out of range",
              "Signals are numbered from 1 to " + std::to_string(max_signal) + ".");
}

void add_to(Entry& sum, const Entry& other) {
  if (__builtin_add_overflow(sum.count, other.count, &sum.count)) {
    throw Error(ErrorKind::out_of_range, "a count of a tally is out of range",
                "The counts of " + place_of(other) + " add up to more than a 64-bit integer holds.");
  }
  if (__builtin_add_overflow(sum.value, other.value, &sum.value)) {
    throw Error(ErrorKind::out_of_range, "a value of a tally is out of range",
                "The values of " + place_of(other) + " add up to more than 922337203685477.5807 either way.");
  }
}

std::size_t sort_and_sum(std::span<Entry> entries) {
  // Not `before` itself: a pointer to a function is not expanded in place.
  const auto in_order = [](const Entry& a, const Entry& b) { return before(a, b); };
  if (!std::is_sorted(entries.begin(), entries.end(), in_order))
    std::sort(entries.begin(), entries.end(), in_order);
  std::size_t used = 0;
  for (std::size_t i = 0; i < entries.size();) {
    Entry sum = entries[i++];
    for (; i < entries.size() && same_place(entries[i], sum); ++i) add_to(sum, entries[i]);
    if (!is_zero(sum)) entries[used++] = sum;
  }
  return used;
}

Bytes encode(std::span<Entry> entries, std::pmr::memory_resource* memory) {
  entries = entries.first(sort_and_sum(entries));
  if (entries.empty()) return {};
  check_signal(entries.front());
  check_signal(entries.back());
  TallyWriter writer(memory, TallyWriter::expected_bytes(entries.size()));
  for (const Entry& entry : entries) writer.add(entry);
  return writer.finish();
}

// Canonical is what the writer writes: so the entries are read, their order is checked, and they are written
// again for comparison. This needs as much memory as the bytes themselves, whatever they claim to hold.
void check_canonical(Bytes bytes) {
  std::pmr::monotonic_buffer_resource scratch;
  TallyWriter writer(&scratch, bytes.size() + 32);
  try {
    TallyReader reader(bytes);
    while (reader.next_signal()) {
      Entry previous;
      for (Entry entry; reader.next(entry); previous = entry) {
        if (is_zero(entry)) reject("There is an entry of count 0 and value 0: " + place_of(entry) + ".");
        if (!before(previous, entry)) reject("Entries are not in ascending order: " + place_of(entry) + ".");
        writer.add(entry);
      }
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt_data) throw;
    reject(error.detail());
  }
  const Bytes canonical = writer.finish();
  const auto difference = std::mismatch(bytes.begin(), bytes.end(), canonical.begin(), canonical.end());
  if (difference.first != bytes.end() || difference.second != canonical.end()) {
    reject("The bytes are not in canonical form at byte " + std::to_string(difference.first - bytes.begin()) +
           ".");
  }
}

}  // namespace lead_scoring
