// Measure `season`: points in a part of the year, given or learned.
#include <algorithm>
#include <array>

#include "measure.hpp"

namespace lead_scoring {
namespace {

constexpr int last_year = 9999;

// Ticks of days beyond the calendar are never.
Tick start_of_month(const Calendar& calendar, int year, int month) {
  return year > last_year ? never : calendar.start_of(day_of(CivilDate{year, month, 1}));
}

// Number of a date in a leap year, 0 … 365, and back; 29 February of other years is 1 March.
constexpr std::array<int, 12> days_before{0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335};
int day_of_season(const CivilDate& date) {
  return days_before[static_cast<std::size_t>(date.month - 1)] + date.day - 1;
}
Tick tick_of_season(const Calendar& calendar, int year, int day) {
  if (year > last_year) return never;
  const auto month = std::upper_bound(days_before.begin(), days_before.end(), day) - days_before.begin();
  const auto day_of_month = day - days_before[static_cast<std::size_t>(month - 1)] + 1;
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const bool is_missing = month == 2 && day_of_month == 29 && !is_leap;
  return calendar.start_of(
      is_missing ? day_of(CivilDate{year, 3, 1})
                 : day_of(CivilDate{year, static_cast<int>(month), static_cast<int>(day_of_month)}));
}

// First tick after today at which the season begins or ends; in a year without 29 February it may be a
// day on which nothing changes.
Tick next_season_edge(const Season& season, const Calendar& calendar, const CivilDate& today) {
  const int first = day_of_season(today);
  const int until = season.until_edge[static_cast<std::size_t>(first)];
  if (until == 0) return never;
  const int day = first + until;
  return tick_of_season(calendar, today.year + day / days_of_season, day % days_of_season);
}

void measure_fixed(const Rule& rule, const Scene& scene, Standing& standing) {
  const CivilDate today = civil(scene.calendar().day_of(scene.now()));
  standing.holds = rule.season->days[static_cast<std::size_t>(day_of_season(today))];
  if (standing.holds) standing.points = standing.rising = rule.points;
  if (!standing.holds) standing.reason = Reason::out_of_season;
  if (scene.looks_ahead) standing.jumps = next_season_edge(*rule.season, scene.calendar(), today);
}

// The distinct years in which a calendar month saw the signal, as far as it matters.
struct MonthYears {
  int first = last_year + 1;
  int second = last_year + 1;
  int latest = 0;
};
using Years = std::array<MonthYears, 12>;

Years years_by_month(const Calendar& calendar, std::span<const Entry> entries) {
  Years years;
  for (const Entry& entry : entries) {  // in ascending order, so years only grow
    if (is_timeless(entry)) continue;   // these are of this year, whichever it is
    const CivilDate date = civil(calendar.day_of(entry.tick));
    MonthYears& month = years[static_cast<std::size_t>(date.month - 1)];
    if (date.year == month.latest) continue;
    if (month.latest == 0)
      month.first = date.year;
    else if (month.second > last_year)
      month.second = date.year;
    month.latest = date.year;
  }
  return years;
}

bool is_learned_season(const Years& years, int year, int month) {
  return years[static_cast<std::size_t>(month - 1)].second < year;
}

// Years before this one in which this calendar month saw the signal.
std::int64_t years_seen(const Calendar& calendar, std::span<const Entry> entries, const CivilDate& today) {
  std::int64_t count = 0;
  int previous = 0;
  for (const Entry& entry : entries) {
    const CivilDate date = civil(calendar.day_of(entry.tick));
    if (date.year >= today.year || date.month != today.month || date.year == previous) continue;
    previous = date.year;
    ++count;
  }
  return count;
}

Tick next_learned_edge(const Years& years, const Calendar& calendar, const CivilDate& today) {
  const bool is_in = is_learned_season(years, today.year, today.month);
  // All entries are of this year or earlier: from the year after next on every year is like the next.
  for (int later = 1; later <= 24; ++later) {
    const int month = (today.month - 1 + later) % 12 + 1;
    const int year = today.year + (today.month - 1 + later) / 12;
    if (is_learned_season(years, year, month) != is_in) return start_of_month(calendar, year, month);
  }
  return never;
}

void measure_learned(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing) {
  const Calendar& calendar = scene.calendar();
  const CivilDate today = civil(calendar.day_of(scene.now()));
  standing.counted = years_seen(calendar, counted.all, today);
  standing.holds = standing.counted >= 2;
  if (standing.holds) {
    standing.points = standing.rising = rule.points;
  } else {
    standing.reason = why_no_occurrence(rule, scene, counted);
    if (standing.reason == Reason::none) standing.reason = Reason::out_of_season;
  }
  if (scene.looks_ahead) {
    standing.jumps = next_learned_edge(years_by_month(calendar, counted.all), calendar, today);
  }
}

}  // namespace

void measure_season(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing) {
  if (rule.season->is_learned) return measure_learned(rule, scene, counted, standing);
  measure_fixed(rule, scene, standing);
}

}  // namespace lead_scoring
