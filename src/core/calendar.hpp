// Ticks and civil dates. A tick is a whole number of resolution units (day or hour) of the audience's
// local wall clock since 2000-01-01 00:00; it knows no zone. Only the years 1400–9999 exist here.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace lead_scoring {

using Tick = std::int32_t;
// Entries without a time (profile signals) stand at the evaluation tick itself, whatever it is.
inline constexpr Tick timeless = std::numeric_limits<Tick>::min();
// Result of arithmetic beyond year 9999: later than every tick.
inline constexpr Tick never = std::numeric_limits<Tick>::max();

enum class Resolution : std::uint8_t { day, hour };

// Days since 2000-01-01.
using Day = std::int32_t;
inline constexpr Day earliest_day = -219145;  // 1400-01-01
inline constexpr Day latest_day = 2921939;    // 9999-12-31

struct Span {  // a calendar interval; applied months first, then days, then hours
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int32_t hours = 0;
  friend bool operator==(const Span&, const Span&) = default;
};
[[nodiscard]] Span operator*(std::int64_t times, const Span& span);  // out_of_range when it does not fit
[[nodiscard]] Span operator+(const Span& a, const Span& b);
[[nodiscard]] bool is_zero(const Span& span);
// Nominal length in hours, a month being 30 days: for ratios and half-lives only.
[[nodiscard]] std::int64_t nominal_hours(const Span& span);

// ISO 8601: P1Y2M3W4DT5H, whole numbers without sign; invalid_text for all else, out_of_range beyond 32 bits.
// Output uses months, days and hours only: "P3M", "P90D", "PT36H", "P1M2DT3H", and "P0D" for zero.
[[nodiscard]] Span parse_span(std::string_view text);
[[nodiscard]] std::string to_text(const Span& span);

struct CivilDate {
  int year;
  int month;  // 1–12
  int day;    // 1–31
  friend bool operator==(const CivilDate&, const CivilDate&) = default;
};
[[nodiscard]] CivilDate civil(Day day);
[[nodiscard]] Day day_of(const CivilDate& date);          // datetime_out_of_range when there is no such date
[[nodiscard]] Day parse_date(std::string_view iso_date);  // YYYY-MM-DD
[[nodiscard]] std::string to_text(const CivilDate& date);

enum class Period : std::uint8_t { ever, day, week, month, quarter, year };
// Number of the period that holds the day; equal numbers, equal periods. Weeks are ISO weeks.
[[nodiscard]] std::int32_t period_number(Day day, Period period);

class Calendar {
 public:
  explicit constexpr Calendar(Resolution resolution) : resolution_(resolution) {}

  [[nodiscard]] Resolution resolution() const { return resolution_; }
  [[nodiscard]] int ticks_per_day() const { return resolution_ == Resolution::day ? 1 : 24; }
  // The tick of a local wall-clock time, given in microseconds since 2000-01-01 00:00 (as PostgreSQL
  // counts); nothing outside the years 1400–9999.
  [[nodiscard]] std::optional<Tick> tick_at(std::int64_t local_microseconds) const {
    constexpr std::int64_t hour = 3'600'000'000;
    // Constant divisors: compilers make a multiplication of them.
    const std::int64_t rounded =
        resolution_ == Resolution::day ? local_microseconds / (24 * hour) : local_microseconds / hour;
    const std::int64_t rest = local_microseconds - rounded * (hour * (24 / ticks_per_day()));
    const std::int64_t tick = rounded - (rest < 0 ? 1 : 0);
    if (tick < first_tick() || tick > last_tick()) return std::nullopt;
    return static_cast<Tick>(tick);
  }
  // The start of a tick in the same count. Like start_of and add: datetime_out_of_range for what does not
  // lie in the years 1400–9999, as a forged tally may have it.
  [[nodiscard]] std::int64_t local_microseconds(Tick tick) const;
  [[nodiscard]] Day day_of(Tick tick) const {  // of any tick
    if (resolution_ == Resolution::day) return tick;
    return tick / 24 - (tick % 24 < 0 ? 1 : 0);
  }
  [[nodiscard]] Tick start_of(Day day) const;
  [[nodiscard]] Tick first_tick() const { return earliest_day * ticks_per_day(); }  // 1400-01-01 00:00
  [[nodiscard]] Tick last_tick() const { return (latest_day + 1) * ticks_per_day() - 1; }
  // t ⊕ span: months first, the day of the month clipped to the month's last day as PostgreSQL clips it
  // (28 Feb + 1 month = 28 Mar), then days, then hours; never when the result (or its month) lies beyond
  // year 9999, and never ⊕ span is never. A timeless tick has no sum: replace it by the evaluation tick first.
  [[nodiscard]] Tick add(Tick tick, const Span& span) const;
  // Spans must be whole ticks: on a day calendar hours come in multiples of 24.
  [[nodiscard]] bool is_whole(const Span& span) const;

 private:
  Resolution resolution_;
};

}  // namespace lead_scoring
