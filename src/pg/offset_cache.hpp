// The offsets of time zones, remembered: the local time of an instant for a look-up and an addition, where
// PostgreSQL's own conversion works out a whole calendar date.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "pgtime.h"
}

namespace lead_scoring {

// What local time shows beyond UTC at a finite instant, in microseconds; nothing where the zone has no local
// time.
[[nodiscard]] std::optional<int64> offset_at(TimestampTz instant, pg_tz* zone);

// Unix time, rounded down. (PostgreSQL's timestamptz_to_time_t rounds towards 2000.)
[[nodiscard]] pg_time_t unix_seconds(TimestampTz instant);
[[nodiscard]] TimestampTz instant_of_unix(pg_time_t seconds);

}  // namespace lead_scoring
