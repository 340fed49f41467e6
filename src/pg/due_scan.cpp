// What is due is decided again under the lock of each lead: what is read here may be older than that, so it says only
// which leads to look at, and where their rows probably are.
#include "pg/due_scan.hpp"

#include "pg/audience_work.hpp"

extern "C" {
#include "utils/rel.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

struct Walk {
  ScoreTable scores;
  const KeyType* key;
  List* active;  // ActiveSheet
  TimestampTz now;
  Datum* keys;
  RowPlaces* places;  // `first` is set at the end: the rows move while their array grows
  int count;
  int capacity;
  ItemPointerData* rows;
  int row_count;
  int row_capacity;
};

// An array with room for one more element.
template <class T>
T* with_room(T* array, int used, int* capacity) {
  if (used < *capacity) return array;
  *capacity = std::max(64, 2 * *capacity);
  const Size size = sizeof(T) * static_cast<Size>(*capacity);
  return static_cast<T*>(array == nullptr ? palloc(size) : repalloc_huge(array, size));
}

Datum value_of(const Walk& walk, AttrNumber column) {
  bool is_null = false;
  return slot_getattr(found(walk.scores.stored), column, &is_null);
}

bool is_active(const Walk& walk, Datum sheet, int32 revision) {
  if (sheet == 0) return false;  // NULL
  const struct varlena* name = PG_DETOAST_DATUM_PACKED(sheet);
  const std::string_view text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
  ListCell* cell = nullptr;
  foreach (cell, walk.active) {
    const auto* active = static_cast<const ActiveSheet*>(lfirst(cell));
    if (text == active->name) return active->revision == revision;
  }
  return false;
}

bool is_due(const Walk& walk) {
  const AttrNumber* columns = walk.scores.columns;
  return DatumGetTimestampTz(value_of(walk, columns[next_change_at_column])) <= walk.now ||
         !is_active(walk, value_of(walk, walk.scores.sheet),
                    DatumGetInt32(value_of(walk, columns[revision_column])));
}

void note_row(Walk* walk) {
  walk->rows = with_room(walk->rows, walk->row_count, &walk->row_capacity);
  walk->rows[walk->row_count++] = found(walk->scores.stored)->tts_tid;
}

void note_lead(Walk* walk, Datum key, int row_count) {
  int capacity = walk->capacity;
  walk->keys = with_room(walk->keys, walk->count, &capacity);
  walk->places = with_room(walk->places, walk->count, &walk->capacity);
  walk->keys[walk->count] = key;
  walk->places[walk->count++] = {nullptr, row_count};
}

// Notes the rows of the lead that the walk stands at, if one of them is due. False: it was the last lead.
bool walk_over_lead(Walk* walk) {
  KeyScan* scan = &walk->scores.stored.by_key;
  const Datum key = copy_key(*walk->key, value_of(*walk, walk->scores.lead));
  const int first = walk->row_count;
  bool due = false;
  bool more = true;
  for (; more && compare_keys(*walk->key, value_of(*walk, walk->scores.lead), key) == 0;
       more = walk_on(scan)) {
    note_row(walk);
    due = due || is_due(*walk);
  }
  if (due) {
    note_lead(walk, key, walk->row_count - first);
  } else {
    walk->row_count = first;
    if (!walk->key->by_value) pfree(DatumGetPointer(key));
  }
  return more;
}

void walk_over_leads(Walk* walk, const Datum* after, int limit) {
  for (bool more = begin_walk(&walk->scores.stored.by_key, after); more && walk->count < limit;) {
    CHECK_FOR_INTERRUPTS();
    more = walk_over_lead(walk);
  }
}

int by_key(const void* a, const void* b, void* key) {
  return compare_keys(*static_cast<const KeyType*>(key), static_cast<const LeadDelta*>(a)->key,
                      static_cast<const LeadDelta*>(b)->key);
}

DueLeads leads_found(const Walk& walk) {
  const ItemPointerData* row = walk.rows;
  for (int i = 0; i < walk.count; i++) {
    walk.places[i].first = row;
    row += walk.places[i].count;
  }
  DueLeads due = {empty_deltas(walk.keys, walk.count), walk.places, walk.count, Datum{0}};
  if (walk.count > 0) due.last = walk.keys[walk.count - 1];
  return due;
}

}  // namespace

DueLeads find_due_leads(CachedAudience* audience, const Datum* after, int limit) {
  const AudienceDefinition& a = *audience->definition;
  Walk walk = {};
  walk.key = &a.key;
  walk.active = read_active_sheets(a.name);
  walk.now = GetCurrentTimestamp();
  open_scores(&walk.scores, *audience);
  walk_over_leads(&walk, after, limit);
  const bool in_order = walk.scores.stored.by_key.index->rd_indcollation[0] == a.key.collation;
  close_scores(&walk.scores);
  DueLeads due = leads_found(walk);
  if (!in_order) {  // somebody has made the primary key anew, in another order than that of the keys
    qsort_arg(due.leads, static_cast<size_t>(due.count), sizeof(LeadDelta), by_key,
              const_cast<KeyType*>(&a.key));
    due.places = nullptr;
  }
  return due;
}

}  // namespace lead_scoring
