#include "pg/score_store.hpp"

#include "pg/tally_datum.hpp"
#include "pg/tally_store.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

namespace {

constexpr struct {
  const char* name;
  Oid type;
} columns[score_column_count] = {
    {"score", INT4OID},
    {"engagement", INT4OID},
    {"fit", INT4OID},
    {"grade", TEXTOID},
    {"level", TEXTOID},
    {"band", TEXTOID},
    {"disqualified", BOOLOID},
    {"hand_raised", BOOLOID},
    {"persona", TEXTOID},
    {"last_active_on", DATEOID},
    {"next_change_at", TIMESTAMPTZOID},
    {"revision", INT4OID},
    {"band_since", TIMESTAMPTZOID},
    {"updated_at", TIMESTAMPTZOID},
};

bool same_value(Oid type, Datum a, Datum b) {
  if (type != TEXTOID) return a == b;
  return datumIsEqual(a, b, false, -1);
}

bool same_column(const ScoreRow& a, const ScoreRow& b, int column) {
  if (a.nulls[column] || b.nulls[column]) return a.nulls[column] == b.nulls[column];
  return same_value(columns[column].type, a.values[column], b.values[column]);
}

// score, engagement, … with a prefix: "s.score, s.engagement, …"
const char* column_list(const char* prefix) {
  StringInfoData list;
  initStringInfo(&list);
  for (int i = 0; i < score_column_count; i++)
    appendStringInfo(&list, "%s%s%s", i == 0 ? "" : ", ", prefix, columns[i].name);
  return list.data;
}

}  // namespace

bool same_text(const ScoreRow& a, const ScoreRow& b, ScoreColumn column) { return same_column(a, b, column); }

bool same_score(const ScoreRow& a, const ScoreRow& b) {
  for (int i = 0; i < compared_column_count; i++)
    if (!same_column(a, b, i)) return false;
  return true;
}

namespace {

SPIPlanPtr read_plan(CachedAudience* audience) {
  const AudienceDefinition& a = *audience->definition;
  if (audience->plans.read_state != nullptr) return audience->plans.read_state;
  Oid types[] = {get_array_type(a.key.type)};
  const char* key = quote_identifier(a.lead_key);
  return prepared(&audience->plans.read_state,
                  psprintf("SELECT u.n, t.base, t.recent, t.wake_at, l.%s IS NOT NULL, s.sheet, %s "
                           "FROM pg_catalog.unnest($1) WITH ORDINALITY AS u(k, n) "
                           "LEFT JOIN %s AS t ON t.lead OPERATOR(pg_catalog.=) u.k "
                           "LEFT JOIN %s AS l ON l.%s OPERATOR(pg_catalog.=) u.k "
                           "LEFT JOIN %s AS s ON s.lead OPERATOR(pg_catalog.=) u.k",
                           key, column_list("s."), qualified_name(a.tally_table),
                           qualified_name(a.lead_table), key, qualified_name(a.score_table)),
                  1, types);
}

constexpr int first_score_field = 6;  // in the statement above, counting from 0

void read_tally(LeadState* state, HeapTuple tuple, TupleDesc desc) {
  bool no_base = false;
  bool no_recent = false;
  const Datum base = SPI_getbinval(tuple, desc, 2, &no_base);
  const Datum recent = SPI_getbinval(tuple, desc, 3, &no_recent);
  bool is_null = false;
  const Datum wake = SPI_getbinval(tuple, desc, 4, &is_null);
  state->wake_at = is_null ? DT_NOEND : DatumGetTimestampTz(wake);
  if (no_base && no_recent) return;
  const Bytes b = no_base ? Bytes{} : tally_bytes(base);
  const Bytes r = no_recent ? Bytes{} : tally_bytes(recent);
  state->recent_size = r.size();
  ContextResource memory(CurrentMemoryContext);
  std::pmr::memory_resource* resource = &memory;
  state->tally = tally_datum_from(b.empty()   ? r
                                  : r.empty() ? b
                                              : run_core([=] { return merge(b, r, resource); }));
}

ScoreRow* score_row_of(HeapTuple tuple, TupleDesc desc, const char* sheet) {
  auto* row = palloc0_object(ScoreRow);
  row->sheet = sheet;
  for (int i = 0; i < score_column_count; i++) {
    const Datum value = SPI_getbinval(tuple, desc, first_score_field + 1 + i, &row->nulls[i]);
    row->values[i] = row->nulls[i]                ? Datum{0}
                     : columns[i].type == TEXTOID ? PointerGetDatum(PG_DETOAST_DATUM_COPY(value))
                                                  : value;
  }
  return row;
}

}  // namespace

LeadState* read_lead_states(CachedAudience* audience, Datum* keys, int count) {
  auto* states = static_cast<LeadState*>(palloc0(sizeof(LeadState) * static_cast<Size>(count)));
  for (int i = 0; i < count; i++) states[i].wake_at = DT_NOEND;
  Datum values[] = {key_array(audience->definition->key, keys, count)};
  read_latest(read_plan(audience), values);
  SPITupleTable* table = SPI_tuptable;
  for (uint64 i = 0; i < table->numvals; i++) {
    HeapTuple tuple = table->vals[i];
    bool is_null = false;
    LeadState* state = &states[DatumGetInt64(SPI_getbinval(tuple, table->tupdesc, 1, &is_null)) - 1];
    if (state->scores == NIL) {
      read_tally(state, tuple, table->tupdesc);
      state->exists = DatumGetBool(SPI_getbinval(tuple, table->tupdesc, 5, &is_null));
    }
    const Datum sheet = SPI_getbinval(tuple, table->tupdesc, 6, &is_null);
    if (!is_null)
      state->scores = lappend(state->scores, score_row_of(tuple, table->tupdesc, TextDatumGetCString(sheet)));
  }
  SPI_freetuptable(table);
  return states;
}

namespace {

void begin_arrays(ColumnArrays* arrays, int column_count) {
  *arrays = {};
  arrays->column_count = column_count;
}

// Room for one more row; returns its index.
int next_row(ColumnArrays* arrays) {
  if (arrays->used == arrays->capacity) {
    const int capacity = std::max(4, arrays->capacity * 2);
    for (int i = 0; i < arrays->column_count; i++) {
      const Size n = static_cast<Size>(capacity);
      arrays->values[i] = static_cast<Datum*>(
          arrays->used == 0 ? palloc(n * sizeof(Datum)) : repalloc(arrays->values[i], n * sizeof(Datum)));
      arrays->nulls[i] = static_cast<bool*>(arrays->used == 0 ? palloc(n) : repalloc(arrays->nulls[i], n));
    }
    arrays->capacity = capacity;
  }
  return arrays->used++;
}

void put(ColumnArrays* arrays, int row, int column, Datum value, bool is_null) {
  arrays->values[column][row] = value;
  arrays->nulls[column][row] = is_null;
}

void add_score(ColumnArrays* arrays, Datum key, const ScoreRow& score) {
  const int row = next_row(arrays);
  put(arrays, row, 0, key, false);
  put(arrays, row, 1, CStringGetTextDatum(score.sheet), false);
  for (int i = 0; i < score_column_count; i++) put(arrays, row, i + 2, score.values[i], score.nulls[i]);
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

// Nobody can have changed the row while we hold the tally's lock, except a transaction that our own snapshot
// cannot see.
[[noreturn]] void lost_row(const char* what) {
  if (IsolationUsesXactSnapshot())
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to concurrent update")));
  ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("lead_scoring: %s vanished under its lock", what)));
  pg_unreachable();
}

// unnest($1, $2, …)
const char* unnested(int count) {
  StringInfoData list;
  initStringInfo(&list);
  appendStringInfoString(&list, "unnest(");  // with several arguments, syntax that always means pg_catalog
  for (int i = 1; i <= count; i++) appendStringInfo(&list, "%s$%d", i == 1 ? "" : ", ", i);
  appendStringInfoChar(&list, ')');
  return list.data;
}

struct Statement {
  SPIPlanPtr* plan;
  const ColumnArrays* arrays;
  int result;
  const char* what;
};

void run(const AudienceDefinition& a, const Statement& statement, const Oid* extra_types, const char* sql) {
  const ColumnArrays& arrays = *statement.arrays;
  Oid types[score_column_count + 2];
  Datum values[score_column_count + 2];
  types[0] = a.key.type;
  types[1] = TEXTOID;
  for (int i = 2; i < arrays.column_count; i++) types[i] = extra_types[i - 2];
  for (int i = 0; i < arrays.column_count; i++) values[i] = column_array(arrays, i, types[i]);
  for (int i = 0; i < arrays.column_count; i++) types[i] = get_array_type(types[i]);
  execute_prepared(prepared(statement.plan, sql, arrays.column_count, types), values, statement.result);
  if (SPI_processed != static_cast<uint64>(arrays.used)) lost_row(statement.what);
}

const Oid* score_types() {
  static Oid types[score_column_count];
  for (int i = 0; i < score_column_count; i++) types[i] = columns[i].type;
  return types;
}

void flush_inserts(CachedAudience* audience, const ColumnArrays& arrays) {
  const AudienceDefinition& a = *audience->definition;
  run(a, {&audience->plans.insert_scores, &arrays, SPI_OK_INSERT, "a score row"}, score_types(),
      psprintf("INSERT INTO %s (lead, sheet, %s) SELECT * FROM %s", qualified_name(a.score_table),
               column_list(""), unnested(arrays.column_count)));
}

void flush_updates(CachedAudience* audience, const ColumnArrays& arrays) {
  const AudienceDefinition& a = *audience->definition;
  StringInfoData set;
  initStringInfo(&set);
  for (int i = 0; i < score_column_count; i++)
    appendStringInfo(&set, "%s%s = u.%s", i == 0 ? "" : ", ", columns[i].name, columns[i].name);
  run(a, {&audience->plans.update_scores, &arrays, SPI_OK_UPDATE, "a score row"}, score_types(),
      psprintf("UPDATE %s AS s SET %s FROM %s AS u(lead, sheet, %s) "
               "WHERE s.lead OPERATOR(pg_catalog.=) u.lead AND s.sheet OPERATOR(pg_catalog.=) u.sheet",
               qualified_name(a.score_table), set.data, unnested(arrays.column_count), column_list("")));
}

void flush_deletes(CachedAudience* audience, const ColumnArrays& arrays) {
  const AudienceDefinition& a = *audience->definition;
  run(a, {&audience->plans.delete_scores, &arrays, SPI_OK_DELETE, "a score row"}, nullptr,
      psprintf("DELETE FROM %s AS s USING unnest($1, $2) AS u(lead, sheet) "
               "WHERE s.lead OPERATOR(pg_catalog.=) u.lead AND s.sheet OPERATOR(pg_catalog.=) u.sheet",
               qualified_name(a.score_table)));
}

constexpr Oid change_types[] = {TEXTOID, TEXTOID, INT4OID, TIMESTAMPTZOID, INT4OID, TEXTOID,
                                BOOLOID, BOOLOID, TEXTOID, TEXTOID,        TEXTOID, TIMESTAMPTZOID};

void flush_changes(CachedAudience* audience, const ColumnArrays& arrays) {
  const AudienceDefinition& a = *audience->definition;
  run(a, {&audience->plans.insert_changes, &arrays, SPI_OK_INSERT, "a band change"}, change_types,
      psprintf("INSERT INTO %s (lead, sheet, from_band, to_band, score, at, revision, cause, upward, "
               "handoff, next_step, "
               "owner_role, calendar, due_at) SELECT * FROM %s",
               qualified_name(a.band_change_table), unnested(arrays.column_count)));
}

}  // namespace

void begin_score_writes(ScoreWrites* writes) {
  begin_arrays(&writes->inserted, score_column_count + 2);
  begin_arrays(&writes->updated, score_column_count + 2);
  begin_arrays(&writes->deleted, 2);
  begin_arrays(&writes->changes, 2 + static_cast<int>(lengthof(change_types)));
}

void insert_score(ScoreWrites* writes, Datum key, const ScoreRow& row) {
  add_score(&writes->inserted, key, row);
}

void update_score(ScoreWrites* writes, Datum key, const ScoreRow& row) {
  add_score(&writes->updated, key, row);
}

void delete_score(ScoreWrites* writes, Datum key, const char* sheet) {
  const int row = next_row(&writes->deleted);
  put(&writes->deleted, row, 0, key, false);
  put(&writes->deleted, row, 1, CStringGetTextDatum(sheet), false);
}

void append_change(ScoreWrites* writes, const BandChange& change) {
  ColumnArrays* arrays = &writes->changes;
  const int row = next_row(arrays);
  put(arrays, row, 0, change.key, false);
  put(arrays, row, 1, CStringGetTextDatum(change.sheet), false);
  put(arrays, row, 2, change.from, change.from == 0);
  put(arrays, row, 3, change.to, change.to == 0);
  put(arrays, row, 4, Int32GetDatum(change.score), !change.has_score);
  put(arrays, row, 5, TimestampTzGetDatum(change.at), false);
  put(arrays, row, 6, Int32GetDatum(change.revision), false);
  put(arrays, row, 7, CStringGetTextDatum(change.cause), false);
  put(arrays, row, 8, BoolGetDatum(change.upward), false);
  const FollowUp& follow_up = change.follow_up;
  put(arrays, row, 9, BoolGetDatum(follow_up.asked), false);
  put(arrays, row, 10, follow_up.next_step, follow_up.next_step == 0);
  put(arrays, row, 11, follow_up.owner_role, follow_up.owner_role == 0);
  put(arrays, row, 12, follow_up.calendar, follow_up.calendar == 0);
  put(arrays, row, 13, TimestampTzGetDatum(follow_up.due_at), !follow_up.has_due);
}

void flush_score_writes(CachedAudience* audience, ScoreWrites* writes) {
  if (writes->deleted.used > 0) flush_deletes(audience, writes->deleted);
  if (writes->updated.used > 0) flush_updates(audience, writes->updated);
  if (writes->inserted.used > 0) flush_inserts(audience, writes->inserted);
  if (writes->changes.used > 0) flush_changes(audience, writes->changes);
}

}  // namespace lead_scoring
