#include "core/business_time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/date_time/gregorian/gregorian.hpp>
#include <functional>
#include <limits>
#include <set>

#include "core/error.hpp"

namespace lead_scoring {
namespace {

constexpr std::int64_t hour = 3'600'000'000;
constexpr std::int64_t minute = hour / 60;
constexpr std::int64_t day = 24 * hour;

ErrorKind kind_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::corrupt_data;
}

// at("2026-11-20", "16:30")
std::int64_t at(const char* date, const char* time) {
  return parse_date(date) * day + std::stoi(time) * hour + std::stoi(std::string(time).substr(3)) * minute;
}

std::string text(std::int64_t local) {
  const std::int64_t days = (local - (local % day + day) % day) / day;
  const std::int64_t minutes = (local - days * day) / minute;
  char clock[16];
  std::snprintf(clock, sizeof clock, " %02d:%02d", static_cast<int>(minutes / 60),
                static_cast<int>(minutes % 60));
  return to_text(civil(static_cast<Day>(days))) + clock;
}

// Monday to Thursday 9–12 and 13–17, Friday 9–15; 26 November 2026, a Thursday, is a holiday.
BusinessCalendar office() {
  std::vector<OpeningHours> hours;
  for (int weekday = 1; weekday <= 4; weekday++) {
    hours.push_back({weekday, 13 * hour, 17 * hour});
    hours.push_back({weekday, 9 * hour, 12 * hour});
  }
  hours.push_back({5, 9 * hour, 15 * hour});
  const Day holidays[] = {parse_date("2026-11-26"), parse_date("2026-11-26")};
  return {hours, holidays};
}

std::string add(const char* date, const char* time, BusinessSpan span) {
  return text(office().add(at(date, time), span));
}

TEST(BusinessTime, NumbersWeekdaysAsIsoDoes) {
  EXPECT_EQ(iso_weekday(parse_date("2000-01-03")), 1);
  EXPECT_EQ(iso_weekday(parse_date("2026-11-20")), 5);
  EXPECT_EQ(iso_weekday(parse_date("2026-11-22")), 7);
  EXPECT_EQ(iso_weekday(parse_date("1400-01-01")), 3);
  EXPECT_EQ(iso_weekday(parse_date("9999-12-31")), 5);
}

TEST(BusinessTime, AddsOpenTimeOnly) {
  EXPECT_EQ(add("2026-11-17", "09:00", {.microseconds = 2 * hour}), "2026-11-17 11:00");
  // Over the lunch break, the night, and the weekend.
  EXPECT_EQ(add("2026-11-17", "11:30", {.microseconds = hour}), "2026-11-17 13:30");
  EXPECT_EQ(add("2026-11-17", "16:30", {.microseconds = hour}), "2026-11-18 09:30");
  EXPECT_EQ(add("2026-11-20", "14:00", {.microseconds = 2 * hour}), "2026-11-23 10:00");
  // Over the holiday.
  EXPECT_EQ(add("2026-11-25", "16:00", {.microseconds = 2 * hour}), "2026-11-27 10:00");
  // Outside the hours nothing passes: the break, the evening, Saturday, the holiday itself.
  EXPECT_EQ(add("2026-11-17", "12:30", {.microseconds = hour}), "2026-11-17 14:00");
  EXPECT_EQ(add("2026-11-17", "22:00", {.microseconds = hour}), "2026-11-18 10:00");
  EXPECT_EQ(add("2026-11-17", "03:00", {.microseconds = hour}), "2026-11-17 10:00");
  EXPECT_EQ(add("2026-11-21", "12:00", {.microseconds = hour}), "2026-11-23 10:00");
  EXPECT_EQ(add("2026-11-26", "12:00", {.microseconds = hour}), "2026-11-27 10:00");
  // What is used up at closing time ends there, not at the next opening.
  EXPECT_EQ(add("2026-11-20", "14:00", {.microseconds = hour}), "2026-11-20 15:00");
  EXPECT_EQ(add("2026-11-17", "09:00", {.microseconds = 3 * hour}), "2026-11-17 12:00");
  // A whole week has 34 hours.
  EXPECT_EQ(add("2026-11-16", "09:00", {.microseconds = 34 * hour}), "2026-11-20 15:00");
}

TEST(BusinessTime, AddsWorkingDays) {
  EXPECT_EQ(add("2026-11-17", "10:00", {.days = 1}), "2026-11-18 10:00");
  EXPECT_EQ(add("2026-11-20", "10:00", {.days = 1}), "2026-11-23 10:00");
  EXPECT_EQ(add("2026-11-25", "10:00", {.days = 1}), "2026-11-27 10:00");
  EXPECT_EQ(add("2026-11-16", "10:00", {.days = 5}), "2026-11-23 10:00");
  // From the next opening: Saturday's lead is due on Tuesday morning, that of an evening a day later.
  EXPECT_EQ(add("2026-11-21", "18:00", {.days = 1}), "2026-11-24 09:00");
  EXPECT_EQ(add("2026-11-17", "20:00", {.days = 1}), "2026-11-19 09:00");
  EXPECT_EQ(add("2026-11-17", "05:00", {.days = 1}), "2026-11-18 09:00");
  EXPECT_EQ(add("2026-11-17", "12:00", {.days = 1}), "2026-11-18 13:00");
  // Where that time of day is not open: the next opening of the day, or its closing.
  EXPECT_EQ(add("2026-11-20", "12:30", {.days = 1}), "2026-11-23 13:00");
  EXPECT_EQ(add("2026-11-19", "16:00", {.days = 1}), "2026-11-20 15:00");
  // Days first, then hours.
  EXPECT_EQ(add("2026-11-19", "16:00", {.days = 1, .microseconds = hour}), "2026-11-23 10:00");
}

TEST(BusinessTime, LeavesATimeAloneForNothing) {
  EXPECT_EQ(add("2026-11-17", "10:15", {}), "2026-11-17 10:15");
  EXPECT_EQ(add("2026-11-21", "10:15", {}), "2026-11-21 10:15");
}

TEST(BusinessTime, CountsOpenTime) {
  const BusinessCalendar calendar = office();
  const auto hours = [&](const char* from, const char* from_time, const char* to, const char* to_time) {
    return static_cast<double>(calendar.between(at(from, from_time), at(to, to_time))) / hour;
  };
  EXPECT_EQ(hours("2026-11-17", "09:00", "2026-11-17", "17:00"), 7);
  EXPECT_EQ(hours("2026-11-17", "11:30", "2026-11-17", "13:15"), 0.75);
  EXPECT_EQ(hours("2026-11-17", "17:00", "2026-11-18", "09:00"), 0);
  EXPECT_EQ(hours("2026-11-20", "14:00", "2026-11-23", "10:00"), 2);
  EXPECT_EQ(hours("2026-11-21", "00:00", "2026-11-22", "23:00"), 0);
  EXPECT_EQ(hours("2026-11-16", "00:00", "2026-11-23", "00:00"), 34);
  EXPECT_EQ(hours("2026-11-23", "00:00", "2026-11-30", "00:00"), 27);  // without the holiday's 7
  EXPECT_EQ(hours("2026-11-18", "10:00", "2026-11-17", "16:00"), -2);
  EXPECT_EQ(hours("2026-11-18", "10:00", "2026-11-18", "10:00"), 0);
  EXPECT_EQ(hours("1999-12-31", "09:00", "2000-01-03", "09:00"), 6);  // around the start of the count
}

TEST(BusinessTime, TakesHoursThatTouchOrOverlapAsOne) {
  const OpeningHours hours[] = {{1, 9 * hour, 12 * hour},
                                {1, 12 * hour, 15 * hour},
                                {1, 10 * hour, 14 * hour},
                                {2, 0, 24 * hour},
                                {3, 0, 2 * hour}};
  const BusinessCalendar calendar(hours, {});
  EXPECT_EQ(calendar.between(at("2026-11-16", "00:00"), at("2026-11-17", "00:00")), 6 * hour);
  // A night shift in two rows, over midnight.
  EXPECT_EQ(text(calendar.add(at("2026-11-17", "23:00"), {.microseconds = 2 * hour})), "2026-11-18 01:00");
  EXPECT_EQ(calendar.between(at("2026-11-17", "23:00"), at("2026-11-18", "01:00")), 2 * hour);
}

TEST(BusinessTime, RefusesWhatIsNoCalendar) {
  const auto kind_with = [](const OpeningHours& hours) {
    return kind_of([&] { (void)BusinessCalendar({&hours, 1}, {}); });
  };
  EXPECT_EQ(kind_of([] { (void)BusinessCalendar({}, {}); }), ErrorKind::invalid_parameter);
  EXPECT_EQ(kind_with({1, 22 * hour, 6 * hour}), ErrorKind::invalid_parameter);  // across midnight
  EXPECT_EQ(kind_with({1, 9 * hour, 9 * hour}), ErrorKind::invalid_parameter);
  EXPECT_EQ(kind_with({1, 9 * hour, 25 * hour}), ErrorKind::invalid_parameter);
  EXPECT_EQ(kind_with({1, -hour, 9 * hour}), ErrorKind::invalid_parameter);
  EXPECT_EQ(kind_with({0, 9 * hour, 17 * hour}), ErrorKind::invalid_parameter);
  EXPECT_EQ(kind_with({8, 9 * hour, 17 * hour}), ErrorKind::invalid_parameter);
}

TEST(BusinessTime, EndsSomewhere) {
  const BusinessCalendar calendar = office();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::int64_t now = at("2026-11-17", "10:00");
  EXPECT_EQ(kind_of([&] { (void)calendar.add(now, {.microseconds = most}); }),
            ErrorKind::datetime_out_of_range);
  EXPECT_EQ(kind_of([&] { (void)calendar.add(now, {.days = std::numeric_limits<std::int32_t>::max()}); }),
            ErrorKind::datetime_out_of_range);
  EXPECT_EQ(kind_of([&] { (void)calendar.add(at("9999-12-31", "10:00"), {.days = 1}); }),
            ErrorKind::datetime_out_of_range);
  EXPECT_EQ(kind_of([&] { (void)calendar.add(most, {.days = 1}); }), ErrorKind::datetime_out_of_range);
  EXPECT_EQ(kind_of([&] { (void)calendar.between(now, most); }), ErrorKind::datetime_out_of_range);
  EXPECT_EQ(kind_of([&] { (void)calendar.add(now, {.days = -1}); }), ErrorKind::invalid_parameter);
  EXPECT_EQ(kind_of([&] { (void)calendar.add(now, {.microseconds = -1}); }), ErrorKind::invalid_parameter);
  // Up to 100 years are fine: 5000 weeks, and the 7 hours of the holiday. Every Monday of them a holiday, in a calendar of Mondays, are not.
  EXPECT_EQ(text(calendar.add(now, {.microseconds = 34 * hour * 5000})), "2122-09-16 10:00");
  const OpeningHours monday = {1, 9 * hour, 17 * hour};
  std::vector<Day> mondays;
  for (Day one = parse_date("2026-11-16"); one <= parse_date("2126-12-31"); one += 7) mondays.push_back(one);
  const BusinessCalendar never_open({&monday, 1}, mondays);
  EXPECT_EQ(kind_of([&] { (void)never_open.add(now, {.microseconds = 1}); }),
            ErrorKind::datetime_out_of_range);
  EXPECT_EQ(kind_of([&] { (void)never_open.add(now, {.days = 1}); }), ErrorKind::datetime_out_of_range);
  EXPECT_EQ(never_open.between(now, at("2126-01-01", "00:00")), 0);
  // Holidays that PostgreSQL can store and nobody will see.
  const Day beyond[] = {std::numeric_limits<Day>::min(), std::numeric_limits<Day>::max()};
  EXPECT_EQ(BusinessCalendar({&monday, 1}, beyond).between(now, now + 7 * day), 8 * hour);
}

// Random calendars of whole hours, and the same told hour by hour with Boost's dates.
struct RandomCalendar {
  std::vector<OpeningHours> hours;
  std::vector<Day> holidays;
  std::set<std::pair<int, int>> open;  // weekday, hour

  [[nodiscard]] bool is_open(std::int64_t local_hour) const {
    const auto day_number = static_cast<Day>((local_hour - (local_hour % 24 + 24) % 24) / 24);
    if (std::find(holidays.begin(), holidays.end(), day_number) != holidays.end()) return false;
    const auto date = boost::gregorian::date(2000, 1, 1) + boost::gregorian::days(day_number);
    const int weekday = date.day_of_week() == 0 ? 7 : date.day_of_week().as_number();
    return open.contains({weekday, static_cast<int>(local_hour - std::int64_t{day_number} * 24)});
  }
};

RandomCalendar random_calendar() {
  RandomCalendar calendar;
  const int rows = *rc::gen::inRange(1, 8);
  for (int i = 0; i < rows; i++) {
    const int weekday = *rc::gen::inRange(1, 8);
    const int opens = *rc::gen::inRange(0, 24);
    const int closes = *rc::gen::inRange(opens + 1, 25);
    calendar.hours.push_back({weekday, opens * hour, closes * hour});
    for (int h = opens; h < closes; h++) calendar.open.insert({weekday, h});
  }
  calendar.holidays = *rc::gen::container<std::vector<Day>>(rc::gen::inRange<Day>(-30, 60));
  return calendar;
}

RC_GTEST_PROP(BusinessTimeProperty, IsTheSumOfOpenHours, ()) {
  const RandomCalendar random = random_calendar();
  const BusinessCalendar calendar(random.hours, random.holidays);
  const std::int64_t from = *rc::gen::inRange(-30 * 24, 30 * 24);
  const std::int64_t to = from + *rc::gen::inRange(0, 30 * 24);
  std::int64_t expected = 0;
  for (std::int64_t h = from; h < to; h++) expected += random.is_open(h) ? 1 : 0;
  RC_ASSERT(calendar.between(from * hour, to * hour) == expected * hour);
  RC_ASSERT(calendar.between(to * hour, from * hour) == -expected * hour);
}

RC_GTEST_PROP(BusinessTimeProperty, AddingIsTheEarliestTimeWithThatMuchBetween, ()) {
  const RandomCalendar random = random_calendar();
  const BusinessCalendar calendar(random.hours, random.holidays);
  const std::int64_t from = *rc::gen::inRange<std::int64_t>(-30 * day, 30 * day);
  const std::int64_t length = *rc::gen::inRange<std::int64_t>(1, 100 * hour);
  const std::int64_t end = calendar.add(from, {.microseconds = length});
  RC_ASSERT(calendar.between(from, end) == length);
  RC_ASSERT(calendar.between(from, end - 1) == length - 1);
  // In two steps or in one.
  const std::int64_t first = *rc::gen::inRange<std::int64_t>(0, length);
  RC_ASSERT(calendar.add(calendar.add(from, {.microseconds = first}), {.microseconds = length - first}) ==
            end);
}

RC_GTEST_PROP(BusinessTimeProperty, DaysEndOnTheNthWorkingDay, ()) {
  const RandomCalendar random = random_calendar();
  const BusinessCalendar calendar(random.hours, random.holidays);
  const std::int64_t from = *rc::gen::inRange<std::int64_t>(-30 * day, 30 * day);
  const int days = *rc::gen::inRange(1, 12);
  const auto day_of_hour = [](std::int64_t h) { return (h - (h % 24 + 24) % 24) / 24; };
  // The first hour with open time at or after the start, then working days one by one.
  std::int64_t first = (from - (from % hour + hour) % hour) / hour;
  while (!random.is_open(first)) first++;
  std::int64_t expected = day_of_hour(first);
  for (int i = 0; i < days; i++) {
    const auto works = [&] {
      for (int h = 0; h < 24; h++)
        if (random.is_open(expected * 24 + h)) return true;
      return false;
    };
    do expected++;
    while (!works());
  }
  const std::int64_t end = calendar.add(from, {.days = days});
  RC_ASSERT(end >= expected * day);
  RC_ASSERT(end <= (expected + 1) * day);
  RC_ASSERT(calendar.add(from, {.days = days, .microseconds = hour}) ==
            calendar.add(end, {.microseconds = hour}));
}

}  // namespace
}  // namespace lead_scoring
