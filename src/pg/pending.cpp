#include "pg/pending.hpp"

#include "pg/counting.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace lead_scoring {

void begin_pending(PendingTable* table, CachedAudience* audience) {
  *table = {};
  table->audience = audience;
  table->context = CurrentMemoryContext;
  table->rel = table_open(audience->definition->pending_table, RowExclusiveLock);
  look_again_for_pending(table);
}

void end_pending(PendingTable* table) {
  if (table->is_open) close_stored(&table->stored);
  table_close(table->rel, NoLock);
}

// A table without blocks has no rows: where nobody appends, this is all that it costs.
void look_again_for_pending(PendingTable* table) {
  table->in_use = RelationGetNumberOfBlocks(table->rel) > 0;
  if (table->is_open) look_again(&table->stored.by_key);
}

namespace {

void open(PendingTable* table) {
  if (table->is_open) return;
  MemoryContext caller = MemoryContextSwitchTo(table->context);
  open_stored(&table->stored, table->audience->definition->pending_table);
  const AudienceDefinition& a = *table->audience->definition;
  table->lead = required_column(table->stored, "lead", a.key.type, 1);
  table->delta = required_column(table->stored, "delta", a.tally_type, 3);
  require_lead_key(table->stored, table->lead, a.key, 1);
  table->is_open = true;
  MemoryContextSwitchTo(caller);
}

}  // namespace

bool has_pending(PendingTable* table, Datum key) {
  if (!table->in_use) return false;
  open(table);
  return find_row(&table->stored.by_key, key);
}

void append_pending(PendingTable* table, Datum key, Datum delta) {
  open(table);
  start_row(&table->stored);
  set_column(&table->stored, table->lead, key, false);
  set_column(&table->stored, table->delta, delta, false);
  insert_stored(&table->stored);
}

namespace {

Datum sum_of_result() {
  Datum state = 0;
  for (uint64 i = 0; i < SPI_processed; i++) {
    bool is_null = false;
    const Datum delta = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null);
    if (!is_null) state = open_tally_add_all(state, delta, CurrentMemoryContext);
  }
  return state == 0 ? state : close_tally(state);
}

}  // namespace

// As SQL: under READ COMMITTED its snapshot is newer than the lock, and under REPEATABLE READ it is the transaction's
// own, which leaves what it cannot see.
Datum take_pending(CachedAudience* audience, Datum key) {
  const AudienceDefinition& a = *audience->definition;
  Oid types[] = {a.key.type};
  Datum values[] = {key};
  const int level = prefer_indexes();
  prepared(&audience->plans.take_pending,
           psprintf("DELETE FROM %s AS p WHERE p.lead OPERATOR(pg_catalog.=) $1 RETURNING p.delta",
                    qualified_name(a.pending_table)),
           1, types);
  execute_prepared(audience->plans.take_pending, values, SPI_OK_DELETE_RETURNING);
  AtEOXact_GUC(true, level);
  const Datum sum = sum_of_result();
  SPI_freetuptable(SPI_tuptable);
  return sum;
}

void remove_pending(const AudienceDefinition& audience, const PendingRow* rows, int count) {
  if (count == 0) return;
  const auto size = sizeof(Datum) * static_cast<Size>(count);
  auto* keys = static_cast<Datum*>(MemoryContextAllocHuge(CurrentMemoryContext, size));
  auto* ids = static_cast<Datum*>(MemoryContextAllocHuge(CurrentMemoryContext, size));
  for (int i = 0; i < count; i++) {
    keys[i] = rows[i].key;
    ids[i] = Int64GetDatum(rows[i].id);
  }
  Oid types[] = {get_array_type(audience.key.type), INT8ARRAYOID};
  Datum values[] = {key_array(audience.key, keys, count),
                    PointerGetDatum(construct_array(ids, count, INT8OID, 8, true, TYPALIGN_DOUBLE))};
  run_sql(
      psprintf(
          "DELETE FROM %s AS p USING ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS u(lead, id) "
          "WHERE p.lead OPERATOR(pg_catalog.=) u.lead AND p.id OPERATOR(pg_catalog.=) u.id",
          qualified_name(audience.pending_table)),
      2, types, values, SPI_OK_DELETE);
}

char* pending_sums_sql(const AudienceDefinition& audience) {
  return psprintf("SELECT p.lead, lead_scoring.sum(p.delta) AS delta FROM %s AS p GROUP BY p.lead",
                  qualified_name(audience.pending_table));
}

}  // namespace lead_scoring
