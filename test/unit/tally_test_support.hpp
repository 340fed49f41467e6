// The tally's definition, as plainly as it can be said, and generators of entries that make trouble.
#pragma once

#include <rapidcheck.h>

#include <limits>
#include <map>
#include <memory_resource>
#include <tuple>
#include <vector>

#include "core/tally.hpp"

namespace lead_scoring::testing {

// The functions under test leave it to the memory resource to free.
inline std::pmr::memory_resource* arena() {
  thread_local std::pmr::monotonic_buffer_resource resource;
  return &resource;
}

using Entries = std::vector<Entry>;
using Plain = std::map<std::tuple<std::uint32_t, Tick, std::uint64_t>, std::pair<std::int64_t, std::int64_t>>;

inline Plain plain(const Entries& entries) {
  Plain sums;
  for (const Entry& entry : entries) {
    auto& [count, value] = sums[{entry.signal, entry.tick, entry.item}];
    count += entry.count;
    value += entry.value;
  }
  std::erase_if(sums, [](const auto& sum) {
    return sum.second == std::pair<std::int64_t, std::int64_t>{0, 0};
  });
  return sums;
}

inline Entries entries_of(const Plain& sums) {
  Entries entries;
  for (const auto& [place, sum] : sums) {
    const auto& [signal, tick, item] = place;
    entries.push_back(
        {.signal = signal, .tick = tick, .item = item, .count = sum.first, .value = sum.second});
  }
  return entries;
}

inline Entries decode(Bytes tally) {
  Entries entries;
  TallyReader reader(tally);
  while (reader.next_signal()) {
    for (Entry entry; reader.next(entry);) entries.push_back(entry);
  }
  return entries;
}

inline Bytes encoded(Entries entries) { return encode(entries, arena()); }
inline std::vector<std::uint8_t> owned(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline Bytes sum(Bytes a, Bytes b) { return merge(a, b, arena()); }
inline Bytes opposite(Bytes a) { return negate(a, arena()); }
inline Bytes parsed(std::string_view text) { return parse_tally(text, arena()); }

// Few signals, ticks and items, so that places meet; some of each are extreme. Counts and values leave room
// for sums of a few thousand.
inline rc::Gen<Entry> entry() {
  constexpr std::int64_t large = std::numeric_limits<std::int64_t>::max() / 4096;
  constexpr Tick first_hour = -5259480;
  constexpr Tick last_hour = 70126559;
  using rc::gen::elementOf;
  using rc::gen::inRange;
  using rc::gen::just;
  const auto signal = rc::gen::weightedOneOf<std::uint32_t>(
      {{8, inRange<std::uint32_t>(1, 6)},
       {1, elementOf(std::vector<std::uint32_t>{63, 64, 8191, 8192, max_signal})}});
  const auto tick = rc::gen::weightedOneOf<Tick>(
      {{8, inRange<Tick>(9800, 9830)},
       {2, just(timeless)},
       {2, elementOf(std::vector<Tick>{timeless + 1, first_hour, -1, 0, 1, last_hour, never})},
       {1, inRange<Tick>(timeless, never)}});
  const auto item = rc::gen::weightedOneOf<std::uint64_t>(
      {{6, just<std::uint64_t>(0)},
       {2, inRange<std::uint64_t>(0, 4)},
       {1, elementOf(std::vector<std::uint64_t>{~std::uint64_t{0}, std::uint64_t{1} << 63})}});
  const auto count = rc::gen::weightedOneOf<std::int64_t>(
      {{6, just<std::int64_t>(1)},
       {2, inRange<std::int64_t>(-2, 3)},
       {1, elementOf(std::vector<std::int64_t>{-large, -1, 63, 64, large})}});
  const auto value =
      rc::gen::weightedOneOf<std::int64_t>({{4, just<std::int64_t>(0)},
                                            {2, inRange<std::int64_t>(-20000, 20000)},
                                            {1, elementOf(std::vector<std::int64_t>{-large, 1, large})}});
  return rc::gen::build<Entry>(rc::gen::set(&Entry::signal, signal), rc::gen::set(&Entry::tick, tick),
                               rc::gen::set(&Entry::item, item), rc::gen::set(&Entry::count, count),
                               rc::gen::set(&Entry::value, value));
}

inline rc::Gen<Entries> entries() { return rc::gen::container<Entries>(entry()); }

}  // namespace lead_scoring::testing
