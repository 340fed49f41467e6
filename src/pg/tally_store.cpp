#include "pg/tally_store.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

SPIPlanPtr prepared(SPIPlanPtr* plan, const char* sql, int argument_count, Oid* types) {
  if (*plan != nullptr) return *plan;
  // A generic plan: the arrays are small or walked by index, and planning each time would cost more.
  SPIPlanPtr made = SPI_prepare_cursor(sql, argument_count, types, CURSOR_OPT_GENERIC_PLAN);
  if (made == nullptr) elog(ERROR, "lead_scoring: cannot prepare: %s", SPI_result_code_string(SPI_result));
  if (SPI_keepplan(made) != 0) elog(ERROR, "lead_scoring: cannot keep a plan");
  *plan = made;
  return made;
}

void execute_prepared(SPIPlanPtr plan, Datum* values, int expected_result) {
  const int result = SPI_execute_plan(plan, values, nullptr, false, 0);
  if (result != expected_result)
    elog(ERROR, "lead_scoring: unexpected result %s", SPI_result_code_string(result));
}

void read_latest(SPIPlanPtr plan, Datum* values) {
  const int result =
      SPI_execute_snapshot(plan, values, nullptr, GetLatestSnapshot(), InvalidSnapshot, false, true, 0);
  if (result != SPI_OK_SELECT)
    elog(ERROR, "lead_scoring: unexpected result %s", SPI_result_code_string(result));
}

namespace {

Datum tally_array(const LeadDelta* leads, int count) {
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count)));
  for (int i = 0; i < count; i++) values[i] = leads[i].tally;
  return PointerGetDatum(construct_array(values, count, catalog_type("tally"), -1, false, TYPALIGN_DOUBLE));
}

Datum keys_of(const KeyType& key, const LeadDelta* leads, int count) {
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count)));
  for (int i = 0; i < count; i++) values[i] = leads[i].key;
  return key_array(key, values, count);
}

}  // namespace

void merge_tallies(CachedAudience* audience, const LeadDelta* leads, int count) {
  const AudienceDefinition& a = *audience->definition;
  if (audience->plans.merge == nullptr) {
    Oid types[] = {get_array_type(a.key.type), get_array_type(catalog_type("tally"))};
    prepared(
        &audience->plans.merge,
        psprintf(
            "INSERT INTO %s AS t (lead, recent) "
            "SELECT u.k, u.d FROM unnest($1, $2) AS u(k, d) "
            "ON CONFLICT (lead) DO UPDATE SET recent = t.recent OPERATOR(lead_scoring.+) excluded.recent "
            "WHERE excluded.recent OPERATOR(lead_scoring.<>) '{}'::lead_scoring.tally",
            qualified_name(a.tally_table)),
        2, types);
  }
  Datum values[] = {keys_of(a.key, leads, count), tally_array(leads, count)};
  execute_prepared(audience->plans.merge, values, SPI_OK_INSERT);
}

void keep_up_tallies(CachedAudience* audience, const TallyUpkeep& upkeep) {
  const AudienceDefinition& a = *audience->definition;
  Oid types[] = {get_array_type(a.key.type), TIMESTAMPTZARRAYOID};
  char* table = qualified_name(a.tally_table);
  if (upkeep.fold_count > 0) {
    prepared(&audience->plans.fold,
             psprintf("UPDATE %s AS t SET base = t.base OPERATOR(lead_scoring.+) t.recent, recent = '{}' "
                      "WHERE t.lead OPERATOR(pg_catalog.=) ANY ($1)",
                      table),
             1, types);
    Datum values[] = {key_array(a.key, upkeep.fold, upkeep.fold_count)};
    execute_prepared(audience->plans.fold, values, SPI_OK_UPDATE);
  }
  if (upkeep.wake_count > 0) {
    prepared(&audience->plans.wake,
             psprintf("UPDATE %s AS t SET wake_at = u.w FROM unnest($1, $2) AS u(k, w) "
                      "WHERE t.lead OPERATOR(pg_catalog.=) u.k",
                      table),
             2, types);
    Datum values[] = {key_array(a.key, upkeep.wake, upkeep.wake_count),
                      PointerGetDatum(construct_array(upkeep.wake_at, upkeep.wake_count, TIMESTAMPTZOID, 8,
                                                      FLOAT8PASSBYVAL, TYPALIGN_DOUBLE))};
    execute_prepared(audience->plans.wake, values, SPI_OK_UPDATE);
  }
  if (upkeep.forget_count > 0) {
    prepared(&audience->plans.forget,
             psprintf("DELETE FROM %s AS t WHERE t.lead OPERATOR(pg_catalog.=) ANY ($1)", table), 1, types);
    Datum values[] = {key_array(a.key, upkeep.forget, upkeep.forget_count)};
    execute_prepared(audience->plans.forget, values, SPI_OK_DELETE);
  }
}

}  // namespace lead_scoring
