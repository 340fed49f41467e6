#include "pg/audience_work.hpp"

#include "pg/counting.hpp"
#include "pg/tally_datum.hpp"
#include "pg/tally_store.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/builtins.h"
}

namespace lead_scoring {

LeadDelta* empty_deltas(Datum* keys, int count) {
  auto* leads = static_cast<LeadDelta*>(MemoryContextAllocHuge(
      CurrentMemoryContext, sizeof(LeadDelta) * static_cast<Size>(std::max(count, 1))));
  const Datum empty = tally_datum_from(Bytes{});
  for (int i = 0; i < count; i++) leads[i] = {keys == nullptr ? Datum{0} : keys[i], empty, false};
  return leads;
}

LeadDelta* take_keys(const KeyType& key, int* count) {
  if (SPI_gettypeid(SPI_tuptable->tupdesc, 1) != key.type)
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("column \"lead\" of a table of lead_scoring is no longer of type %s",
                           format_type_be(key.type)),
                    errhint("ALTER TABLE gives it its type back.")));
  *count = static_cast<int>(SPI_processed);
  auto* keys = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(std::max(*count, 1))));
  for (int i = 0; i < *count; i++) {
    bool is_null = false;
    keys[i] = copy_key(key, SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null));
  }
  SPI_freetuptable(SPI_tuptable);
  return empty_deltas(keys, *count);
}

void record_resting(FailureList* failures, const RestingSource& resting) {
  record_failure(failures, resting.source, nullptr, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                 psprintf("nothing is counted: %s", resting.audience->broken), nullptr);
}

void tell_failures(const FailureList& failures, const AudienceDefinition& audience) {
  OwnerSwitch owner;
  become_owner(&owner, audience.owner);
  SPI_connect();
  write_failures(failures, audience);
  SPI_finish();
  be_oneself(owner);
}

void select_latest(const char* sql, int argument_count, Oid* types, Datum* values) {
  SPIPlanPtr plan = SPI_prepare(sql, argument_count, types);
  if (plan == nullptr) elog(ERROR, "lead_scoring: cannot prepare: %s", SPI_result_code_string(SPI_result));
  read_latest(plan, values);
  SPI_freeplan(plan);
}

Datum array_of_keys(const KeyType& key, const LeadDelta* leads, int count) {
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(std::max(count, 1))));
  for (int i = 0; i < count; i++) values[i] = leads[i].key;
  const Datum array = key_array(key, values, count);
  pfree(values);
  return array;
}

LeadDelta* next_leads(const AudienceDefinition& a, Datum after, bool has_after, int limit, int* count) {
  Oid types[] = {a.key.type, INT4OID};
  Datum values[] = {after, Int32GetDatum(limit)};
  const char nulls[] = {has_after ? ' ' : 'n', ' ', 0};
  const char* sql =
      psprintf("SELECT t.lead FROM %s AS t WHERE %s ORDER BY t.lead LIMIT $2", qualified_name(a.tally_table),
               has_after ? "t.lead OPERATOR(pg_catalog.>) $1" : "true");
  run_sql(sql, 2, types, values, SPI_OK_SELECT, nulls);
  return take_keys(a.key, count);
}

}  // namespace lead_scoring
