// Business time between instants: a calendar of the catalog, its zone, and the arithmetic of the core.
#pragma once

#include "pg/boundary.hpp"
#include "pg/catalog.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace lead_scoring {

struct BusinessClock {
  const char* name;                      // nullptr: around the clock
  const CalendarDefinition* definition;  // nullptr: there is no such calendar
};
// In the current memory context. Reads the latest rows.
[[nodiscard]] BusinessClock read_business_clock(const char* name);

// Both return false, and tell why, where the question has no answer: no such calendar, a time too far away.
// They do not raise, because a trigger must not fail for a calendar's sake.
[[nodiscard]] bool add_business_time(const BusinessClock& clock, TimestampTz at, const Interval& duration,
                                     TimestampTz* end, ErrorReport* problem);
[[nodiscard]] bool business_time_between(const BusinessClock& clock, TimestampTz from, TimestampTz to,
                                         int64* microseconds, ErrorReport* problem);

}  // namespace lead_scoring
