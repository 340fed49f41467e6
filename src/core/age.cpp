#include "age.hpp"

#include "error.hpp"
#include "lapse.hpp"
#include "weight.hpp"

namespace lead_scoring {
namespace {

constexpr std::int64_t hour = 3'600'000'000;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t month = 30 * day;  // where a length stands for itself
constexpr std::int64_t longest = 1000 * 12 * month;

constexpr Calendar hours{Resolution::hour};

bool is_within_years(Moment moment) { return hours.tick_at(moment).has_value(); }

// Whether the moment counts at all as of then.
bool counts(Moment at, Moment as_of) {
  if (!is_within_years(as_of)) {
    throw Error(ErrorKind::datetime_out_of_range, "as_of lies outside the years 1400 to 9999",
                "Only these years can be reckoned with.");
  }
  return at <= as_of && is_within_years(at);
}

// A moment as a tick and what it is late within that hour. Hours are counted from the moment's own minute on, so
// that another moment, too, becomes the tick in which it lies as seen from here.
struct Start {
  Tick tick;
  std::int64_t late;

  explicit Start(Moment at) : tick(*hours.tick_at(at)), late(at - tick * hour) {}
  [[nodiscard]] Tick tick_of(Moment later) const { return *hours.tick_at(later - late); }
  [[nodiscard]] Moment moment_of(Tick later) const { return later * hour + late; }
};

Span span_of(const Duration& duration) {
  return {duration.months, duration.days, static_cast<std::int32_t>(duration.microseconds / hour)};
}
Lapse lapse_of(const Duration& duration) {
  const Span span = span_of(duration);
  return is_zero(span) ? Lapse{} : make_lapse(hours, span);
}

// `duration` after the start; nothing beyond year 9999.
std::optional<Moment> end_after(const Start& start, const Duration& duration) {
  const Tick end = hours.add(start.tick, span_of(duration));
  if (end == never) return std::nullopt;
  return start.moment_of(end) + duration.microseconds % hour;
}

}  // namespace

Flaw flaw_of(const Duration& duration, Grain grain) {
  const auto& [months, days, microseconds] = duration;
  if (months < 0 || days < 0 || microseconds < 0) return Flaw::not_positive;
  if (months == 0 && days == 0 && microseconds == 0) return Flaw::not_positive;
  if (months > longest / month || days > longest / day || microseconds > longest) return Flaw::too_long;
  if (months * month + days * day + microseconds > longest) return Flaw::too_long;
  if (grain == Grain::hour && microseconds % hour != 0) return Flaw::not_whole_hours;
  return Flaw::none;
}

Share exponential_share(Moment at, Moment as_of, const Duration& half_life) {
  if (!counts(at, as_of)) return no_share;
  const std::int64_t length = half_life.months * month + half_life.days * day + half_life.microseconds;
  return {exponential_weight(as_of - at, length), full_weight};
}

Share linear_share(Moment at, Moment as_of, const Duration& lifespan) {
  if (!counts(at, as_of)) return no_share;
  const std::optional<Moment> end = end_after(Start(at), lifespan);
  if (!end) return full_share;
  return as_of < *end ? Share{*end - as_of, *end - at} : no_share;
}

Share step_share(Moment at, Moment as_of, std::int32_t percent, const Duration& every) {
  if (!counts(at, as_of)) return no_share;
  const Start start(at);
  const std::int64_t losses =
      times_over(hours, start.tick, {}, lapse_of(every), start.tick_of(as_of), losses_of_all(percent));
  return {rest_after(losses, percent), full_percent};
}

Share cycle_share(Moment last, Moment as_of, const BuyingCycle& cycle) {
  if (!counts(last, as_of)) return no_share;
  const Start start(last);
  const Tick now = start.tick_of(as_of);
  const Lapse step = lapse_of(cycle.step);
  const Span length = span_of(cycle.length);
  const Span hold = span_of(cycle.hold);
  if (!is_zero(hold) && now >= hours.add(start.tick, length + hold)) return no_share;
  const Tick due = hours.add(start.tick, length);
  if (now >= due) return full_share;
  if (step.given()) {
    const std::int64_t steps =
        times_over(hours, start.tick, {}, step, now, std::numeric_limits<std::int32_t>::max());
    return stepped_share(steps, step.span, length);
  }
  if (due == never) return no_share;
  return {as_of - last, start.moment_of(due) - last};
}

}  // namespace lead_scoring
