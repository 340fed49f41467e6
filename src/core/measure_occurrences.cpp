// Measures `occurrences` and `value`: points times the weighted sum.
#include <algorithm>
#include <cstdlib>

#include "account.hpp"
#include "measure.hpp"

namespace lead_scoring {
namespace {

constexpr std::int64_t value_unit = 10'000;

// Weighted sums of positive and of negative amounts. Weights only fall while no entry arrives, so each part
// only moves towards 0.
struct Sums {
  Int128 positive = 0;
  Int128 negative = 0;
  bool has_weight = false;
};

// The tick from which the age of everything before it runs.
Tick least_start(const Rule& rule, const Scene& scene) {
  return rule.decay.anchor == Anchor::activity ? scene.history.last_activity() : timeless;
}

// The entries that can have weight: those that are too old come first.
std::span<const Entry> alive(const Rule& rule, const Scene& scene, std::span<const Entry> entries) {
  const std::int64_t dead = scene.now() - rule.decay.lifetime;
  if (entries.size() < 8 || entries.front().tick > dead || rule.decay.anchor == Anchor::activity)
    return entries;
  const auto first = std::partition_point(entries.begin(), entries.end(),
                                          [&](const Entry& entry) { return entry.tick <= dead; });
  return {first, entries.end()};
}

// Calls add(entry, weight) for each entry.
template <typename Add>
inline void weigh_each(const Rule& rule, const Scene& scene, std::span<const Entry> entries, Add add) {
  const Tick now = scene.now();
  const Tick least = least_start(rule, scene);
  Tick weighed = timeless;  // entries of one start share one weight; timeless ones, the last, that of now
  Weight weight = 0;
  for (const Entry& entry : entries) {
    const Tick start = std::max(entry.tick, least);
    if (start != weighed) {
      weighed = start;
      weight = weight_at(rule.decay, scene.calendar(), start, now);
    }
    add(entry, weight);
  }
}

Sums weigh_values(const Rule& rule, const Scene& scene, std::span<const Entry> entries) {
  Sums sums;
  weigh_each(rule, scene, entries, [&](const Entry& entry, Weight weight) {
    if (weight == 0) return;
    sums.has_weight = true;
    (entry.value < 0 ? sums.negative : sums.positive) += Int128{entry.value} * weight;
  });
  return sums;
}

// The first tick after now at which a weight may fall, of entries that are alive.
Tick next_loss_of_all(const Rule& rule, const Scene& scene, std::span<const Entry> entries) {
  const Tick now = scene.now();
  const Tick least = least_start(rule, scene);
  const Lapse& lapse = rule.decay.lapse;
  // Where lives end in the order in which they begin, the first that has not ended is the next to end.
  const bool is_first_enough =
      rule.decay.kind == DecayKind::expire &&
      (lapse.least == lapse.most || scene.calendar().resolution() == Resolution::day);
  Tick moves = never;
  Tick looked_at = timeless;
  for (const Entry& entry : entries) {
    if (is_timeless(entry)) break;  // those, the last, stay at age 0
    const Tick start = std::max(entry.tick, least);
    if (start == looked_at) continue;
    looked_at = start;
    moves = std::min(moves, next_loss(rule.decay, scene.calendar(), start, now));
    if (moves == now + 1 || (is_first_enough && moves != never)) break;
  }
  return moves;
}

// A saturated part does not show how it moves, so nothing is known beyond the next tick.
bool is_saturated(const Rule& rule, const Sums& sums, std::int64_t unit) {
  return std::abs(contribution(rule.points, sums.positive, unit)) == most_points ||
         std::abs(contribution(rule.points, sums.negative, unit)) == most_points;
}

void measure_values(const Rule& rule, const Scene& scene, std::span<const Entry> entries,
                    Standing& standing) {
  constexpr std::int64_t unit = value_unit << weight_bits;
  const Sums sums = weigh_values(rule, scene, entries);
  standing.points = contribution(rule.points, sums.positive + sums.negative, unit);
  standing.holds = sums.has_weight;
  standing.is_mixed = sums.positive != 0 && sums.negative != 0;
  standing.rising = sums.negative == 0 ? standing.points : contribution(rule.points, sums.positive, unit);
  if (standing.is_mixed && is_saturated(rule, sums, unit)) standing.jumps = scene.now() + 1;
}

// Counts are positive.
void measure_counts(const Rule& rule, const Scene& scene, std::span<const Entry> entries, std::int64_t count,
                    Standing& standing) {
  constexpr std::int64_t unit = std::int64_t{1} << weight_bits;
  if (count < unit) [[likely]] {  // then the sum has 60 bits
    std::int64_t sum = 0;
    weigh_each(rule, scene, entries, [&](const Entry& entry, Weight weight) { sum += entry.count * weight; });
    standing.points = contribution(rule.points, sum, unit);
    standing.holds = sum > 0;
  } else {
    Int128 sum = 0;
    weigh_each(rule, scene, entries,
               [&](const Entry& entry, Weight weight) { sum += Int128{entry.count} * weight; });
    standing.points = contribution(rule.points, sum, unit);
    standing.holds = sum > 0;
  }
  standing.rising = standing.points;
}

}  // namespace

Weighed weigh_counts(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  Weighed weighed;
  weigh_each(rule, scene, counted.all, [&](const Entry& entry, Weight weight) {
    weighed.sum += Int128{entry.count} * weight;
    if (weight == 0) weighed.weightless = saturating_add(weighed.weightless, entry.count);
  });
  return weighed;
}

void measure_occurrences(const Rule& rule, const Scene& scene, const Occurrences& counted,
                         Standing& standing) {
  if (is_constant(rule)) return measure_constant(rule, scene, counted, standing);
  const std::span<const Entry> entries = alive(rule, scene, counted.all);
  if (rule.measure == Measure::value) {
    measure_values(rule, scene, entries, standing);
  } else {
    measure_counts(rule, scene, entries, counted.count, standing);
  }
  if (scene.looks_ahead) standing.moves = next_loss_of_all(rule, scene, entries);
  if (standing.holds) return;
  standing.reason = why_no_occurrence(rule, scene, counted);
  if (standing.reason == Reason::none) standing.reason = Reason::decayed;
}

}  // namespace lead_scoring
