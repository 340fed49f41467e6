// Instants and the ticks of a time zone's wall clock.
#pragma once

#include "core/calendar.hpp"
#include "pg/boundary.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/date.h"
}

namespace lead_scoring {

// The zone of an IANA name. An unknown name is an error, SQLSTATE 22023. Zones live as long as the session.
[[nodiscard]] pg_tz* zone_named(std::string_view name);

// The tick in which an instant lies; nothing for ±infinity and outside the years 1400–9999 (local time).
[[nodiscard]] std::optional<Tick> tick_of_instant(TimestampTz instant, pg_tz* zone, Resolution resolution);
// The same for values that already are the audience's wall clock.
[[nodiscard]] std::optional<Tick> tick_of_wall_clock(Timestamp local, Resolution resolution);
[[nodiscard]] std::optional<Tick> tick_of_date(DateADT date, Resolution resolution);

// The wall clock's reading, in microseconds since 2000-01-01 00:00; nothing for ±infinity.
[[nodiscard]] std::optional<int64> local_of_instant(TimestampTz instant, pg_tz* zone);
// The earliest instant at or after `from` at which the wall clock reads `local` or later. A time that the zone
// skips is where the clock jumps over it, and one that comes twice is the first that is not before `from`.
[[nodiscard]] TimestampTz instant_of_local(int64 local, TimestampTz from, pg_tz* zone);

// The earliest instant after `as_of` whose tick is `tick` or later; infinity for `never`. The tick must be
// later than that of as_of. A tick that a zone skips begins where the clock jumps over it, and one that the
// zone runs through twice begins the first time.
[[nodiscard]] TimestampTz instant_of_tick(Tick tick, TimestampTz as_of, pg_tz* zone, Resolution resolution);

}  // namespace lead_scoring
