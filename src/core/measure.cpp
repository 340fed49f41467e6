#include "measure.hpp"

#include <algorithm>
#include <optional>

namespace lead_scoring {

namespace {

// The exact result for products within 61 bits, which nearly all are; nothing for others.
std::optional<Points> small_contribution(Points points, Int128 sum, Int128 unit) {
  constexpr std::int64_t most = std::int64_t{1} << 61;
  std::int64_t product = 0;
  if (sum != static_cast<std::int64_t>(sum) || unit > most) return std::nullopt;
  if (__builtin_mul_overflow(points, static_cast<std::int64_t>(sum), &product)) return std::nullopt;
  if (product >= most || product <= -most) return std::nullopt;
  const auto divisor = static_cast<std::int64_t>(unit);
  const std::int64_t size = product < 0 ? -product : product;
  const std::int64_t quotient = (2 * size + divisor) / (2 * divisor);
  return std::clamp(product < 0 ? -quotient : quotient, -most_points, most_points);
}

bool counts_occurrences(const Rule& rule) {
  return rule.signal != no_signal && rule.measure != Measure::inactivity;
}

void measure(const Rule& rule, const Scene& scene, const Past* past, Standing& standing) {
  Occurrences counted;
  if (past != nullptr) {
    counted = counted_occurrences(rule, scene);
    standing.counted = counted.count;
    standing.dropped = past->count - counted.count;
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

Points contribution(Points points, Int128 sum, Int128 unit) {
  if (const auto small = small_contribution(points, sum, unit)) return *small;
  // Points are at most 10^9 thousandths, a unit at most 2^44: below the bound the product has less than 2^115,
  // and above it any points but 0 saturate.
  const Int128 bound = (Int128{most_points} + 1) * unit;
  sum = std::clamp(sum, -bound, bound);
  const Int128 rounded = divide_rounded(points * sum, unit);
  return static_cast<Points>(std::clamp<Int128>(rounded, -most_points, most_points));
}

void stand(const Rule& rule, const Scene& scene, Standing& standing) {
  standing = {};
  const Past* past = counts_occurrences(rule) ? &scene.history.of(rule.signal) : nullptr;
  const bool is_idle = past != nullptr && past->is_empty() && rule.measure != Measure::tiers;
  if (is_idle) {  // most rules of most leads: nothing to count, and no guard can change that
    standing.reason = past->has_future() ? reason::not_yet : reason::no_occurrence;
    if (rule.guard && !is_met(*rule.guard, scene)) standing.reason = reason::guard;
    return;
  }
  measure(rule, scene, past, standing);
  if (scene.looks_ahead && past != nullptr && !past->timeless.empty()) {
    standing.jumps = std::min(standing.jumps, timeless_edge(rule, scene));
  }
  if (!rule.guard) return;
  const Tick flip = scene.looks_ahead ? next_flip(*rule.guard, scene) : never;
  if (is_met(*rule.guard, scene)) {
    standing.jumps = std::min(standing.jumps, flip);
  } else {
    // What was counted is still told; nothing of it moves while the guard is closed.
    standing = {
        .counted = standing.counted, .dropped = standing.dropped, .reason = reason::guard, .jumps = flip};
  }
}

}  // namespace lead_scoring
