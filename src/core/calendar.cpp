#include "calendar.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "error.hpp"

namespace lead_scoring {

namespace {

constexpr int first_year = 1400;
constexpr int last_year = 9999;

// 2000-01-01 in the count of std::chrono, from 1970 on.
constexpr std::chrono::days epoch{10957};

constexpr std::int64_t microseconds_per_hour = 3'600'000'000;

[[nodiscard]] constexpr std::int64_t floor_divide(std::int64_t number, std::int64_t divisor) {
  return number / divisor - (number % divisor < 0 ? 1 : 0);
}

[[noreturn]] void out_of_range(const std::string& what) {
  throw Error(ErrorKind::datetime_out_of_range, what + " is out of range",
              "Only the years 1400 to 9999 exist here.");
}

void check_day(std::int64_t day) {
  if (day < earliest_day || day > latest_day)
    out_of_range("day " + std::to_string(day) + " since 2000-01-01");
}

[[nodiscard]] int days_in_month(int year, int month) {
  const std::chrono::year_month_day_last last{
      std::chrono::year(year), std::chrono::month_day_last(std::chrono::month(static_cast<unsigned>(month)))};
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

// The date must exist.
[[nodiscard]] Day day_number(int year, int month, int day) {
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  return static_cast<Day>((std::chrono::sys_days(date).time_since_epoch() - epoch).count());
}

}  // namespace

CivilDate civil(Day day) {
  check_day(day);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day) + epoch)};
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<int>(static_cast<unsigned>(date.month())),
          .day = static_cast<int>(static_cast<unsigned>(date.day()))};
}

Day day_of(const CivilDate& date) {
  if (date.year < first_year || date.year > last_year) out_of_range("year " + std::to_string(date.year));
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > days_in_month(date.year, date.month)) {
    throw Error(ErrorKind::datetime_out_of_range, "there is no date " + to_text(date));
  }
  return day_number(date.year, date.month, date.day);
}

Day parse_date(std::string_view iso_date) {
  CivilDate date{};
  const auto number = [&](std::size_t from, std::size_t size, int& result) {
    const char* end = iso_date.data() + from + size;
    const auto [rest, error] = std::from_chars(iso_date.data() + from, end, result);
    return error == std::errc() && rest == end && result >= 0;
  };
  if (iso_date.size() != 10 || iso_date[4] != '-' || iso_date[7] != '-' || !number(0, 4, date.year) ||
      !number(5, 2, date.month) || !number(8, 2, date.day)) {
    throw Error(ErrorKind::invalid_text, "invalid date: \"" + excerpt(iso_date) + "\"", {},
                "Write a date as YYYY-MM-DD, such as 2024-02-29.");
  }
  return day_of(date);
}

std::string to_text(const CivilDate& date) {
  std::string text = std::to_string(date.year);
  const auto append = [&text](int number) {
    text += number >= 0 && number < 10 ? "-0" : "-";
    text += std::to_string(number);
  };
  append(date.month);
  append(date.day);
  return text;
}

std::int32_t period_number(Day day, Period period) {
  switch (period) {
    case Period::ever:
      return 0;
    case Period::day:
      return day;
    case Period::week:  // of 2000-01-03, a Monday
      return static_cast<std::int32_t>(floor_divide(std::int64_t{day} - 2, 7));
    case Period::month:
    case Period::quarter:
    case Period::year:
      break;
  }
  const CivilDate date = civil(day);
  if (period == Period::year) return date.year;
  if (period == Period::quarter) return date.year * 4 + (date.month - 1) / 3;
  return date.year * 12 + date.month - 1;
}

std::int64_t Calendar::local_microseconds(Tick tick) const {
  check_day(day_of(tick));
  return tick * (microseconds_per_hour * (24 / ticks_per_day()));
}

Tick Calendar::start_of(Day day) const {
  check_day(day);
  return day * ticks_per_day();
}

Tick Calendar::add(Tick tick, const Span& span) const {
  if (tick == never) return never;
  std::int64_t day = day_of(tick);
  check_day(day);
  const std::int64_t hour = tick - day * ticks_per_day();
  if (span.months != 0) {
    const CivilDate date = civil(static_cast<Day>(day));
    const std::int64_t months = std::int64_t{date.year} * 12 + date.month - 1 + span.months;
    const std::int64_t year = floor_divide(months, 12);
    if (year > last_year) return never;
    if (year < first_year) out_of_range("year " + std::to_string(year));
    const int month = static_cast<int>(months - year * 12) + 1;
    day = day_number(static_cast<int>(year), month,
                     std::min(date.day, days_in_month(static_cast<int>(year), month)));
  }
  const std::int64_t hours = resolution_ == Resolution::hour ? span.hours : span.hours / 24;
  const std::int64_t result = (day + span.days) * ticks_per_day() + hour + hours;
  if (result > last_tick()) return never;
  if (result < first_tick()) out_of_range("a time before the year 1400");
  return static_cast<Tick>(result);
}

bool Calendar::is_whole(const Span& span) const {
  return resolution_ == Resolution::hour || span.hours % 24 == 0;
}

}  // namespace lead_scoring
