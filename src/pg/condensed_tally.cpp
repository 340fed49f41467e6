#include "pg/condensed_tally.hpp"

#include "core/condense.hpp"
#include "pg/local_time.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "access/detoast.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

struct CondensedTally {
  struct varatt_external source;  // the base it was made from
  const CachedSheet* sheets;
  Tick from;
  TimestampTz made_at;
  TimestampTz used_at;
  MemoryContext context;  // nullptr: the place is free
  Bytes tally;
};

namespace {

constexpr int place_count = 64;
// A model published under another time zone may be a day behind the audience's clock.
constexpr Tick slack = 48;
constexpr int64 longest_life = INT64CONST(600) * USECS_PER_SEC;

CondensedTally* places_of(CachedAudience* audience) {
  if (audience->condensed == nullptr)
    audience->condensed = static_cast<CondensedTally*>(
        MemoryContextAllocZero(audience->context, sizeof(CondensedTally) * place_count));
  return audience->condensed;
}

bool is_made_from(const CondensedTally& place, const struct varatt_external& source) {
  return place.context != nullptr && memcmp(&place.source, &source, sizeof source) == 0;
}

bool is_good(const CondensedTally& place, const CachedAudience& audience, TimestampTz now, Tick at) {
  return place.sheets == audience.sheets && place.from <= at && now >= place.made_at &&
         now - place.made_at < longest_life;
}

// The one made from this base, or the one that has not been asked for longest.
CondensedTally* place_for(CondensedTally* places, const struct varatt_external& source) {
  CondensedTally* oldest = &places[0];
  for (int i = 0; i < place_count; i++) {
    if (is_made_from(places[i], source)) return &places[i];
    if (places[i].used_at < oldest->used_at) oldest = &places[i];
  }
  return oldest;
}

struct Models {
  const Model** list;
  int count;
};

Models models_of(const CachedAudience& audience) {
  const Size size = sizeof(void*) * static_cast<Size>(audience.sheet_count + 1);
  Models models = {static_cast<const Model**>(palloc(size)), 0};
  for (int i = 0; i < audience.sheet_count; i++)
    if (audience.sheets[i].model != nullptr) models.list[models.count++] = audience.sheets[i].model;
  return models;
}

Bytes condensed(const CachedAudience& audience, Datum base, Tick from, MemoryContext context) {
  const Models models = models_of(audience);
  const Bytes whole = tally_bytes(base);
  ContextResource memory(context);
  std::pmr::memory_resource* resource = &memory;
  return run_core([=] {
    return condense(std::span<const Model* const>(models.list, static_cast<std::size_t>(models.count)), whole,
                    from, resource);
  });
}

void fill(CondensedTally* place, const CachedAudience& audience, Datum base,
          const struct varatt_external& source, TimestampTz now, Tick from) {
  if (place->context != nullptr) MemoryContextDelete(place->context);
  *place = {};
  MemoryContext context =
      AllocSetContextCreate(audience.context, "lead_scoring condensed tally", ALLOCSET_SMALL_SIZES);
  const Bytes tally = condensed(audience, base, from, context);
  *place = {source, audience.sheets, from, now, now, context, tally};
}

bool lies_out_of_line(Datum base) {
  return VARATT_IS_EXTERNAL_ONDISK(reinterpret_cast<struct varlena*>(DatumGetPointer(base)));
}

// A base that lies out of line, as the active sheets see it; nothing where there is no tick to see it from.
std::optional<Bytes> condensed_base(CachedAudience* audience, const TallyRow& row, TimestampTz now) {
  auto* value = reinterpret_cast<struct varlena*>(DatumGetPointer(row.base));
  const AudienceDefinition& a = *audience->definition;
  const auto at = tick_of_instant(now, a.zone, a.resolution);
  if (!at.has_value()) return std::nullopt;
  struct varatt_external source;
  VARATT_EXTERNAL_GET_POINTER(source, value);
  CondensedTally* place = place_for(places_of(audience), source);
  if (!is_made_from(*place, source) || !is_good(*place, *audience, now, *at))
    fill(place, *audience, row.base, source, now, *at - slack);
  place->used_at = now;
  return place->tally;
}

}  // namespace

Bytes tally_to_score(CachedAudience* audience, const TallyRow& row, TimestampTz now) {
  // Nearly all leads end here, with a small tally: nothing is to be read twice for them.
  if (!row.exists || !lies_out_of_line(row.base)) return whole_tally(row);
  const Bytes recent = tally_bytes(row.recent);
  // What is taken away again must meet its counterpart in the whole.
  if (!run_core([=] { return only_adds(recent); })) return whole_tally(row);
  const std::optional<Bytes> base = condensed_base(audience, row, now);
  if (!base.has_value()) return whole_tally(row);
  const Bytes kept = *base;
  ContextResource memory(CurrentMemoryContext);
  std::pmr::memory_resource* resource = &memory;
  return run_core([=] { return merge(kept, recent, resource); });
}

}  // namespace lead_scoring
