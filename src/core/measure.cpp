#include "measure.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace lead_scoring {

namespace {

constexpr std::array<std::string_view, 13> reasons{
    "",       "guard",        "not valid",     "not yet",          "no occurrence", "decayed",      "no tier",
    "active", "never active", "cycle unknown", "cycle just begun", "hold over",     "out of season"};

void measure(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing) {
  switch (rule.measure) {
    case Measure::occurrences:
    case Measure::value:
      if (is_constant(rule)) return measure_constant(rule, scene, counted, standing);
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

std::string_view text_of(Reason reason) { return reasons[static_cast<std::size_t>(reason)]; }

Points large_contribution(Points points, Int128 sum, Int128 unit) {
  // Points are at most 10^9 thousandths, a unit at most 2^44: below the bound the product has less than 2^115,
  // and above it any points but 0 saturate.
  const Int128 bound = (Int128{most_points} + 1) * unit;
  sum = std::clamp(sum, -bound, bound);
  const Int128 rounded = divide_rounded(points * sum, unit);
  return static_cast<Points>(std::clamp<Int128>(rounded, -most_points, most_points));
}

void stand(const Rule& rule, const Scene& scene, Standing& standing) {
  standing = {};
  if (rule.can_be_idle && scene.history.of(rule.signal).is_empty()) {
    // There is nothing to count, and an open guard does not change that.
    standing.reason = scene.history.of(rule.signal).has_future() ? Reason::not_yet : Reason::no_occurrence;
    if (rule.guard && !is_met(*rule.guard, scene)) standing.reason = Reason::guard;
    return;
  }
  const Past* past = counts_occurrences(rule) ? &scene.history.of(rule.signal) : nullptr;
  Occurrences counted;
  if (past != nullptr) {
    counted = counted_occurrences(rule, scene);
    standing.counted = counted.count;
    standing.dropped = past->count - counted.count;
  }
  measure(rule, scene, counted, standing);
  if (scene.looks_ahead && past != nullptr && past->has_timeless()) {
    standing.jumps = std::min(standing.jumps, timeless_edge(rule, scene));
  }
  if (!rule.guard) return;
  const Tick flip = scene.looks_ahead ? next_flip(*rule.guard, scene) : never;
  if (is_met(*rule.guard, scene)) {
    standing.jumps = std::min(standing.jumps, flip);
  } else {
    // What was counted is still told; nothing of it moves while the guard is closed.
    standing = {
        .counted = standing.counted, .dropped = standing.dropped, .jumps = flip, .reason = Reason::guard};
  }
}

void move_on(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing) {
  standing = {};
  measure(rule, scene, counted, standing);
}

}  // namespace lead_scoring
