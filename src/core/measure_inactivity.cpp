// Measure `inactivity`: points for each interval without activity.
#include <algorithm>

#include "account.hpp"
#include "measure.hpp"

namespace lead_scoring {

Tick quiet_since(const Rule& rule, const Scene& scene) {
  const History& history = scene.history;
  const Tick base = rule.signal == no_signal ? history.last_activity() : history.last_of(rule.signal);
  if (base != timeless || scene.model.created == no_signal) return base;
  return history.last_of(scene.model.created);
}

void measure_inactivity(const Rule& rule, const Scene& scene, Standing& standing) {
  const Inactivity& inactivity = rule.inactivity;
  const Calendar& calendar = scene.calendar();
  const Tick base = quiet_since(rule, scene);
  if (base == timeless) {
    standing.reason = Reason::never_active;
    return;
  }
  std::int64_t most = inactivity.max_times;
  if (most == 0) most = inactivity.every.given() ? std::numeric_limits<std::int32_t>::max() : 1;
  std::int64_t n = is_over(calendar, base, inactivity.after, scene.now()) ? 1 : 0;
  if (n > 0 && most > 1) {
    n += times_over(calendar, base, inactivity.after.span, inactivity.every, scene.now(), most - 1);
  }
  standing.counted = n;
  standing.holds = n > 0;
  standing.points = standing.rising = contribution(rule.points, n, 1);
  if (n == 0) standing.reason = Reason::active;
  if (!scene.looks_ahead || n == most) return;
  standing.moves = n == 0 ? end_of(calendar, base, inactivity.after)
                          : nth_end(calendar, base, inactivity.after.span, n, inactivity.every.span);
}

}  // namespace lead_scoring
