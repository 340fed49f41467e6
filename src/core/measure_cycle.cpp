// Measure `cycle`: points grow from the last purchase to the day the next one is due.
#include <algorithm>

#include "measure.hpp"
#include "share.hpp"

namespace lead_scoring {
namespace {

// Median gap in days between the distinct dates, half a day up; 0 with fewer than three dates.
std::int32_t median_gap(const Scene& scene, std::span<const Entry> purchases) {
  std::pmr::vector<Day>& gaps = scene.scratch.days;
  gaps.clear();
  Day previous = scene.calendar().day_of(purchases.front().tick);
  for (const Entry& entry : purchases) {
    const Day day = scene.calendar().day_of(entry.tick);
    if (day != previous) gaps.push_back(day - previous);
    previous = day;
  }
  if (gaps.size() < 2) return 0;
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  if (gaps.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(gaps.begin(), middle) + 1) / 2;
}

Lapse cycle_length(const Rule& rule, const Scene& scene, std::span<const Entry> purchases) {
  if (rule.cycle.is_learned) {
    const std::int32_t days = median_gap(scene, purchases);
    if (days > 0) return make_lapse(scene.calendar(), {.days = days});
  }
  return rule.cycle.length;
}

struct GrowingShare {
  Share share{};
  Tick moves = never;
};

// The share of the points between the purchase and the due date.
GrowingShare growing_share(const Cycle& cycle, const Lapse& length, const Scene& scene, Tick last, Tick due) {
  const Tick now = scene.now();
  if (!cycle.step.given()) {
    if (due == never) return {};
    return {{std::int64_t{now} - last, std::int64_t{due} - last}, now + 1};
  }
  const Calendar& calendar = scene.calendar();
  const std::int64_t k = times_over(calendar, last, {}, cycle.step, now, std::numeric_limits<std::int32_t>::max());
  return {stepped_share(k, cycle.step.span, length.span),
          std::min(due, nth_end(calendar, last, {}, k + 1, cycle.step.span))};
}

}  // namespace

void measure_cycle(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing) {
  standing.reason = why_no_occurrence(rule, scene, counted);
  if (!standing.reason.empty()) return;
  const Lapse length = cycle_length(rule, scene, counted.all);
  if (!length.given()) {
    standing.reason = reason::cycle_unknown;
    return;
  }
  const Calendar& calendar = scene.calendar();
  const Tick last = counted.all.back().tick;
  const Tick due = end_of(calendar, last, length);
  const Tick end = rule.cycle.hold.given() ? calendar.add(last, length.span + rule.cycle.hold.span) : never;
  if (scene.now() >= end) {
    standing.reason = reason::hold_over;
    return;
  }
  GrowingShare growing{full_share};
  if (scene.now() < due) growing = growing_share(rule.cycle, length, scene, last, due);
  const Share& share = growing.share;
  standing.holds = share.part > 0;
  if (!standing.holds) standing.reason = reason::cycle_just_begun;
  standing.points = standing.rising = contribution(rule.points, share.part, share.whole);
  if (!scene.looks_ahead || is_timeless(counted.all.back())) return;  // a timeless purchase is always today's
  standing.moves = growing.moves;
  standing.jumps = end;
}

}  // namespace lead_scoring
