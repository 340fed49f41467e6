// Business time: the opening hours of a week, less holidays, on the wall clock of one place. Knows no zone:
// instants are microseconds since 2000-01-01 00:00 local time, as PostgreSQL counts; only the years 1400–9999
// exist. Within a calendar every opening hour has its length on the clock, whatever a zone does to it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "calendar.hpp"

namespace lead_scoring {

struct OpeningHours {
  int weekday;          // ISO: 1 Monday … 7 Sunday
  std::int64_t opens;   // microseconds since midnight
  std::int64_t closes;  // later than opens, at most 24 hours
};

// Added days first. A day is a working day, one with any opening hours; microseconds are open time.
struct BusinessSpan {
  std::int32_t days = 0;
  std::int64_t microseconds = 0;
};

[[nodiscard]] int iso_weekday(Day day);

class BusinessCalendar {
 public:
  // Hours of a weekday may touch or overlap: open is what any of them says. invalid_parameter for hours that
  // do not lie within one day, and when no weekday has any.
  BusinessCalendar(std::span<const OpeningHours> hours, std::span<const Day> holidays);

  // local ⊕ span. Days: the clock first comes to an open time, then goes on by that many working days, to the
  // same time of day; where that is not open, to the next opening of the day, or else to its last closing.
  // Microseconds: the earliest time with that much open time in between, so 17:00 and not 9:00 the next
  // morning. Zero stays where it is. invalid_parameter for a negative span, datetime_out_of_range when the
  // end is more than 100 years away or beyond the year 9999.
  [[nodiscard]] std::int64_t add(std::int64_t local, const BusinessSpan& span) const;

  // Open time in [from, to); negative when `to` is earlier.
  [[nodiscard]] std::int64_t between(std::int64_t from, std::int64_t to) const;

 private:
  struct Interval {
    std::int64_t opens;
    std::int64_t closes;
  };

  [[nodiscard]] std::span<const Interval> intervals(Day day) const;  // in order, apart from each other
  [[nodiscard]] bool is_working(Day day) const { return !intervals(day).empty(); }
  // The next working day after this one, or the day itself. Throws beyond `limit`.
  [[nodiscard]] Day working_day_from(Day day, Day limit) const;
  [[nodiscard]] std::int64_t add_days(std::int64_t local, std::int32_t days, Day limit) const;
  [[nodiscard]] std::int64_t add_open_time(std::int64_t local, std::int64_t length, Day limit) const;
  // Open time from a fixed Monday on, for differences.
  [[nodiscard]] std::int64_t open_time_before(std::int64_t local) const;

  std::array<std::vector<Interval>, 7> week_;  // Monday first
  std::array<std::int64_t, 7> day_length_{};
  std::vector<Day> holidays_;  // ascending, each once
};

}  // namespace lead_scoring
