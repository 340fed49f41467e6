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

// Calls add(entry, weight) for the entries that are younger than the lifetime, from the last to the first, and
// returns these.
template <typename Add>
inline std::span<const Entry> weigh_each(const Rule& rule, const Scene& scene, std::span<const Entry> entries,
                                         Add add) {
  const Decay& decay = rule.decay;
  const std::int64_t now = scene.now();
  const std::int64_t least = least_start(rule, scene);
  const Entry* const first = entries.data();
  const Entry* const end = first + entries.size();
  const Entry* entry = end;
  // What starts earlier than another that is in the table is so too.
  std::int64_t tabled = std::ssize(decay.table);
  if (entry == first || std::max<std::int64_t>(end[-1].tick, least) > decay.last_tabled) tabled = 0;
  const std::int64_t lifetime = decay.lifetime;
  std::int64_t computed = timeless;  // entries of one start share one weight
  Weight weight = 0;
  while (entry != first) {
    const std::int64_t start = std::max<std::int64_t>(entry[-1].tick, least);
    const std::int64_t age = now - start;
    if (age >= lifetime) break;  // nor is what came before any younger
    --entry;
    if (age < tabled) [[likely]] {
      weight = decay.table.data()[age];
    } else if (start != computed) {
      computed = start;
      weight = computed_weight(decay, scene.calendar(), static_cast<Tick>(start), static_cast<Tick>(now));
    }
    add(*entry, weight);
  }
  return {entry, end};
}

// The first tick after now at which a weight may fall, of entries that are alive.
[[gnu::noinline]] Tick next_loss_of_all(const Rule& rule, const Scene& scene,
                                        std::span<const Entry> entries) {
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

// What nothing of is left says why.
[[gnu::noinline]] void tell_why(const Rule& rule, const Scene& scene, const Occurrences& counted,
                                Standing& standing) {
  standing.reason = why_no_occurrence(rule, scene, counted);
  if (standing.reason == Reason::none) standing.reason = Reason::decayed;
}

// One function for each way to sum, which is then small.
[[gnu::noinline]] void measure_values(const Rule& rule, const Scene& scene, const Occurrences& counted,
                                      Standing& standing) {
  constexpr std::int64_t unit = value_unit << weight_bits;
  Sums sums;
  const std::span<const Entry> alive =
      weigh_each(rule, scene, counted.all, [&](const Entry& entry, Weight weight) {
        if (weight == 0) return;
        sums.has_weight = true;
        (entry.value < 0 ? sums.negative : sums.positive) += Int128{entry.value} * weight;
      });
  standing.points = contribution(rule.points, sums.positive + sums.negative, unit);
  standing.holds = sums.has_weight;
  standing.is_mixed = sums.positive != 0 && sums.negative != 0;
  standing.rising = sums.negative == 0 ? standing.points : contribution(rule.points, sums.positive, unit);
  if (standing.is_mixed && is_saturated(rule, sums, unit)) standing.jumps = scene.now() + 1;
  if (scene.looks_ahead) standing.moves = next_loss_of_all(rule, scene, alive);
  if (!standing.holds) tell_why(rule, scene, counted, standing);
}

// Counts are positive.
template <typename Sum>
[[gnu::noinline]] void measure_counts(const Rule& rule, const Scene& scene, const Occurrences& counted,
                                      Standing& standing) {
  Sum sum = 0;
  const std::span<const Entry> alive = weigh_each(
      rule, scene, counted.all, [&](const Entry& entry, Weight weight) { sum += Sum{entry.count} * weight; });
  standing.points = standing.rising = contribution(rule.points, sum, full_weight);
  standing.holds = sum > 0;
  if (scene.looks_ahead) standing.moves = next_loss_of_all(rule, scene, alive);
  if (!standing.holds) tell_why(rule, scene, counted, standing);
}

}  // namespace

Weighed weigh_counts(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  Weighed weighed;
  const auto drop = [&](const Entry& entry) {
    weighed.weightless = saturating_add(weighed.weightless, entry.count);
  };
  const std::span<const Entry> alive =
      weigh_each(rule, scene, counted.all, [&](const Entry& entry, Weight weight) {
        weighed.sum += Int128{entry.count} * weight;
        if (weight == 0) drop(entry);
      });
  for (const Entry& entry : counted.all.first(counted.all.size() - alive.size())) drop(entry);
  return weighed;
}

void measure_occurrences(const Rule& rule, const Scene& scene, const Occurrences& counted,
                         Standing& standing) {
  if (rule.measure == Measure::value) return measure_values(rule, scene, counted, standing);
  if (counted.count < full_weight) [[likely]]  // then the sum has 60 bits
    return measure_counts<std::int64_t>(rule, scene, counted, standing);
  measure_counts<Int128>(rule, scene, counted, standing);
}

}  // namespace lead_scoring
