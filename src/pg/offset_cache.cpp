#include "pg/offset_cache.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// Between PostgreSQL's count, from 2000 on, and Unix time.
constexpr int64 epoch_seconds = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * static_cast<int64>(SECS_PER_DAY);

constexpr int stretch_bits = 38;
constexpr int64 stretch_length = int64{1} << stretch_bits;  // microseconds: three days
constexpr int cache_size = 512;                             // four years in 16 kB
constexpr int64 not_a_stretch = PG_INT64_MAX;

// What is known of a stretch of time.
struct Stretch {
  int64 number;        // instant >> stretch_bits; not_a_stretch: nothing is known
  TimestampTz change;  // when the offset changes within the stretch; DT_NOEND: it does not
  int64 before;        // offsets in microseconds
  int64 after;
};

// One for each zone that was used, for the life of the session, as the zones themselves.
struct ZoneCache {
  pg_tz* zone;
  ZoneCache* next;
  Stretch stretches[cache_size];  // by the last digits of the number
};

ZoneCache* caches = nullptr;

ZoneCache* make_cache(pg_tz* zone) {
  auto* cache = static_cast<ZoneCache*>(MemoryContextAlloc(TopMemoryContext, sizeof(ZoneCache)));
  cache->zone = zone;
  for (Stretch& stretch : cache->stretches) stretch.number = not_a_stretch;
  cache->next = caches;
  return caches = cache;
}

ZoneCache* cache_of(pg_tz* zone) {
  for (ZoneCache* cache = caches; cache != nullptr; cache = cache->next)
    if (cache->zone == zone) return cache;
  return make_cache(zone);
}

bool convert(TimestampTz instant, pg_tz* zone, int64* offset) {
  const pg_time_t seconds = unix_seconds(instant);
  const struct pg_tm* local = pg_localtime(&seconds, zone);
  if (local != nullptr) *offset = local->tm_gmtoff * USECS_PER_SEC;
  return local != nullptr;
}

// The offset at `from` and when it changes next, DT_NOEND for never. False: not to be relied on.
//
// pg_next_dst_boundary() is asked from a second later on, because exactly at a zone's last listed change it
// denies the later ones, which follow a rule. So that second must not change anything by itself. The offsets
// it gives are not used: before a zone's first change they may differ from those of pg_localtime().
bool look_ahead(TimestampTz from, pg_tz* zone, int64* offset, TimestampTz* change) {
  const TimestampTz second = from + USECS_PER_SEC;
  int64 later = 0;
  if (!convert(from, zone, offset) || !convert(second, zone, &later) || *offset != later) return false;
  const pg_time_t seconds = unix_seconds(second);
  long unused_offset = 0;
  int unused_flag = 0;
  pg_time_t boundary = 0;
  const int found = pg_next_dst_boundary(&seconds, &unused_offset, &unused_flag, &boundary, &unused_offset,
                                         &unused_flag, zone);
  *change = found > 0 ? instant_of_unix(boundary) : DT_NOEND;
  return found >= 0;
}

bool describe(int64 number, pg_tz* zone, Stretch* stretch) {
  const TimestampTz start = number << stretch_bits;
  const TimestampTz end = start + stretch_length;
  if (!IS_VALID_TIMESTAMP(start) || !IS_VALID_TIMESTAMP(end)) return false;
  TimestampTz second_change = DT_NOEND;
  *stretch = {number, DT_NOEND, 0, 0};
  if (!look_ahead(start, zone, &stretch->before, &stretch->change)) return false;
  if (stretch->change >= end) {
    stretch->change = DT_NOEND;
    return true;
  }
  return look_ahead(stretch->change, zone, &stretch->after, &second_change) && second_change >= end;
}

}  // namespace

pg_time_t unix_seconds(TimestampTz instant) {
  const int64 seconds = instant / USECS_PER_SEC - (instant % USECS_PER_SEC < 0 ? 1 : 0);
  return seconds + epoch_seconds;
}

TimestampTz instant_of_unix(pg_time_t seconds) { return (seconds - epoch_seconds) * USECS_PER_SEC; }

std::optional<int64> offset_at(TimestampTz instant, pg_tz* zone) {
  ZoneCache* cache = caches != nullptr && caches->zone == zone ? caches : cache_of(zone);
  const int64 number = instant >> stretch_bits;
  Stretch* stretch = &cache->stretches[number & (cache_size - 1)];
  if (stretch->number != number) {
    Stretch learned;
    if (!describe(number, zone, &learned)) {
      int64 offset = 0;
      return convert(instant, zone, &offset) ? std::optional(offset) : std::nullopt;
    }
    *stretch = learned;
  }
  return instant < stretch->change ? stretch->before : stretch->after;
}

}  // namespace lead_scoring
