// What explain tells about a rule beyond its points: how much its occurrences weigh, why some do not count, and
// what its text needs. Only explain asks for it; evaluate does not pay for it.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>

#include "measure.hpp"
#include "share.hpp"

namespace lead_scoring {

// Numbers of occurrences. The first three are what `dropped` adds up to.
struct Drops {
  std::int64_t not_valid = 0;  // outside the rule's validity
  std::int64_t since = 0;      // not later than the last occurrence of the rule's `since` signal
  std::int64_t limit = 0;      // beyond the repeat limit
  std::int64_t decayed = 0;    // counted, but of no weight any more
  std::int64_t outside = 0;    // tiers: outside the window of the tier that matched, or of the last one
  std::int64_t not_yet = 0;    // still to come
};

struct Account {
  // occurrences, value: average over the occurrences that count; cycle: the share. In millionths, half up;
  // nothing where there is nothing to weigh.
  std::optional<std::int64_t> weight{};
  Drops drops{};
  const Tier* tier = nullptr;   // that matched
  Tick quiet_since = timeless;  // inactivity: what its intervals are counted from
};

[[nodiscard]] Account account_of(const Rule& rule, const Scene& scene, const Standing& standing);

// "limit: 49, not yet: 1"; empty when nothing was dropped.
[[nodiscard]] std::string_view text_of(const Drops& drops, std::pmr::memory_resource* memory);

// Of the measures, each in its own file.
struct Weighed {
  Int128 sum = 0;  // of count · weight
  std::int64_t weightless = 0;
};
[[nodiscard]] Weighed weigh_counts(const Rule& rule, const Scene& scene, const Occurrences& counted);
struct TierAccount {
  const Tier* tier = nullptr;
  std::int64_t outside = 0;
};
[[nodiscard]] TierAccount look_at_tiers(const Rule& rule, const Scene& scene, const Occurrences& counted);
// The share of the rule's points now; nothing when there is no purchase or no known cycle.
[[nodiscard]] std::optional<Share> share_of_cycle(const Rule& rule, const Scene& scene,
                                                  const Occurrences& counted);
// The tick since which nothing has happened; `timeless` when nothing ever did.
[[nodiscard]] Tick quiet_since(const Rule& rule, const Scene& scene);

}  // namespace lead_scoring
