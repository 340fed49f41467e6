#include "business_time.hpp"

#include <algorithm>
#include <boost/date_time/gregorian/gregorian_types.hpp>
#include <iterator>
#include <numeric>
#include <string>

#include "error.hpp"

namespace lead_scoring {

namespace {

constexpr std::int64_t day_length = 86'400'000'000;
constexpr int most_years = 100;

// Splits a local time into its day and the time of day.
struct LocalTime {
  Day day;
  std::int64_t time;
};

LocalTime split(std::int64_t local) {
  const std::optional<Tick> day = Calendar(Resolution::day).tick_at(local);
  if (!day)
    throw Error(ErrorKind::datetime_out_of_range, "business time is out of range",
                "Only the years 1400 to 9999 exist here.");
  return {*day, local - *day * day_length};
}

std::int64_t joined(Day day, std::int64_t time) { return day * day_length + time; }

std::string clock_text(std::int64_t time) {
  const auto two_digits = [](std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  const std::int64_t minutes = time / 60'000'000;
  return two_digits(minutes / 60) + ":" + two_digits(minutes % 60);
}

void check(const OpeningHours& hours) {
  if (hours.weekday < 1 || hours.weekday > 7)
    throw Error(ErrorKind::invalid_parameter, "there is no weekday " + std::to_string(hours.weekday), {},
                "Weekdays are 1 (Monday) to 7 (Sunday).");
  if (hours.opens < 0 || hours.closes > day_length || hours.opens >= hours.closes)
    throw Error(ErrorKind::invalid_parameter,
                "opening hours from " + clock_text(hours.opens) + " to " + clock_text(hours.closes) +
                    " do not lie within one day",
                {}, "A night shift is two rows: until 24:00, and from 00:00 on the next weekday.");
}

[[noreturn]] void too_far() {
  throw Error(ErrorKind::datetime_out_of_range,
              "there is not that much business time within " + std::to_string(most_years) + " years", {},
              "Look at the length of the time, at the opening hours and at the holidays.");
}

}  // namespace

int iso_weekday(Day day) {
  const CivilDate date = civil(day);
  const boost::gregorian::gregorian_calendar::ymd_type boost_date(static_cast<unsigned short>(date.year),
                                                                  static_cast<unsigned short>(date.month),
                                                                  static_cast<unsigned short>(date.day));
  const unsigned short sunday_first = boost::gregorian::gregorian_calendar::day_of_week(boost_date);
  return sunday_first == 0 ? 7 : sunday_first;
}

BusinessCalendar::BusinessCalendar(std::span<const OpeningHours> hours, std::span<const Day> holidays) {
  std::vector<OpeningHours> sorted(hours.begin(), hours.end());
  if (sorted.empty())
    throw Error(ErrorKind::invalid_parameter, "there are no opening hours", {},
                "Insert rows into lead_scoring.calendar_hours: weekday 1 is Monday.");
  for (const OpeningHours& one : sorted) check(one);
  std::sort(sorted.begin(), sorted.end(),
            [](const OpeningHours& a, const OpeningHours& b) { return a.opens < b.opens; });
  for (const OpeningHours& one : sorted) {
    std::vector<Interval>& day = week_[static_cast<std::size_t>(one.weekday - 1)];
    if (!day.empty() && one.opens <= day.back().closes)
      day.back().closes = std::max(day.back().closes, one.closes);
    else
      day.push_back({one.opens, one.closes});
  }
  for (std::size_t i = 0; i < week_.size(); i++)
    for (const Interval& open : week_[i]) day_length_[i] += open.closes - open.opens;
  // A day that cannot come takes nothing away.
  const Calendar days(Resolution::day);
  std::copy_if(holidays.begin(), holidays.end(), std::back_inserter(holidays_),
               [&](Day day) { return day >= days.first_tick() && day <= days.last_tick(); });
  std::sort(holidays_.begin(), holidays_.end());
  holidays_.erase(std::unique(holidays_.begin(), holidays_.end()), holidays_.end());
}

std::span<const BusinessCalendar::Interval> BusinessCalendar::intervals(Day day) const {
  if (std::binary_search(holidays_.begin(), holidays_.end(), day)) return {};
  return week_[static_cast<std::size_t>(iso_weekday(day) - 1)];
}

Day BusinessCalendar::working_day_from(Day day, Day limit) const {
  while (day <= limit && !is_working(day)) day++;
  if (day > limit) too_far();
  return day;
}

std::int64_t BusinessCalendar::add_days(std::int64_t local, std::int32_t days, Day limit) const {
  auto [day, time] = split(local);
  // To an open time.
  std::span<const Interval> open = intervals(day);
  if (open.empty() || time >= open.back().closes) {
    day = working_day_from(day + 1, limit);
    time = intervals(day).front().opens;
  } else {
    time = std::max(time, std::find_if(open.begin(), open.end(), [time = time](const Interval& interval) {
                            return time < interval.closes;
                          })->opens);
  }
  for (; days > 0; days--) day = working_day_from(day + 1, limit);
  for (const Interval& interval : intervals(day))
    if (time < interval.closes) return joined(day, std::max(time, interval.opens));
  return joined(day, intervals(day).back().closes);
}

std::int64_t BusinessCalendar::add_open_time(std::int64_t local, std::int64_t length, Day limit) const {
  auto [day, time] = split(local);
  for (;; day++, time = 0) {
    const Day working = working_day_from(day, limit);
    if (working != day) time = 0;
    day = working;
    for (const Interval& interval : intervals(day)) {
      const std::int64_t from = std::max(time, interval.opens);
      if (from >= interval.closes) continue;
      if (length <= interval.closes - from) return joined(day, from + length);
      length -= interval.closes - from;
    }
  }
}

std::int64_t BusinessCalendar::add(std::int64_t local, const BusinessSpan& span) const {
  if (span.days < 0 || span.microseconds < 0)
    throw Error(ErrorKind::invalid_parameter, "a business time to add cannot be negative");
  const Calendar days(Resolution::day);
  const Day limit = std::min(days.last_tick(), days.add(split(local).day, Span{.months = 12 * most_years}));
  if (span.days > 0) local = add_days(local, span.days, limit);
  if (span.microseconds > 0) local = add_open_time(local, span.microseconds, limit);
  return local;
}

std::int64_t BusinessCalendar::open_time_before(std::int64_t local) const {
  const auto [day, time] = split(local);
  const int weekday = iso_weekday(day);
  const std::int64_t week_length = std::accumulate(day_length_.begin(), day_length_.end(), std::int64_t{0});
  std::int64_t total =
      period_number(day, Period::week) * week_length +
      std::accumulate(day_length_.begin(), day_length_.begin() + (weekday - 1), std::int64_t{0});
  // The weeks above know no holidays. Those before the fixed Monday count the other way.
  const Day monday = 2;  // 2000-01-03
  for (const Day holiday : holidays_) {
    const std::int64_t lost = day_length_[static_cast<std::size_t>(iso_weekday(holiday) - 1)];
    if (holiday >= monday && holiday < day) total -= lost;
    if (holiday < monday && holiday >= day) total += lost;
  }
  for (const Interval& interval : intervals(day))
    total += std::clamp(time, interval.opens, interval.closes) - interval.opens;
  return total;
}

std::int64_t BusinessCalendar::between(std::int64_t from, std::int64_t to) const {
  return open_time_before(to) - open_time_before(from);
}

}  // namespace lead_scoring
