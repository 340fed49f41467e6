// Measure `cycle`: points grow from the last purchase to the day the next one is due.
#include <algorithm>

#include "account.hpp"
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
  const std::int64_t k =
      times_over(calendar, last, {}, cycle.step, now, std::numeric_limits<std::int32_t>::max());
  return {stepped_share(k, cycle.step.span, length.span),
          std::min(due, nth_end(calendar, last, {}, k + 1, cycle.step.span))};
}

// Where the lead stands in the cycle; of an unknown one `is_known` is false and the rest means nothing.
struct Phase {
  bool is_known = false;
  bool is_over = false;
  Tick end = never;
  GrowingShare growing{full_share};
};

// There is a purchase.
Phase phase_of(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  Phase phase;
  const Lapse length = cycle_length(rule, scene, counted.all);
  phase.is_known = length.given();
  if (!phase.is_known) return phase;
  const Calendar& calendar = scene.calendar();
  const Tick last = counted.all.back().tick;
  const Tick due = end_of(calendar, last, length);
  if (rule.cycle.hold.given()) phase.end = calendar.add(last, length.span + rule.cycle.hold.span);
  phase.is_over = scene.now() >= phase.end;
  if (phase.is_over)
    phase.growing = {no_share};
  else if (scene.now() < due)
    phase.growing = growing_share(rule.cycle, length, scene, last, due);
  return phase;
}

}  // namespace

std::optional<Share> share_of_cycle(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  if (counted.all.empty()) return std::nullopt;
  const Phase phase = phase_of(rule, scene, counted);
  if (!phase.is_known) return std::nullopt;
  return phase.growing.share;
}

void measure_cycle(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing) {
  standing.reason = why_no_occurrence(rule, scene, counted);
  if (standing.reason != Reason::none) return;
  const Phase phase = phase_of(rule, scene, counted);
  if (!phase.is_known)
    standing.reason = Reason::cycle_unknown;
  else if (phase.is_over)
    standing.reason = Reason::hold_over;
  if (standing.reason != Reason::none) return;
  const Share& share = phase.growing.share;
  standing.holds = share.part > 0;
  if (!standing.holds) standing.reason = Reason::cycle_just_begun;
  standing.points = standing.rising = contribution(rule.points, share.part, share.whole);
  if (!scene.looks_ahead || is_timeless(counted.all.back())) return;  // a timeless purchase is always today's
  standing.moves = phase.growing.moves;
  standing.jumps = phase.end;
}

}  // namespace lead_scoring
