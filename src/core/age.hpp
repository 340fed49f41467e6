// What is left of points by age, and what a buying cycle gives, for moments outside any audience: the decays and
// the cycle of rules, to the microsecond.
//
// A moment is a wall-clock time; the calendar's steps are those of ticks of an hour that begin at the moment's own
// minute. So t ⊕ span is what it is for a rule on an hourly audience, and nothing is rounded.
//
// Two kinds of moments cannot count, and have share 0: those after `as_of`, and those that are infinite or
// outside the years 1400–9999. `as_of` itself must lie within them: datetime_out_of_range if not.
#pragma once

#include <cstdint>

#include "calendar.hpp"
#include "share.hpp"

namespace lead_scoring {

// Microseconds since 2000-01-01 00:00; the two ends of the type are the infinities, as in PostgreSQL.
using Moment = std::int64_t;

struct Duration {  // as PostgreSQL's interval
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t microseconds = 0;
};
// All functions below want durations without flaw; those of the calendar's steps (every, step, cycle, hold) in
// whole hours.
enum class Grain : std::uint8_t { microsecond, hour };
enum class Flaw : std::uint8_t { none, not_positive, too_long, not_whole_hours };
[[nodiscard]] Flaw flaw_of(const Duration& duration, Grain grain);

// 2^(−elapsed/half_life) as a weight of rules has it, in units of 2^-30; a month of a half-life is 30 days.
[[nodiscard]] Share exponential_share(Moment at, Moment as_of, const Duration& half_life);
// (end − as_of)/(end − at), end = at ⊕ lifespan; 0 from the end on, 1 when the end lies beyond the year 9999.
[[nodiscard]] Share linear_share(Moment at, Moment as_of, const Duration& lifespan);
// max(0, 1 − k·percent/100), the k-th loss at at ⊕ k·every; percent in thousandths of a percent, 1 … 100000.
[[nodiscard]] Share step_share(Moment at, Moment as_of, std::int32_t percent, const Duration& every);

struct BuyingCycle {
  Duration length{};
  Duration step{};  // all 0: the share grows evenly
  Duration hold{};  // all 0: it stays after the due date
};
// 0 at the purchase, 1 from last ⊕ length on, 0 again from last ⊕ (length + hold) on.
[[nodiscard]] Share cycle_share(Moment last, Moment as_of, const BuyingCycle& cycle);

}  // namespace lead_scoring
