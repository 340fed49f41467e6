// Measures `occurrences` and `value`: points times the weighted sum.
#include <algorithm>
#include <cstdlib>

#include "account.hpp"
#include "measure.hpp"

namespace lead_scoring {
namespace {

constexpr Int128 value_unit = 10'000;

// Weighted sums of positive and of negative amounts. Weights only fall while no entry arrives, so each part
// only moves towards 0.
struct Sums {
  Int128 positive = 0;
  Int128 negative = 0;
  bool has_weight = false;
  Tick moves = never;
};

// Calls add(entry, weight) for each entry; returns the first tick at which a weight may fall, when looking ahead.
template <typename Add>
Tick weigh_each(const Rule& rule, const Scene& scene, std::span<const Entry> entries, Add add) {
  Tick moves = never;
  const Tick now = scene.now();
  const Tick last_activity = rule.decay.anchor == Anchor::activity ? scene.history.last_activity() : timeless;
  Tick weighed = timeless;  // entries of one start share one weight; timeless ones, the last, that of now
  Weight weight = 0;
  for (const Entry& entry : entries) {
    const Tick start = std::max(entry.tick, last_activity);
    if (start != weighed) {
      weighed = start;
      weight = weight_at(rule.decay, scene.calendar(), start, now);
      if (scene.looks_ahead && !is_timeless(entry)) {  // those stay at age 0
        moves = std::min(moves, next_loss(rule.decay, scene.calendar(), start, now));
      }
    }
    add(entry, weight);
  }
  return moves;
}

Sums weigh(const Rule& rule, const Scene& scene, std::span<const Entry> entries) {
  Sums sums;
  const bool is_value = rule.measure == Measure::value;
  sums.moves = weigh_each(rule, scene, entries, [&](const Entry& entry, Weight weight) {
    if (weight == 0) return;
    sums.has_weight = true;
    const std::int64_t amount = is_value ? entry.value : entry.count;
    (amount < 0 ? sums.negative : sums.positive) += Int128{amount} * weight;
  });
  return sums;
}

// A saturated part does not show how it moves, so nothing is known beyond the next tick.
bool is_saturated(const Rule& rule, const Sums& sums, Int128 unit) {
  return std::abs(contribution(rule.points, sums.positive, unit)) == most_points ||
         std::abs(contribution(rule.points, sums.negative, unit)) == most_points;
}

}  // namespace

Weighed weigh_counts(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  Weighed weighed;
  (void)weigh_each(rule, scene, counted.all, [&](const Entry& entry, Weight weight) {
    weighed.sum += Int128{entry.count} * weight;
    if (weight == 0) weighed.weightless = saturating_add(weighed.weightless, entry.count);
  });
  return weighed;
}

void measure_occurrences(const Rule& rule, const Scene& scene, const Occurrences& counted,
                         Standing& standing) {
  const bool is_value = rule.measure == Measure::value;
  const Int128 unit = (is_value ? value_unit : Int128{1}) << weight_bits;
  if (rule.decay.kind == DecayKind::none && !is_value) {  // no weight to look up
    standing.points = standing.rising = contribution(rule.points, Int128{counted.count} << weight_bits, unit);
    standing.holds = !counted.all.empty();
  } else {
    const Sums sums = weigh(rule, scene, counted.all);
    standing.points = contribution(rule.points, sums.positive + sums.negative, unit);
    standing.holds = sums.has_weight;
    standing.is_mixed = sums.positive != 0 && sums.negative != 0;
    standing.rising = sums.negative == 0 ? standing.points : contribution(rule.points, sums.positive, unit);
    standing.moves = sums.moves;
    if (standing.is_mixed && is_saturated(rule, sums, unit)) standing.jumps = scene.now() + 1;
  }
  if (standing.holds) return;
  standing.reason = why_no_occurrence(rule, scene, counted);
  if (standing.reason.empty()) standing.reason = reason::decayed;
}

}  // namespace lead_scoring
