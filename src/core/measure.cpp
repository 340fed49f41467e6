#include "measure.hpp"

#include <algorithm>

namespace lead_scoring {

Points contribution(Points points, Int128 sum, Int128 unit) {
  // Points are at most 10^9 thousandths, a unit at most 2^44: below the bound the product has less than 2^115,
  // and above it any points but 0 saturate.
  const Int128 bound = (Int128{most_points} + 1) * unit;
  sum = std::clamp(sum, -bound, bound);
  const Int128 rounded = divide_rounded(points * sum, unit);
  return static_cast<Points>(std::clamp<Int128>(rounded, -most_points, most_points));
}

namespace {

bool counts_occurrences(const Rule& rule) {
  return rule.signal != no_signal && rule.measure != Measure::inactivity;
}

void measure(const Rule& rule, const Scene& scene, Standing& standing) {
  Occurrences counted;
  if (counts_occurrences(rule)) {
    counted = counted_occurrences(rule, scene);
    standing.counted = counted.count;
    standing.dropped = scene.history.of(rule.signal).count - counted.count;
  }
  switch (rule.measure) {
    case Measure::occurrences:
    case Measure::value:
      return measure_occurrences(rule, scene, counted, standing);
    case Measure::tiers:
      return measure_tiers(rule, scene, counted, standing);
    case Measure::inactivity:
      return measure_inactivity(rule, scene, standing);
    case Measure::cycle:
      return measure_cycle(rule, scene, counted, standing);
    case Measure::season:
      return measure_season(rule, scene, counted, standing);
  }
}

}  // namespace

Standing stand(const Rule& rule, const Scene& scene) {
  Standing standing;
  measure(rule, scene, standing);
  if (scene.looks_ahead && counts_occurrences(rule)) standing.jumps = std::min(standing.jumps, timeless_edge(rule, scene));
  if (!rule.guard) return standing;
  const Tick flip = scene.looks_ahead ? next_flip(*rule.guard, scene) : never;
  if (is_met(*rule.guard, scene)) {
    standing.jumps = std::min(standing.jumps, flip);
    return standing;
  }
  // What was counted is still told; nothing of it moves while the guard is closed.
  return {.counted = standing.counted, .dropped = standing.dropped, .reason = reason::guard, .jumps = flip};
}

}  // namespace lead_scoring
