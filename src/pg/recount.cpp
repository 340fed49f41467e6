// Protocol of counting beside writers: the keys to be replaced are locked in one statement and recounted in
// the next, whose snapshot sees every writer that held one of those locks. Keys that appear in between are
// counted by their own writers. Relations are locked before tally rows, or TRUNCATE could deadlock with us.
#include "pg/recount.hpp"

#include "pg/audience_work.hpp"
#include "pg/counting.hpp"
#include "pg/pending.hpp"
#include "pg/rescore.hpp"
#include "pg/tally_datum.hpp"
#include "pg/tally_store.hpp"

extern "C" {
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

void lock_sources(const AudienceDefinition& audience) {
  ListCell* cell = nullptr;
  foreach (cell, read_sources(audience.name))
    (void)lock_for_reading(static_cast<const SourceDefinition*>(lfirst(cell))->table);
}

// Which entries are counted afresh; the others of a tally are kept.
struct CountedPart {
  const char* source;   // nullptr: all
  const char* literal;  // the signals as int[]; nullptr: all
  SignalSet signals;    // the same
};

CountedPart whole() { return {nullptr, nullptr, {true, nullptr, 0}}; }

int compare_numbers(const void* a, const void* b) {
  const auto x = *static_cast<const std::uint32_t*>(a);
  const auto y = *static_cast<const std::uint32_t*>(b);
  return (x > y) - (x < y);
}

CountedPart part_of(const char* source, const std::uint32_t* numbers, int count) {
  auto* sorted = static_cast<std::uint32_t*>(palloc(sizeof(std::uint32_t) * static_cast<Size>(count + 1)));
  memcpy(sorted, numbers, sizeof(std::uint32_t) * static_cast<Size>(count));
  qsort(sorted, static_cast<size_t>(count), sizeof(std::uint32_t), compare_numbers);
  StringInfoData list;
  initStringInfo(&list);
  for (int i = 0; i < count; i++) appendStringInfo(&list, "%s%u", i == 0 ? "{" : ",", sorted[i]);
  appendStringInfoString(&list, count == 0 ? "{}" : "}");
  return {source, list.data, {false, sorted, count}};
}

CountedPart part_of(const SourceDefinition& source) {
  auto* numbers =
      static_cast<std::uint32_t*>(palloc(sizeof(std::uint32_t) * static_cast<Size>(source.signal_count + 1)));
  for (int i = 0; i < source.signal_count; i++)
    numbers[i] = static_cast<std::uint32_t>(source.signals[i].number);
  return part_of(source.name, numbers, source.signal_count);
}

CountedPart part_of(ArrayType* numbers) {
  return part_of(nullptr, reinterpret_cast<const std::uint32_t*>(ARR_DATA_PTR(numbers)),
                 ArrayGetNItems(ARR_NDIM(numbers), ARR_DIMS(numbers)));
}

// Beside what is counted the pending deltas of the same leads, less the entries that are counted, in one snapshot: it
// sees a source row and what that row has left there, or neither.
const char* counted_sql(const AudienceDefinition& audience, const RecountQuery& query, void*) {
  const char* kept = query.signals == nullptr
                         ? "'{}'::lead_scoring.tally"
                         : psprintf("lead_scoring.without_signals(p.delta, '%s')", query.signals);
  return psprintf(
      "SELECT e.lead, e.tally, e.id FROM (SELECT c.lead, c.tally, NULL::bigint AS id FROM (%s) AS c UNION "
      "ALL "
      "SELECT p.lead, %s, p.id FROM %s AS p WHERE p.lead OPERATOR(pg_catalog.=) ANY ($1)) AS e ORDER BY %s",
      recount_sql(audience, query), kept, qualified_name(audience.pending_table),
      key_expression(audience, "lead"));
}

struct Recounted {
  LeadDelta* leads;  // in their order; who has no row in the sources has an empty tally
  PendingRow* pending;
  int pending_count;
};

// What the sources say of these leads. The tally rows must be locked by an earlier statement.
Recounted recounted(AudienceWork* work, const LeadDelta* leads, int count, const CountedPart& part) {
  const AudienceDefinition& a = definition(*work);
  Oid types[] = {get_array_type(a.key.type)};
  Datum values[] = {array_of_keys(a.key, leads, count)};
  const RecountQuery query = {part.source, part.literal, "$1", false, InvalidOid};
  run_counting(a, {counted_sql, nullptr, query, 1, types, values, SPI_OK_SELECT}, &work->failures);
  const SPITupleTable* rows = SPI_tuptable;
  Recounted result = {empty_deltas(nullptr, count), nullptr, 0};
  result.pending = static_cast<PendingRow*>(MemoryContextAllocHuge(
      CurrentMemoryContext, sizeof(PendingRow) * static_cast<Size>(rows->numvals + 1)));
  uint64 next = 0;
  for (int i = 0; i < count; i++) {
    LeadDelta* lead = &result.leads[i];
    lead->key = leads[i].key;
    for (; next < rows->numvals; next++) {
      bool is_null = false;
      HeapTuple row = rows->vals[next];
      if (compare_keys(a.key, lead->key, SPI_getbinval(row, rows->tupdesc, 1, &is_null)) != 0) break;
      const Datum tally = SPI_getbinval(row, rows->tupdesc, 2, &is_null);
      if (!is_null) lead->tally = is_empty_tally(lead->tally) ? tally : tally_sum(lead->tally, tally);
      const int64 id = DatumGetInt64(SPI_getbinval(row, rows->tupdesc, 3, &is_null));
      if (!is_null) result.pending[result.pending_count++] = {lead->key, id};
    }
  }
  return result;
}

// Counts the part afresh and scores. The tally rows must be locked by an earlier statement.
void recount_leads(AudienceWork* work, const LeadDelta* leads, int count, const CountedPart& part,
                   const char* cause) {
  const Recounted counted = recounted(work, leads, count, part);
  SPITupleTable* tallies = SPI_tuptable;
  remove_pending(definition(*work), counted.pending, counted.pending_count);
  replace_counted(work->audience, counted.leads, count, part.signals, cause, &work->failures);
  SPI_freetuptable(tallies);
}

// Keys of the leads that have entries of these signals, also pending ones.
LeadDelta* leads_with_signals(const AudienceDefinition& a, const char* signals, int* count) {
  select_latest(
      psprintf(
          "SELECT q.lead FROM (SELECT t.lead, t.base OPERATOR(lead_scoring.+) t.recent AS tally FROM %s AS t "
          "UNION ALL SELECT p.lead, p.delta FROM %s AS p) AS q WHERE lead_scoring.only_signals(q.tally, "
          "'%s') "
          "OPERATOR(lead_scoring.<>) '{}'::lead_scoring.tally GROUP BY q.lead ORDER BY q.lead",
          qualified_name(a.tally_table), qualified_name(a.pending_table), signals),
      0, nullptr, nullptr);
  return take_keys(a.key, count);
}

LeadDelta* all_leads(const AudienceDefinition& a, int* count) {
  select_latest(psprintf("SELECT t.lead FROM %s AS t ORDER BY t.lead", qualified_name(a.tally_table)), 0,
                nullptr, nullptr);
  return take_keys(a.key, count);
}

}  // namespace

void recount_after_truncate(const TrackedSource& source) {
  const SourceDefinition& s = *source.matcher->source;
  if (s.signal_count == 0 && !s.profile) return;
  with_audience(source.audience, [&](AudienceWork* work) {
    const AudienceDefinition& a = definition(*work);
    const CountedPart part = part_of(s);
    int count = 0;
    // With the lead table every score row goes, so every lead is looked at.
    LeadDelta* leads = s.profile ? all_leads(a, &count) : leads_with_signals(a, part.literal, &count);
    if (count == 0) return;
    merge_tallies(work->audience, leads, count, IfHeld::wait, nullptr);
    recount_leads(work, leads, count, part, "truncate");
  });
}

namespace {

const char* add_sql(const AudienceDefinition& audience, const RecountQuery& query, void*) {
  return psprintf(
      "INSERT INTO %s AS t (lead, base) SELECT c.lead, c.tally FROM (%s) AS c "
      "WHERE c.tally OPERATOR(lead_scoring.<>) '{}'::lead_scoring.tally ORDER BY c.lead "
      "ON CONFLICT (lead) DO UPDATE SET base = t.base OPERATOR(lead_scoring.+) excluded.base",
      qualified_name(audience.tally_table), recount_sql(audience, query));
}

constexpr int rescore_batch_size = 10000;
constexpr int notice_after_ms = 10000;

int64 rescore_all(AudienceWork* work, const char* cause) {
  const AudienceDefinition& a = definition(*work);
  TimestampTz noticed_at = GetCurrentTimestamp();
  int64 total = 0;
  int count = 0;
  Datum after = 0;
  do {
    LeadDelta* leads = next_leads(a, after, total > 0, rescore_batch_size, &count);
    apply_deltas(work->audience, leads, count, {cause, true, false}, &work->failures);
    if (count > 0) after = leads[count - 1].key;
    total += count;
    if (TimestampDifferenceExceeds(noticed_at, GetCurrentTimestamp(), notice_after_ms)) {
      noticed_at = GetCurrentTimestamp();
      ereport(NOTICE, (errmsg("lead_scoring: %s of \"%s\": %lld leads so far", cause, a.name,
                              static_cast<long long>(total))));
    }
  } while (count == rescore_batch_size);
  return total;
}

// A tally row for every lead and for every key that a source or a pending delta names, in key order.
void create_tally_rows(AudienceWork* work) {
  const AudienceDefinition& a = definition(*work);
  StringInfoData sql;
  initStringInfo(&sql);
  ListCell* cell = nullptr;
  foreach (cell, read_sources(a.name)) {
    const auto* source = static_cast<const SourceDefinition*>(lfirst(cell));
    appendStringInfo(&sql, "%sSELECT %s AS lead FROM %s AS e WHERE %s", sql.len == 0 ? "" : " UNION ",
                     key_expression(a, source->lead_key), qualified_name(source->table),
                     names_lead_sql(a, source->lead_key));
  }
  appendStringInfo(&sql, "%sSELECT p.lead FROM %s AS p", sql.len == 0 ? "" : " UNION ",
                   qualified_name(a.pending_table));
  run_sql(
      psprintf(
          "INSERT INTO %s (lead) SELECT q.lead FROM (%s) AS q ORDER BY q.lead ON CONFLICT (lead) DO NOTHING",
          qualified_name(a.tally_table), sql.data),
      0, nullptr, nullptr, SPI_OK_INSERT);
}

}  // namespace

}  // namespace lead_scoring

using namespace lead_scoring;

// count_new_signals(audience, numbers) → void. The sources must be locked against writers, and nobody may
// have counted these signals before.
LS_FUNCTION(ls_count_new_signals) {
  const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
  char* signals = OidOutputFunctionCall(F_ARRAY_OUT, PG_GETARG_DATUM(1));
  with_named_audience(name, [&](AudienceWork* work) {
    const RecountQuery query = {nullptr, signals, nullptr, false, InvalidOid};
    run_counting(definition(*work), {add_sql, nullptr, query, 0, nullptr, nullptr, SPI_OK_INSERT},
                 &work->failures);
  });
  PG_RETURN_VOID();
}

// forget_signals(audience, numbers) → void
LS_FUNCTION(ls_forget_signals) {
  const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const CountedPart part = part_of(PG_GETARG_ARRAYTYPE_P(1));
  with_named_audience(name, [&](AudienceWork* work) {
    lock_sources(definition(*work));
    int count = 0;
    LeadDelta* leads = leads_with_signals(definition(*work), part.literal, &count);
    if (count == 0) return;
    merge_tallies(work->audience, leads, count, IfHeld::wait, nullptr);
    // Nobody counts them any more, so a recount of just these signals is empty.
    recount_leads(work, leads, count, part, "source removed");
  });
  PG_RETURN_VOID();
}

// rescore_all(audience, cause) → leads looked at. In one transaction, leads locked in key order.
LS_FUNCTION(ls_rescore_all) {
  const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const char* cause = text_to_cstring(PG_GETARG_TEXT_PP(1));
  int64 total = 0;
  with_named_audience(name, [&](AudienceWork* work) { total = rescore_all(work, cause); });
  PG_RETURN_INT64(total);
}

// create_tally_rows(audience) → void
LS_FUNCTION(ls_create_tally_rows) {
  with_named_audience(text_to_cstring(PG_GETARG_TEXT_PP(0)),
                      [](AudienceWork* work) { create_tally_rows(work); });
  PG_RETURN_VOID();
}

// rebuild_batch(audience, after, batch_size) → (last_key, leads); last_key NULL at the end.
LS_FUNCTION(ls_rebuild_batch) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
    ereport(ERROR,
            (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("audience and batch size must not be NULL")));
  const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const char* after = PG_ARGISNULL(1) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(1));
  const int32 limit = PG_GETARG_INT32(2);
  if (limit < 1)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("batch size must be at least 1, not %d", limit)));
  MemoryContext caller = CurrentMemoryContext;
  Datum last = 0;
  int count = 0;
  with_named_audience(name, [&](AudienceWork* work) {
    const AudienceDefinition& a = definition(*work);
    lock_sources(a);
    const Datum from = after == nullptr ? Datum{0} : key_from_text(a.key, after);
    LeadDelta* leads = next_leads(a, from, after != nullptr, limit, &count);
    if (count == 0) return;
    merge_tallies(work->audience, leads, count, IfHeld::wait, nullptr);
    recount_leads(work, leads, count, whole(), "rebuild");
    last = PointerGetDatum(MemoryContextStrdup(caller, key_text(a.key, leads[count - 1].key)));
  });
  TupleDesc desc = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "lead_scoring: rebuild_batch must return a row");
  Datum values[] = {last == 0 ? last : CStringGetTextDatum(DatumGetCString(last)), Int64GetDatum(count)};
  bool nulls[] = {last == 0, false};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

// wait_for_writers(audience) → void. Returns when every transaction that was writing to a source when this
// was called has ended: such a transaction may not know what has changed in the catalog.
LS_FUNCTION(ls_wait_for_writers) {
  AudienceDefinition* audience = require_owned_audience(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  List* tags = NIL;
  ListCell* cell = nullptr;
  foreach (cell, read_sources(audience->name)) {
    ListCell* inner = nullptr;
    foreach (inner, find_all_inheritors(static_cast<const SourceDefinition*>(lfirst(cell))->table, NoLock,
                                        nullptr)) {
      auto* tag = palloc_object(LOCKTAG);
      SET_LOCKTAG_RELATION(*tag, MyDatabaseId, lfirst_oid(inner));
      tags = lappend(tags, tag);
    }
  }
  WaitForLockersMultiple(tags, ShareLock, false);
  PG_RETURN_VOID();
}
