// Refreshing: rows whose next change has come, or that an older revision made, are evaluated again.
//
// Protocol. One pass in key order, a keyset and not "the next due": a row that stays due must not be met for
// ever. Tallies are locked with SKIP LOCKED, so that refresh never waits for writers and two refreshes share
// the work; what was skipped stays due, and its lock holder brings it up anyway. The query that finds the rows says
// nothing but keys: the rest is read under the lock.
#include "pg/audience_work.hpp"
#include "pg/counting.hpp"
#include "pg/due_scan.hpp"
#include "pg/mirror.hpp"
#include "pg/rescore.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

struct Position {
  Datum after;
  bool has_after;
  int limit;
};

// $1 the key to go on after or NULL, $2 how many, $3 now.
LeadDelta* select_keys(const AudienceDefinition& a, const char* sql, const Position& position, int* count) {
  Oid types[] = {a.key.type, INT4OID, TIMESTAMPTZOID};
  Datum values[] = {position.after, Int32GetDatum(position.limit),
                    TimestampTzGetDatum(GetCurrentTimestamp())};
  const char nulls[] = {position.has_after ? ' ' : 'n', ' ', ' ', 0};
  // In the order of an index: a plan that sorts would read all of the table for each batch.
  const int level = prefer_indexes();
  run_sql(sql, lengthof(types), types, values, SPI_OK_SELECT, nulls);
  AtEOXact_GUC(true, level);
  return take_keys(a.key, count);
}

// Leads outside a segment, who have no row there, whose time has come.
LeadDelta* waking_leads(const AudienceDefinition& a, const Position& position, int* count) {
  const char* sql = psprintf(
      "SELECT t.lead FROM %s AS t WHERE ($1 IS NULL OR t.lead OPERATOR(pg_catalog.>) $1) "
      "AND t.wake_at OPERATOR(pg_catalog.<=) $3 ORDER BY t.lead LIMIT $2",
      qualified_name(a.tally_table));
  return select_keys(a, sql, position, count);
}

// Leads with events that found their tally held by somebody else.
LeadDelta* pending_leads(const AudienceDefinition& a, const Position& position, int* count) {
  const char* sql = psprintf(
      "SELECT DISTINCT p.lead FROM %s AS p WHERE ($1 IS NULL OR p.lead OPERATOR(pg_catalog.>) $1) "
      "ORDER BY p.lead LIMIT $2",
      qualified_name(a.pending_table));
  return select_keys(a, sql, position, count);
}

// Leads whose mirror columns are behind: their row was locked by somebody else when the score was written.
LeadDelta* unequal_leads(const CachedAudience& audience, const Position& position, int* count) {
  const AudienceDefinition& a = *audience.definition;
  *count = 0;
  if (!has_mirror(a)) return nullptr;
  const char* sheet = mirrored_sheet(audience);
  const char* key = quote_identifier(a.lead_key);
  const char* sql = psprintf(
      "SELECT l.%s FROM %s AS l LEFT JOIN %s AS s ON s.lead OPERATOR(pg_catalog.=) l.%s "
      "AND s.sheet OPERATOR(pg_catalog.=) %s WHERE ($1 IS NULL OR l.%s OPERATOR(pg_catalog.>) $1) AND %s "
      "ORDER BY l.%s LIMIT $2",
      key, qualified_name(a.lead_table), qualified_name(a.score_table), key,
      quote_literal_cstr(sheet == nullptr ? "" : sheet), key, mirror_differs_sql(a), key);
  return select_keys(a, sql, position, count);
}

[[noreturn]] void refuse_kind(const char* what) {
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there are no leads that are \"%s\"", what),
           errhint("One of pending, due, waking, unequal.")));
  pg_unreachable();
}

// What is to be looked at.
DueLeads next_due(CachedAudience* audience, const char* what, const Position& position) {
  if (strcmp(what, "due") == 0)
    return find_due_leads(audience, position.has_after ? &position.after : nullptr, position.limit);
  DueLeads due = {};
  if (strcmp(what, "pending") == 0)
    due.leads = pending_leads(*audience->definition, position, &due.count);
  else if (strcmp(what, "waking") == 0)
    due.leads = waking_leads(*audience->definition, position, &due.count);
  else if (strcmp(what, "unequal") == 0)
    due.leads = unequal_leads(*audience, position, &due.count);
  else
    refuse_kind(what);
  if (due.count > 0) due.last = due.leads[due.count - 1].key;
  return due;
}

struct Progress {
  char* last_key;  // nullptr: nothing more is due
  int64 refreshed;
  int64 skipped;
  bool told;
};

void refresh_batch(AudienceWork* work, const char* after, int limit, const char* what, MemoryContext caller,
                   Progress* progress) {
  const AudienceDefinition& a = definition(*work);
  const Position position = {after == nullptr ? Datum{0} : key_from_text(a.key, after), after != nullptr,
                             limit};
  const DueLeads due = next_due(work->audience, what, position);
  if (due.count == 0) return;
  const Rescored done =
      rescore_free(work->audience, due.leads, due.places, due.count, "time", &work->failures);
  *progress = {MemoryContextStrdup(caller, key_text(a.key, due.last)), done.leads, due.count - done.leads,
               done.told};
}

}  // namespace

}  // namespace lead_scoring

using namespace lead_scoring;

// refresh_batch(audience, after, batch_size, what) → (last_key, refreshed, skipped, told)
LS_FUNCTION(ls_refresh_batch) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("audience, batch size and what must not be NULL")));
  const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const char* after = PG_ARGISNULL(1) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(1));
  const int32 limit = PG_GETARG_INT32(2);
  const char* what = text_to_cstring(PG_GETARG_TEXT_PP(3));
  if (limit < 1)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("batch size must be at least 1, not %d", limit)));
  MemoryContext caller = CurrentMemoryContext;
  Progress progress = {nullptr, 0, 0, false};
  with_named_audience(
      name, [&](AudienceWork* work) { refresh_batch(work, after, limit, what, caller, &progress); });
  TupleDesc desc = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "lead_scoring: refresh_batch must return a row");
  desc = BlessTupleDesc(desc);
  Datum values[] = {progress.last_key == nullptr ? Datum{0} : CStringGetTextDatum(progress.last_key),
                    Int64GetDatum(progress.refreshed), Int64GetDatum(progress.skipped),
                    BoolGetDatum(progress.told)};
  bool nulls[] = {progress.last_key == nullptr, false, false, false};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

// active_models(score_table) → rows (sheet, revision, model): for everybody who may read the scores. Read past
// row-level security, so that a view over the scores works for whoever may select from it; by table, so that
// the view outlives a new name of its audience.
LS_FUNCTION(ls_active_models) {
  const AudienceDefinition* audience = require_readable_scores(PG_GETARG_OID(0));
  begin_rows(fcinfo);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  ListCell* cell = nullptr;
  foreach (cell, read_active_sheets(audience->name)) {
    const auto* sheet = static_cast<const ActiveSheet*>(lfirst(cell));
    struct varlena* model = read_model(sheet->name, sheet->revision);
    if (model == nullptr) continue;
    Datum values[] = {CStringGetTextDatum(sheet->name), Int32GetDatum(sheet->revision),
                      PointerGetDatum(model)};
    bool nulls[] = {false, false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return Datum{0};
}
