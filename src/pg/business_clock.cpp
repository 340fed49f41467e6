#include "pg/business_clock.hpp"

#include "core/error.hpp"
#include "pg/local_time.hpp"

namespace lead_scoring {

BusinessClock read_business_clock(const char* name) {
  return {name == nullptr ? nullptr : pstrdup(name), name == nullptr ? nullptr : read_calendar(name)};
}

namespace {

struct OpenTimes {
  std::string_view calendar;  // UTF-8
  std::span<const OpeningHours> hours;
  std::span<const Day> holidays;
  [[nodiscard]] BusinessCalendar make() const { return {hours, holidays}; }
};

// run_core that tells instead of raising. The message names the calendar.
template <class Work>
bool try_core(const OpenTimes& open, Work&& work, ErrorReport* problem) {
  return run_core([&] {
    try {
      work();
      return true;
    } catch (const Error& error) {
      try {
        throw Error(error.kind(), "calendar \"" + std::string(open.calendar) + "\": " + error.what(),
                    error.detail(), error.hint());
      } catch (...) {
        describe_current_exception(*problem);
      }
      return false;
    }
  });
}

// A problem that the core knows nothing of.
bool fail(ErrorReport* problem, ErrorKind kind, const char* message, const char* hint) {
  const std::string_view text = to_utf8(message, std::strlen(message));
  run_core([=] {
    try {
      throw Error(kind, std::string(text), {}, hint);
    } catch (...) {
      describe_current_exception(*problem);
    }
  });
  return false;
}

bool too_far(ErrorReport* problem) {
  return fail(problem, ErrorKind::datetime_out_of_range, "business time is out of range", "");
}

bool find(const BusinessClock& clock, OpenTimes* open, pg_tz** zone, ErrorReport* problem) {
  if (clock.definition == nullptr) {
    fail(problem, ErrorKind::invalid_parameter, psprintf("calendar \"%s\" does not exist", clock.name),
         "SELECT name FROM lead_scoring.calendar lists the calendars.");
    problem->sqlstate = ERRCODE_UNDEFINED_OBJECT;
    return false;
  }
  const CalendarDefinition& calendar = *clock.definition;
  *zone = pg_tzset(calendar.time_zone);
  if (*zone == nullptr)
    return fail(problem, ErrorKind::invalid_parameter,
                psprintf("calendar \"%s\": time zone \"%s\" is not known", calendar.name, calendar.time_zone),
                "Use a name of the view pg_timezone_names, such as Europe/London.");
  *open = {to_utf8(calendar.name, std::strlen(calendar.name)),
           {calendar.hours, static_cast<std::size_t>(calendar.hours_count)},
           {calendar.holidays, static_cast<std::size_t>(calendar.holiday_count)}};
  return true;
}

// Around the clock a day is 24 hours.
bool add_time(TimestampTz at, const Interval& duration, TimestampTz* end, ErrorReport* problem) {
  const auto days = static_cast<int64>(duration.day) * USECS_PER_DAY;
  if (duration.day < 0 || duration.time < 0)
    return fail(problem, ErrorKind::invalid_parameter, "a business time to add cannot be negative", "");
  int64 length = 0;
  if (pg_add_s64_overflow(days, duration.time, &length) || pg_add_s64_overflow(at, length, end) ||
      !IS_VALID_TIMESTAMP(*end))
    return too_far(problem);
  return true;
}

}  // namespace

bool add_business_time(const BusinessClock& clock, TimestampTz at, const Interval& duration, TimestampTz* end,
                       ErrorReport* problem) {
  if (duration.month != 0)
    return fail(problem, ErrorKind::invalid_parameter, "a business time has no months or years",
                "Write working days and hours: '20 days', '1 day 4 hours'.");
  if (clock.name == nullptr) return add_time(at, duration, end, problem);
  OpenTimes open = {};
  pg_tz* zone = nullptr;
  if (!find(clock, &open, &zone, problem)) return false;
  const std::optional<int64> local = local_of_instant(at, zone);
  if (!local) return too_far(problem);
  const BusinessSpan span = {duration.day, duration.time};
  int64 local_end = 0;
  if (!try_core(
          open, [&] { local_end = open.make().add(*local, span); }, problem))
    return false;
  *end = local_end == *local ? at : instant_of_local(local_end, at, zone);
  return true;
}

bool business_time_between(const BusinessClock& clock, TimestampTz from, TimestampTz to, int64* microseconds,
                           ErrorReport* problem) {
  if (clock.name == nullptr) return !pg_sub_s64_overflow(to, from, microseconds) || too_far(problem);
  OpenTimes open = {};
  pg_tz* zone = nullptr;
  if (!find(clock, &open, &zone, problem)) return false;
  const std::optional<int64> local_from = local_of_instant(from, zone);
  const std::optional<int64> local_to = local_of_instant(to, zone);
  if (!local_from || !local_to) return too_far(problem);
  int64 open_time = 0;
  if (!try_core(
          open, [&] { open_time = open.make().between(*local_from, *local_to); }, problem))
    return false;
  // Where the clock is set back, a later instant may read an earlier time.
  *microseconds = from <= to ? std::max<int64>(open_time, 0) : std::min<int64>(open_time, 0);
  return true;
}

}  // namespace lead_scoring
