#include "lapse.hpp"

#include <algorithm>

namespace lead_scoring {
namespace {

// Mean length in 1/4800 ticks: 4800 months of the Gregorian calendar have exactly 146097 days.
std::int64_t mean_length(const Calendar& calendar, const Span& span) {
  return calendar.ticks_per_day() * (std::int64_t{146097} * span.months + std::int64_t{4800} * span.days +
                                     std::int64_t{200} * span.hours);
}

}  // namespace

Lapse make_lapse(const Calendar& calendar, const Span& span) {
  const std::int64_t per_day = calendar.ticks_per_day();
  const std::int64_t fixed = span.days * per_day + span.hours * per_day / 24;
  Lapse lapse{span, static_cast<Tick>(fixed), static_cast<Tick>(fixed)};
  if (span.months == 0) return lapse;
  // Any run of months differs from its mean length by less than three days (where leap days and the 31-day
  // months fall), and clipping to a month's end takes up to three more; the second clip shows within hours.
  constexpr std::int64_t spread = 6;
  const std::int64_t mean_days = std::int64_t{146097} * span.months / 4800;
  lapse.least = static_cast<Tick>(fixed + std::max<std::int64_t>(mean_days - spread, 1) * per_day);
  lapse.most = static_cast<Tick>(fixed + (mean_days + 1 + spread) * per_day);
  return lapse;
}

Tick end_of(const Calendar& calendar, Tick tick, const Lapse& lapse) {
  if (lapse.least != lapse.most) return calendar.add(tick, lapse.span);
  const std::int64_t end = std::int64_t{tick} + lapse.least;
  return end <= calendar.last_tick() ? static_cast<Tick>(end) : never;
}

Tick nth_end(const Calendar& calendar, Tick tick, const Span& first, std::int64_t k, const Span& every) {
  // 'first' and 'every' have at most 1000 years each, so a large k cannot stay within the calendar; stop
  // before k·every outgrows its type.
  if (k * mean_length(calendar, every) > std::int64_t{4800} * 10000 * 366 * calendar.ticks_per_day())
    return never;
  return calendar.add(tick, first + k * every);
}

std::int64_t times_over(const Calendar& calendar, Tick tick, const Span& first, const Lapse& every, Tick at,
                        std::int64_t at_most) {
  const std::int64_t elapsed = (std::int64_t{at} - tick) * 4800 - mean_length(calendar, first);
  const std::int64_t mean = mean_length(calendar, every.span);
  // Without months the mean length is the length.
  if (first.months == 0 && every.span.months == 0)
    return std::clamp<std::int64_t>(elapsed / mean, 0, at_most);
  // The calendar is asked only near the edges; see make_lapse.
  const std::int64_t spread = 7 * 4800 * std::int64_t{calendar.ticks_per_day()};
  const auto is_reached = [&](std::int64_t k) {
    const std::int64_t beyond = elapsed - k * mean;
    if (beyond >= spread || beyond <= -spread) return beyond > 0;
    return nth_end(calendar, tick, first, k, every.span) <= at;
  };
  // t ⊕ (first + k·every) grows with k, and its mean length gives k to within a step or two.
  std::int64_t k = std::clamp<std::int64_t>(elapsed / mean, 0, at_most);
  while (k > 0 && !is_reached(k)) --k;
  while (k < at_most && is_reached(k + 1)) ++k;
  return k;
}

}  // namespace lead_scoring
