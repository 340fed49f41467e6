// The offsets of time zones, remembered: the local time of an instant for a look-up and an addition, where
// PostgreSQL's own conversion works out a whole calendar date.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "pgtime.h"
}

namespace lead_scoring {

constexpr int offset_stretch_bits = 38;
constexpr int offset_cache_size = 512;  // stretches: four years in 16 kB

// What is known of a stretch of three days.
struct OffsetStretch {
  int64 number;        // instant >> offset_stretch_bits
  TimestampTz change;  // when the offset changes within the stretch; DT_NOEND: it does not
  int64 before;        // offsets in microseconds
  int64 after;
};

// One for each zone that was used, for the life of the session, as the zones themselves.
struct OffsetCache {
  pg_tz* zone;
  OffsetCache* next;
  OffsetStretch stretches[offset_cache_size];  // by the last digits of the number
};

extern OffsetCache* offset_caches;
// The same as below, and remembers it.
[[nodiscard]] std::optional<int64> learn_offset(TimestampTz instant, pg_tz* zone);

// What local time shows beyond UTC at a finite instant, in microseconds; nothing where the zone has no local
// time.
[[nodiscard]] inline std::optional<int64> offset_at(TimestampTz instant, pg_tz* zone) {
  if (offset_caches == nullptr || offset_caches->zone != zone) return learn_offset(instant, zone);
  const int64 number = instant >> offset_stretch_bits;
  const OffsetStretch& stretch = offset_caches->stretches[number & (offset_cache_size - 1)];
  if (stretch.number != number) return learn_offset(instant, zone);
  return instant < stretch.change ? stretch.before : stretch.after;
}

// Unix time, rounded down. (PostgreSQL's timestamptz_to_time_t rounds towards 2000.)
[[nodiscard]] pg_time_t unix_seconds(TimestampTz instant);
[[nodiscard]] TimestampTz instant_of_unix(pg_time_t seconds);

}  // namespace lead_scoring
