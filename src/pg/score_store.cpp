#include "pg/score_store.hpp"

#include "pg/tally_store.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

constexpr struct {
  const char* name;
  Oid type;
  AttrNumber number;  // as create_audience() makes the table
} columns[score_column_count] = {
    {"score", INT4OID, 3},
    {"engagement", INT4OID, 4},
    {"fit", INT4OID, 5},
    {"grade", TEXTOID, 6},
    {"level", TEXTOID, 7},
    {"band", TEXTOID, 8},
    {"disqualified", BOOLOID, 9},
    {"hand_raised", BOOLOID, 10},
    {"persona", TEXTOID, 11},
    {"last_active_on", DATEOID, 12},
    {"next_change_at", TIMESTAMPTZOID, 15},
    {"revision", INT4OID, 16},
    {"band_since", TIMESTAMPTZOID, 13},
    {"updated_at", TIMESTAMPTZOID, 14},
};

bool same_value(Oid type, Datum a, Datum b) { return type == TEXTOID ? same_text(a, b) : a == b; }

bool same_column(const ScoreRow& a, const ScoreRow& b, int column) {
  if (a.nulls[column] || b.nulls[column]) return a.nulls[column] == b.nulls[column];
  return same_value(columns[column].type, a.values[column], b.values[column]);
}

}  // namespace

bool same_text(Datum a, Datum b) {
  const struct varlena* first = PG_DETOAST_DATUM_PACKED(a);
  const struct varlena* second = PG_DETOAST_DATUM_PACKED(b);
  const Size size = VARSIZE_ANY_EXHDR(first);
  return size == VARSIZE_ANY_EXHDR(second) && memcmp(VARDATA_ANY(first), VARDATA_ANY(second), size) == 0;
}

bool same_score(const ScoreTable& table, const ScoreRow& a, const ScoreRow& b) {
  for (int i = 0; i < compared_column_count; i++)
    if (table.columns[i] != 0 && !same_column(a, b, i)) return false;
  return true;
}

void open_scores(ScoreTable* table, const CachedAudience& audience) {
  open_stored(&table->stored, audience.definition->score_table);
  const KeyType& key = audience.definition->key;
  table->lead = required_column(table->stored, "lead", key.type, 1);
  table->sheet = required_column(table->stored, "sheet", TEXTOID, 2);
  require_lead_key(table->stored, table->lead, key, 1);
  for (int i = 0; i < score_column_count; i++)
    table->columns[i] = stored_column(table->stored, columns[i].name, columns[i].type, columns[i].number);
  for (const ScoreColumn needed : {band_column, band_since_column, next_change_at_column, revision_column})
    (void)required_column(table->stored, columns[needed].name, columns[needed].type, table->columns[needed]);
}

void close_scores(ScoreTable* table) {
  close_stored(&table->stored);
  CommandCounterIncrement();
}

namespace {

ScoreRow* row_found(const ScoreTable& table) {
  auto* row = palloc0_object(ScoreRow);
  TupleTableSlot* slot = found(table.stored);
  row->stored = ExecCopySlotHeapTuple(slot);
  row->unseen = is_unseen(table.stored);
  TupleDesc desc = RelationGetDescr(table.stored.rel);
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(desc->natts)));
  auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * static_cast<Size>(desc->natts)));
  heap_deform_tuple(row->stored, desc, values, nulls);
  row->all_values = values;
  row->all_nulls = nulls;
  // NULL where somebody has made another primary key: no sheet of ours.
  row->sheet = nulls[table.sheet - 1] ? "" : TextDatumGetCString(values[table.sheet - 1]);
  for (int i = 0; i < score_column_count; i++) {
    const int column = table.columns[i] - 1;
    row->nulls[i] = column < 0 || nulls[column];
    if (row->nulls[i]) continue;
    row->values[i] = columns[i].type == TEXTOID ? PointerGetDatum(PG_DETOAST_DATUM_PACKED(values[column]))
                                                : values[column];
  }
  return row;
}

void set_scores(ScoreTable* table, const ScoreRow& row) {
  for (int i = 0; i < score_column_count; i++)
    if (table->columns[i] != 0) set_column(&table->stored, table->columns[i], row.values[i], row.nulls[i]);
}

}  // namespace

List* read_scores(ScoreTable* table, Datum key) {
  List* rows = NIL;
  for (bool more = find_row(&table->stored.by_key, key); more; more = next_row(&table->stored.by_key, key))
    rows = lappend(rows, row_found(*table));
  return rows;
}

List* read_scores_at(ScoreTable* table, const KeyType& type, Datum key, const RowPlaces& places) {
  List* rows = NIL;
  for (int i = 0; i < places.count; i++) {
    if (!fetch_row(&table->stored.by_key, places.first[i])) continue;
    bool is_null = false;
    // The place of a row that is gone may be another one's by now.
    if (compare_keys(type, slot_getattr(found(table->stored), table->lead, &is_null), key) == 0)
      rows = lappend(rows, row_found(*table));
  }
  return rows;
}

void insert_score(ScoreTable* table, Datum key, const ScoreRow& row) {
  start_row(&table->stored);
  set_column(&table->stored, table->lead, key, false);
  set_column(&table->stored, table->sheet, CStringGetTextDatum(row.sheet), false);
  set_scores(table, row);
  insert_stored(&table->stored);
}

// Nobody can have written the row while we hold the tally's lock, except a transaction that our own snapshot
// cannot see.
void update_score(ScoreTable* table, const ScoreRow& old, const ScoreRow& row) {
  if (old.unseen) raise_concurrent_update();
  copy_values(&table->stored, old.all_values, old.all_nulls);
  set_scores(table, row);
  const TM_Result result = update_stored_late(&table->stored, &old.stored->t_self, true);
  if (result == TM_Ok) return;
  if (IsolationUsesXactSnapshot()) raise_concurrent_update();
  ereport(ERROR,
          (errcode(ERRCODE_DATA_CORRUPTED),
           errmsg("lead_scoring: a score row vanished under its lock (%d)", static_cast<int>(result))));
}

namespace {

void begin_arrays(ColumnArrays* arrays, int column_count) {
  *arrays = {};
  arrays->context = CurrentMemoryContext;
  arrays->column_count = column_count;
}

// Room for one more row; returns its index.
int next_array_row(ColumnArrays* arrays) {
  if (arrays->used == arrays->capacity) {
    const int capacity = std::max(4, arrays->capacity * 2);
    for (int i = 0; i < arrays->column_count; i++) {
      const Size n = static_cast<Size>(capacity);
      const bool first = arrays->used == 0;
      arrays->values[i] = static_cast<Datum*>(first ? MemoryContextAlloc(arrays->context, n * sizeof(Datum))
                                                    : repalloc(arrays->values[i], n * sizeof(Datum)));
      arrays->nulls[i] =
          static_cast<bool*>(first ? MemoryContextAlloc(arrays->context, n) : repalloc(arrays->nulls[i], n));
    }
    arrays->capacity = capacity;
  }
  return arrays->used++;
}

void put(ColumnArrays* arrays, int row, int column, Datum value, bool is_null) {
  arrays->values[column][row] = value;
  arrays->nulls[column][row] = is_null;
}

Datum column_array(const ColumnArrays& arrays, int column, Oid type) {
  int16 length = 0;
  bool by_value = false;
  char align = 0;
  get_typlenbyvalalign(type, &length, &by_value, &align);
  int dims[] = {arrays.used};
  int lower[] = {1};
  return PointerGetDatum(construct_md_array(arrays.values[column], arrays.nulls[column], 1, dims, lower, type,
                                            length, by_value, align));
}

[[noreturn]] void lost_row(const char* what) {
  if (IsolationUsesXactSnapshot()) raise_concurrent_update();
  ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("lead_scoring: %s vanished under its lock", what)));
  pg_unreachable();
}

void flush_deletes(CachedAudience* audience, const ColumnArrays& arrays) {
  const AudienceDefinition& a = *audience->definition;
  Oid types[] = {get_array_type(a.key.type), TEXTARRAYOID};
  Datum values[] = {column_array(arrays, 0, a.key.type), column_array(arrays, 1, TEXTOID)};
  prepared(&audience->plans.delete_scores,
           psprintf("DELETE FROM %s AS s USING unnest($1, $2) AS u(lead, sheet) "
                    "WHERE s.lead OPERATOR(pg_catalog.=) u.lead AND s.sheet OPERATOR(pg_catalog.=) u.sheet",
                    qualified_name(a.score_table)),
           2, types);
  execute_prepared(audience->plans.delete_scores, values, SPI_OK_DELETE);
  if (SPI_processed != static_cast<uint64>(arrays.used)) lost_row("a score row");
}

// A column of a band change that somebody has dropped is not written.
struct ChangeTable {
  StoredTable stored;
  AttrNumber id;
};

void put(ChangeTable* table, const char* name, Oid type, AttrNumber likely, Datum value, bool is_null) {
  const AttrNumber column = stored_column(table->stored, name, type, likely);
  if (column != 0) set_column(&table->stored, column, value, is_null);
}

void put_text(ChangeTable* table, const char* name, AttrNumber likely, Datum text_or_zero) {
  put(table, name, TEXTOID, likely, text_or_zero, text_or_zero == 0);
}

// Returns its number.
Datum insert_change(ChangeTable* table, const KeyType& key, const BandChange& change) {
  const FollowUp& follow_up = change.follow_up;
  start_row(&table->stored);
  put(table, "lead", key.type, 2, change.key, false);
  put(table, "sheet", TEXTOID, 3, CStringGetTextDatum(change.sheet), false);
  put_text(table, "from_band", 4, change.from);
  put_text(table, "to_band", 5, change.to);
  put(table, "score", INT4OID, 6, Int32GetDatum(change.score), !change.has_score);
  put(table, "at", TIMESTAMPTZOID, 7, TimestampTzGetDatum(change.at), false);
  put(table, "revision", INT4OID, 8, Int32GetDatum(change.revision), false);
  put(table, "cause", TEXTOID, 9, CStringGetTextDatum(change.cause), false);
  put(table, "upward", BOOLOID, 10, BoolGetDatum(change.upward), false);
  put(table, "handoff", BOOLOID, 11, BoolGetDatum(follow_up.asked), false);
  put_text(table, "next_step", 12, follow_up.next_step);
  put_text(table, "owner_role", 13, follow_up.owner_role);
  put_text(table, "calendar", 14, follow_up.calendar);
  put(table, "due_at", TIMESTAMPTZOID, 15, TimestampTzGetDatum(follow_up.due_at), !follow_up.has_due);
  insert_stored(&table->stored);
  return table->stored.row->tts_values[table->id - 1];
}

void announce(const AudienceDefinition& a, Datum* ids, int count) {
  Oid types[] = {REGCLASSOID, INT8ARRAYOID};
  Datum values[] = {
      ObjectIdGetDatum(a.band_change_table),
      PointerGetDatum(construct_array(ids, count, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE))};
  const int level = prefer_indexes();
  const int result = SPI_execute_with_args("SELECT lead_scoring.announce_changes($1, $2)", 2, types, values,
                                           nullptr, false, 0);
  if (result != SPI_OK_SELECT)
    elog(ERROR, "lead_scoring: unexpected result %s", SPI_result_code_string(result));
  AtEOXact_GUC(true, level);
}

void flush_changes(const CachedAudience& audience, const List* changes) {
  const AudienceDefinition& a = *audience.definition;
  ChangeTable table;
  open_stored(&table.stored, a.band_change_table);
  table.id = required_column(table.stored, "id", INT8OID, 1);
  auto* announced = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(list_length(changes))));
  int announced_count = 0;
  ListCell* cell = nullptr;
  foreach (cell, changes) {
    const auto* change = static_cast<const BandChange*>(lfirst(cell));
    const Datum id = insert_change(&table, a.key, *change);
    if (change->follow_up.notify) announced[announced_count++] = id;
  }
  close_stored(&table.stored);
  CommandCounterIncrement();
  if (announced_count > 0) announce(a, announced, announced_count);
}

}  // namespace

void begin_rare_writes(RareWrites* writes) {
  begin_arrays(&writes->deleted, 2);
  writes->changes = NIL;
}

void delete_score(RareWrites* writes, const KeyType& type, Datum key, const char* sheet) {
  MemoryContext caller = MemoryContextSwitchTo(writes->deleted.context);
  const int row = next_array_row(&writes->deleted);
  put(&writes->deleted, row, 0, copy_key(type, key), false);
  put(&writes->deleted, row, 1, CStringGetTextDatum(sheet), false);
  MemoryContextSwitchTo(caller);
}

namespace {

Datum copy_text(Datum text_or_zero) {
  return text_or_zero == 0 ? Datum{0} : datumCopy(text_or_zero, false, -1);
}

}  // namespace

void append_change(RareWrites* writes, const KeyType& type, const BandChange& change) {
  MemoryContext caller = MemoryContextSwitchTo(writes->deleted.context);
  auto* copy = palloc_object(BandChange);
  *copy = change;
  copy->key = copy_key(type, change.key);
  copy->sheet = pstrdup(change.sheet);
  copy->from = copy_text(change.from);
  copy->to = copy_text(change.to);
  FollowUp& follow_up = copy->follow_up;
  for (Datum* text : {&follow_up.next_step, &follow_up.owner_role, &follow_up.calendar})
    *text = copy_text(*text);
  writes->changes = lappend(writes->changes, copy);
  MemoryContextSwitchTo(caller);
}

void flush_rare_writes(CachedAudience* audience, const RareWrites& writes) {
  if (writes.deleted.used > 0) flush_deletes(audience, writes.deleted);
  if (writes.changes != NIL) flush_changes(*audience, writes.changes);
}

}  // namespace lead_scoring
