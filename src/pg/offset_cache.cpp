#include "pg/offset_cache.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// Between PostgreSQL's count, from 2000 on, and Unix time.
constexpr int64 epoch_seconds = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * static_cast<int64>(SECS_PER_DAY);

constexpr int64 stretch_length = int64{1} << offset_stretch_bits;
constexpr int64 not_a_stretch = PG_INT64_MAX;

OffsetCache* make_cache(pg_tz* zone) {
  auto* cache = static_cast<OffsetCache*>(MemoryContextAlloc(TopMemoryContext, sizeof(OffsetCache)));
  cache->zone = zone;
  for (OffsetStretch& stretch : cache->stretches) stretch.number = not_a_stretch;
  return cache;
}

// The zone's cache, as the first of the list.
OffsetCache* cache_of(pg_tz* zone) {
  OffsetCache** at = &offset_caches;
  while (*at != nullptr && (*at)->zone != zone) at = &(*at)->next;
  OffsetCache* cache = *at;
  if (cache != nullptr)
    *at = cache->next;
  else
    cache = make_cache(zone);
  cache->next = offset_caches;
  return offset_caches = cache;
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

bool describe(int64 number, pg_tz* zone, OffsetStretch* stretch) {
  const TimestampTz start = number << offset_stretch_bits;
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

OffsetCache* offset_caches = nullptr;

std::optional<int64> learn_offset(TimestampTz instant, pg_tz* zone) {
  const int64 number = instant >> offset_stretch_bits;
  OffsetStretch* place = &cache_of(zone)->stretches[number & (offset_cache_size - 1)];
  OffsetStretch learned;
  if (place->number != number && describe(number, zone, &learned)) *place = learned;
  if (place->number == number) return instant < place->change ? place->before : place->after;
  int64 offset = 0;
  return convert(instant, zone, &offset) ? std::optional(offset) : std::nullopt;
}

}  // namespace lead_scoring
