#include "pg/local_time.hpp"

#include "pg/offset_cache.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// No offset from UTC is as large as this: a POSIX zone may have 167 hours, real ones stay below 16.
constexpr int64 greatest_offset = 8 * USECS_PER_DAY;

std::optional<Tick> tick_at_local(int64 local_microseconds, Resolution resolution) {
  return Calendar(resolution).tick_at(local_microseconds);
}

}  // namespace

pg_tz* zone_named(std::string_view name) {
  // One session asks for the same zone again and again, and pg_tzset looks into a table by name.
  static char buffer[TZ_STRLEN_MAX + 1];
  static pg_tz* known = nullptr;
  if (known != nullptr && name == buffer) return known;
  pg_tz* zone = nullptr;
  known = nullptr;
  if (name.size() < sizeof buffer) {
    std::memcpy(buffer, name.data(), name.size());
    buffer[name.size()] = '\0';
    zone = pg_tzset(buffer);
  }
  if (zone == nullptr || !pg_tz_acceptable(zone)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("time zone \"%.*s\" is not known", static_cast<int>(name.size()), name.data()),
                    errhint("Use a name of the view pg_timezone_names, such as Europe/London.")));
  }
  known = zone;
  return zone;
}

std::optional<int64> local_of_instant(TimestampTz instant, pg_tz* zone) {
  if (TIMESTAMP_NOT_FINITE(instant)) return std::nullopt;
  const std::optional<int64> offset = offset_at(instant, zone);
  // No overflow: timestamps end more than a week away from the ends of int64.
  return offset ? std::optional(instant + *offset) : std::nullopt;
}

std::optional<Tick> tick_of_instant(TimestampTz instant, pg_tz* zone, Resolution resolution) {
  const std::optional<int64> local = local_of_instant(instant, zone);
  if (!local) return std::nullopt;
  return tick_at_local(*local, resolution);
}

std::optional<Tick> tick_of_wall_clock(Timestamp local, Resolution resolution) {
  if (TIMESTAMP_NOT_FINITE(local)) return std::nullopt;
  return tick_at_local(local, resolution);
}

std::optional<Tick> tick_of_date(DateADT date, Resolution resolution) {
  // Dates go further than timestamps do.
  if (!IS_VALID_DATE(date) || date >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE) return std::nullopt;
  return tick_at_local(static_cast<int64>(date) * USECS_PER_DAY, resolution);
}

// Between two changes of a zone's offset the local time is the instant plus a constant. So the answer is
// the first interval that reaches the local time, and the first instant of it that does.
TimestampTz instant_of_local(int64 local, TimestampTz from, pg_tz* zone) {
  // Nothing before this can have reached it, whatever the offset, so a far time needs no long walk.
  from = std::max<int64>(from, local - greatest_offset);
  for (;;) {
    const pg_time_t seconds = unix_seconds(from);
    long offset = 0;
    long next_offset = 0;
    int is_dst = 0;
    int next_is_dst = 0;
    pg_time_t change = 0;
    const int found =
        pg_next_dst_boundary(&seconds, &offset, &is_dst, &change, &next_offset, &next_is_dst, zone);
    if (found < 0) {
      ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                      errmsg("time zone \"%s\" has no local time that late", pg_get_timezone_name(zone))));
    }
    const TimestampTz reached = std::max<int64>(local - offset * USECS_PER_SEC, from);
    if (found == 0) return reached;
    const TimestampTz end = instant_of_unix(change);
    if (reached < end) return reached;
    from = end;
  }
}

TimestampTz instant_of_tick(Tick tick, TimestampTz as_of, pg_tz* zone, Resolution resolution) {
  if (tick == never) return DT_NOEND;
  const int64 local = run_core([=] { return Calendar(resolution).local_microseconds(tick); });
  return instant_of_local(local, as_of, zone);
}

}  // namespace lead_scoring
