// A calendar interval of a model together with bounds on its length: most questions about it ("is this
// entry older than a month?") are then answered by one subtraction, and only those near the edge need the
// calendar.
#pragma once

#include <cstdint>

#include "calendar.hpp"

namespace lead_scoring {

struct Lapse {
  Span span{};
  Tick least = 0;  // least ≤ (t ⊕ span) − t ≤ most for every tick t; equal for a span without months
  Tick most = 0;   // 0: no interval was given

  [[nodiscard]] bool given() const { return most > 0; }
  friend bool operator==(const Lapse&, const Lapse&) = default;
};

// `span` is positive, a whole number of ticks and at most 1000 years (check_interval says so to the user).
[[nodiscard]] Lapse make_lapse(const Calendar& calendar, const Span& span);

// t ⊕ span, or `never` beyond year 9999.
[[nodiscard]] Tick end_of(const Calendar& calendar, Tick tick, const Lapse& lapse);

// "At least the interval old": t ⊕ span ≤ at.
[[nodiscard]] inline bool is_over(const Calendar& calendar, Tick tick, const Lapse& lapse, Tick at) {
  const std::int64_t age = std::int64_t{at} - tick;
  if (age >= lapse.most) return true;
  if (age < lapse.least) return false;
  return calendar.add(tick, lapse.span) <= at;
}

// The tick t ⊕ (first + k·every); spans are multiplied and added as spans and meet the calendar once.
[[nodiscard]] Tick nth_end(const Calendar& calendar, Tick tick, const Span& first, std::int64_t k,
                           const Span& every);

// Number of k = 1, 2, … with t ⊕ (first + k·every) ≤ at, but not more than `at_most`.
[[nodiscard]] std::int64_t times_over(const Calendar& calendar, Tick tick, const Span& first,
                                      const Lapse& every, Tick at, std::int64_t at_most);

}  // namespace lead_scoring
