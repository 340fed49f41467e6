#include "core/calendar.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/date_time/gregorian/gregorian.hpp>
#include <functional>
#include <limits>

#include "core/error.hpp"

namespace lead_scoring {
namespace {

namespace greg = boost::gregorian;

constexpr Calendar days(Resolution::day);
constexpr Calendar hours(Resolution::hour);

Tick day_tick(const char* date) { return days.start_of(parse_date(date)); }
Tick hour_tick(const char* date, int hour) { return hours.start_of(parse_date(date)) + hour; }
std::string date_text(Tick day_tick) { return to_text(civil(days.day_of(day_tick))); }
std::string plus(const char* date, const char* span) {
  return date_text(days.add(day_tick(date), parse_span(span)));
}

rc::Gen<Day> any_day() { return rc::gen::inRange<Day>(days.first_tick(), days.last_tick() + 1); }
greg::date boost_date(Day day) { return greg::date(2000, 1, 1) + greg::days(day); }

ErrorKind kind_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::corrupt_data;
}

TEST(Calendar, CountsFromTheYear2000) {
  EXPECT_EQ(parse_date("2000-01-01"), 0);
  EXPECT_EQ(parse_date("1999-12-31"), -1);
  EXPECT_EQ(parse_date("2026-11-21"), 9821);
  EXPECT_EQ(hour_tick("2000-01-02", 5), 29);
  EXPECT_EQ(hours.day_of(-1), -1);
  EXPECT_EQ(hours.day_of(-24), -1);
  EXPECT_EQ(hours.day_of(-25), -2);
}

TEST(Calendar, EndsWithTheYears1400And9999) {
  EXPECT_EQ(parse_date("1400-01-01"), days.first_tick());
  EXPECT_EQ(parse_date("9999-12-31"), days.last_tick());
  EXPECT_EQ(hour_tick("1400-01-01", 0), hours.first_tick());
  EXPECT_EQ(hour_tick("9999-12-31", 23), hours.last_tick());
  for (const Day outside : {days.first_tick() - 1, days.last_tick() + 1, std::numeric_limits<Day>::min(),
                            std::numeric_limits<Day>::max()}) {
    EXPECT_EQ(kind_of([&] { (void)civil(outside); }), ErrorKind::datetime_out_of_range);
    EXPECT_EQ(kind_of([&] { (void)hours.start_of(outside); }), ErrorKind::datetime_out_of_range);
    EXPECT_EQ(kind_of([&] { (void)days.local_microseconds(outside); }), ErrorKind::datetime_out_of_range);
    if (outside != never) {
      EXPECT_EQ(kind_of([&] { (void)days.add(outside, Span{.months = 1}); }),
                ErrorKind::datetime_out_of_range);
      EXPECT_EQ(kind_of([&] { (void)days.add(outside, Span{.days = 1}); }), ErrorKind::datetime_out_of_range);
    }
  }
}

TEST(Calendar, RefusesDatesThatDoNotExist) {
  EXPECT_EQ(parse_date("2024-02-29"), parse_date("2024-03-01") - 1);
  EXPECT_EQ(parse_date("2000-02-29"), parse_date("2000-03-01") - 1);
  for (const char* date : {"2023-02-29", "1900-02-29", "2024-04-31", "2024-13-01", "2024-00-10", "2024-01-00",
                           "2024-01-32", "1399-12-31", "0000-01-01"}) {
    EXPECT_EQ(kind_of([&] { (void)parse_date(date); }), ErrorKind::datetime_out_of_range) << date;
  }
  for (const CivilDate& date : {CivilDate{10000, 1, 1}, CivilDate{-1, 1, 1}, CivilDate{2024, -1, 1},
                                CivilDate{2024, 1, -1}, CivilDate{2024, 65537, 1}}) {
    EXPECT_EQ(kind_of([&] { (void)day_of(date); }), ErrorKind::datetime_out_of_range) << to_text(date);
  }
  for (const char* text : {"", "2024-1-01", "2024-01-1", "2024/01/01", "20240101", "2024-01-01 ",
                           " 2024-01-01", "-024-01-01", "2024--1-01", "2024-01-0x", "+202-01-01", "today"}) {
    EXPECT_EQ(kind_of([&] { (void)parse_date(text); }), ErrorKind::invalid_text) << text;
  }
  try {
    (void)parse_date("2023-02-29");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "there is no date 2023-02-29");
  }
}

TEST(Calendar, FloorsWallClockTimesToTicks) {
  constexpr std::int64_t hour = 3'600'000'000;
  EXPECT_EQ(days.tick_at(0), 0);
  EXPECT_EQ(days.tick_at(-1), -1);
  EXPECT_EQ(days.tick_at(24 * hour - 1), 0);
  EXPECT_EQ(days.tick_at(24 * hour), 1);
  EXPECT_EQ(hours.tick_at(hour - 1), 0);
  EXPECT_EQ(hours.tick_at(hour), 1);
  EXPECT_EQ(hours.tick_at(-hour), -1);
  EXPECT_EQ(hours.tick_at(-hour - 1), -2);
  for (const Calendar& calendar : {days, hours}) {
    const std::int64_t start = calendar.local_microseconds(calendar.first_tick());
    const std::int64_t end = days.local_microseconds(days.last_tick()) + 24 * hour;
    EXPECT_EQ(start, days.local_microseconds(days.first_tick()));
    EXPECT_EQ(calendar.tick_at(start), calendar.first_tick());
    EXPECT_EQ(calendar.tick_at(start - 1), std::nullopt);
    EXPECT_EQ(calendar.tick_at(end - 1), calendar.last_tick());
    EXPECT_EQ(calendar.tick_at(end), std::nullopt);
    EXPECT_EQ(calendar.tick_at(std::numeric_limits<std::int64_t>::min()), std::nullopt);  // -infinity
    EXPECT_EQ(calendar.tick_at(std::numeric_limits<std::int64_t>::max()), std::nullopt);  // infinity
  }
}

RC_GTEST_PROP(CalendarProperty, TickAtIsTheInverseOfItsStart, ()) {
  const Calendar calendar = *rc::gen::element(days, hours);
  const Tick tick = *rc::gen::inRange(calendar.first_tick(), calendar.last_tick() + 1);
  const std::int64_t start = calendar.local_microseconds(tick);
  const std::int64_t length = 86'400'000'000 / calendar.ticks_per_day();
  RC_ASSERT(calendar.tick_at(start) == tick);
  RC_ASSERT(calendar.tick_at(start + *rc::gen::inRange<std::int64_t>(0, length)) == tick);
  RC_ASSERT(calendar.start_of(calendar.day_of(tick)) <= tick);
  RC_ASSERT(tick - calendar.start_of(calendar.day_of(tick)) < calendar.ticks_per_day());
}

RC_GTEST_PROP(CalendarProperty, CivilDatesAreThoseOfBoost, ()) {
  const Day day = *any_day();
  const greg::date expected = boost_date(day);
  const CivilDate date = civil(day);
  RC_ASSERT(date.year == expected.year());
  RC_ASSERT(date.month == expected.month().as_number());
  RC_ASSERT(date.day == expected.day());
  RC_ASSERT(day_of(date) == day);
  RC_ASSERT(to_text(date) == greg::to_iso_extended_string(expected));
  RC_ASSERT(parse_date(to_text(date)) == day);
}

TEST(Calendar, AddsMonthsClippedToTheMonthsLastDay) {
  EXPECT_EQ(plus("2023-02-28", "P1M"), "2023-03-28");  // Boost would say 31 March
  EXPECT_EQ(plus("2023-04-30", "P1M"), "2023-05-30");
  EXPECT_EQ(plus("2023-01-31", "P1M"), "2023-02-28");
  EXPECT_EQ(plus("2024-01-31", "P1M"), "2024-02-29");
  EXPECT_EQ(plus("2024-01-30", "P1M"), "2024-02-29");
  EXPECT_EQ(plus("2024-02-29", "P1Y"), "2025-02-28");
  EXPECT_EQ(plus("2024-02-29", "P4Y"), "2028-02-29");
  EXPECT_EQ(plus("1899-02-28", "P1Y1D"), "1900-03-01");
  EXPECT_EQ(plus("2023-12-31", "P2M"), "2024-02-29");
  EXPECT_EQ(plus("2023-11-30", "P3M"), "2024-02-29");
  EXPECT_EQ(plus("2023-12-15", "P1M"), "2024-01-15");
}

TEST(Calendar, AddsMonthsThenDaysThenHours) {
  EXPECT_EQ(plus("2023-01-31", "P1M1D"),
            "2023-03-01");  // days first would give 1 March as well: 2023-02-01 + P1M
  EXPECT_EQ(plus("2023-01-30", "P1M1D"), "2023-03-01");  // days first: 2023-02-28
  EXPECT_EQ(plus("2023-01-01", "P2W"), "2023-01-15");
  EXPECT_EQ(plus("2023-01-01", "PT48H"), "2023-01-03");
  EXPECT_EQ(hours.add(hour_tick("2023-01-31", 22), parse_span("P1MT3H")), hour_tick("2023-03-01", 1));
  EXPECT_EQ(hours.add(hour_tick("1999-12-31", 23), parse_span("PT1H")), 0);
  EXPECT_EQ(hours.add(hour_tick("1999-12-30", 7), parse_span("P1M")), hour_tick("2000-01-30", 7));
  // With hours ⊕ month is not monotone: near month ends the later one of two can have its sum first.
  EXPECT_GT(hours.add(hour_tick("2023-01-30", 20), parse_span("P1M")),
            hours.add(hour_tick("2023-01-31", 5), parse_span("P1M")));
}

TEST(Calendar, IsNeverBeyondItsEnd) {
  EXPECT_EQ(days.add(days.last_tick(), Span{}), days.last_tick());
  EXPECT_EQ(days.add(days.last_tick(), Span{.days = 1}), never);
  EXPECT_EQ(days.add(days.last_tick(), Span{.months = 1}), never);
  EXPECT_EQ(hours.add(hours.last_tick(), Span{.hours = 1}), never);
  EXPECT_EQ(hours.add(hours.last_tick() - 1, Span{.hours = 1}), hours.last_tick());
  EXPECT_EQ(days.add(never, Span{.days = 1}), never);
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
  for (const Calendar& calendar : {days, hours}) {
    for (const Tick tick : {calendar.first_tick(), 0, calendar.last_tick()}) {
      EXPECT_EQ(calendar.add(tick, Span{.months = most}), never);
      EXPECT_EQ(calendar.add(tick, Span{.days = most}), never);
      EXPECT_EQ(calendar.add(tick, Span{.months = most, .days = most, .hours = most}), never);
    }
  }
  EXPECT_EQ(days.add(days.first_tick(), parse_span("P8599Y11M30D")), days.last_tick());
  EXPECT_EQ(kind_of([] { (void)days.add(timeless, Span{.days = 1}); }), ErrorKind::datetime_out_of_range);
  EXPECT_EQ(kind_of([] { (void)hours.add(timeless, Span{.hours = 1}); }), ErrorKind::datetime_out_of_range);
}

TEST(Calendar, WantsWholeTicks) {
  EXPECT_TRUE(days.is_whole(parse_span("P1M3D")));
  EXPECT_TRUE(days.is_whole(parse_span("PT48H")));
  EXPECT_FALSE(days.is_whole(parse_span("PT36H")));
  EXPECT_TRUE(hours.is_whole(parse_span("PT36H")));
}

RC_GTEST_PROP(CalendarProperty, MonthsAddUpAsInPostgres, ()) {
  // The definition, spelled with Boost's dates but without its month iterator: the same day of the target
  // month, or else the month's last.
  const Day day = *any_day();
  const int months = *rc::gen::inRange(0, 1200);
  const greg::date date = boost_date(day);
  const int month_number = date.year() * 12 + date.month() - 1 + months;
  const int year = month_number / 12;
  const Tick sum = days.add(day, Span{.months = months});
  if (year > 9999) {
    RC_ASSERT(sum == never);
    return;
  }
  const auto target_year = static_cast<unsigned short>(year);
  const auto target_month = static_cast<unsigned short>(month_number % 12 + 1);
  const auto last = greg::gregorian_calendar::end_of_month_day(target_year, target_month);
  const auto target_day = std::min<unsigned short>(date.day(), last);
  RC_ASSERT(boost_date(sum) == greg::date(target_year, target_month, target_day));
  // Boost's own month arithmetic differs exactly at month ends.
  if (date.day() != date.end_of_month().day()) RC_ASSERT(boost_date(sum) == date + greg::months(months));
}

RC_GTEST_PROP(CalendarProperty, HoursOfADayAreKeptByDaysAndMonths, ()) {
  const Day day = *rc::gen::inRange<Day>(-200000, 200000);
  const int hour = *rc::gen::inRange(0, 24);
  const Span span{.months = *rc::gen::inRange(0, 600), .days = *rc::gen::inRange(0, 4000), .hours = 0};
  const int more_hours = *rc::gen::inRange(0, 100000);
  const Tick start = hours.start_of(day) + hour;
  const Tick expected = hours.start_of(days.add(day, span)) + hour;
  RC_ASSERT(hours.add(start, span) == expected);
  RC_ASSERT(hours.add(start, span + Span{.hours = more_hours}) == expected + more_hours);
  RC_ASSERT(days.add(day, span + Span{.hours = 24 * more_hours}) == days.add(day, span) + more_hours);
}

TEST(Calendar, NumbersPeriods) {
  const auto same = [](const char* a, const char* b, Period period) {
    return period_number(parse_date(a), period) == period_number(parse_date(b), period);
  };
  EXPECT_TRUE(same("1400-01-01", "9999-12-31", Period::ever));
  EXPECT_TRUE(
      same("2020-12-28", "2021-01-03", Period::week));  // ISO week 53 of 2020 goes over the year's end
  EXPECT_FALSE(same("2021-01-03", "2021-01-04", Period::week));
  EXPECT_FALSE(same("2020-12-27", "2020-12-28", Period::week));
  EXPECT_TRUE(same("1999-12-27", "2000-01-02", Period::week));
  EXPECT_FALSE(same("2000-01-02", "2000-01-03", Period::week));
  EXPECT_TRUE(same("2024-02-01", "2024-02-29", Period::month));
  EXPECT_FALSE(same("2023-02-01", "2024-02-01", Period::month));
  EXPECT_TRUE(same("2024-01-01", "2024-03-31", Period::quarter));
  EXPECT_FALSE(same("2024-03-31", "2024-04-01", Period::quarter));
  EXPECT_FALSE(same("2024-12-31", "2025-01-01", Period::quarter));
  EXPECT_TRUE(same("2024-01-01", "2024-12-31", Period::year));
  EXPECT_FALSE(same("2024-12-31", "2025-01-01", Period::year));
  EXPECT_FALSE(same("2024-12-31", "2025-01-01", Period::day));
}

RC_GTEST_PROP(CalendarProperty, PeriodsAreThoseOfBoost, ()) {
  const Day day = *any_day();
  const Day next = day + *rc::gen::inRange<Day>(0, std::min(400, days.last_tick() - day) + 1);
  const greg::date a = boost_date(day);
  const greg::date b = boost_date(next);
  const auto same = [&](Period period) { return period_number(day, period) == period_number(next, period); };
  RC_ASSERT(same(Period::day) == (a == b));
  RC_ASSERT(same(Period::week) == (a.week_number() == b.week_number() && (b - a).days() < 7));
  RC_ASSERT(same(Period::month) == (a.year() == b.year() && a.month() == b.month()));
  RC_ASSERT(same(Period::quarter) == (a.year() == b.year() && (a.month() - 1) / 3 == (b.month() - 1) / 3));
  RC_ASSERT(same(Period::year) == (a.year() == b.year()));
  for (const Period period : {Period::week, Period::month, Period::quarter, Period::year}) {
    RC_ASSERT(period_number(day, period) <= period_number(next, period));
  }
}

}  // namespace
}  // namespace lead_scoring
