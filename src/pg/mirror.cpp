// Protocol. The lead row comes last in the order of locks, and whoever updates a lead row holds it before our
// trigger asks for the tally: waiting for it here would deadlock. So it is only ever taken with SKIP LOCKED;
// what was skipped differs from its score row, which is how the next writer and refresh find it. Only rows
// that differ are locked or written, so our own trigger, fired by the write, finds nothing to do.
#include "pg/mirror.hpp"

#include "pg/subtransaction.hpp"
#include "pg/tally_store.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

namespace {

const char* listed(const char* a, const char* b) {
  return a == nullptr ? b : b == nullptr ? a : psprintf("%s, %s", a, b);
}

const char* column(const char* prefix, const char* name) {
  return name == nullptr ? nullptr : psprintf("%s%s", prefix, quote_identifier(name));
}

// IS DISTINCT FROM would look the operator up in the session's search_path, and this runs as the owner.
const char* differs(const char* column_name, const char* value) {
  if (column_name == nullptr) return "false";
  const char* name = quote_identifier(column_name);
  return psprintf("((l.%s OPERATOR(pg_catalog.=) %s) IS NOT TRUE AND NOT (l.%s IS NULL AND %s IS NULL))",
                  name, value, name, value);
}

const char* joined_scores(const AudienceDefinition& a) {
  return psprintf(
      "pg_catalog.unnest($1) AS u(k) LEFT JOIN %s AS s ON s.lead OPERATOR(pg_catalog.=) u.k "
      "AND s.sheet OPERATOR(pg_catalog.=) $2",
      qualified_name(a.score_table));
}

SPIPlanPtr find_plan(CachedAudience* audience) {
  const AudienceDefinition& a = *audience->definition;
  if (audience->plans.find_unequal != nullptr) return audience->plans.find_unequal;
  Oid types[] = {get_array_type(a.key.type), TEXTOID};
  return prepared(&audience->plans.find_unequal,
                  psprintf("SELECT u.k FROM %s JOIN %s AS l ON l.%s OPERATOR(pg_catalog.=) u.k WHERE %s",
                           joined_scores(a), qualified_name(a.lead_table), quote_identifier(a.lead_key),
                           mirror_differs_sql(a)),
                  2, types);
}

SPIPlanPtr lock_plan(CachedAudience* audience) {
  const AudienceDefinition& a = *audience->definition;
  if (audience->plans.lock_leads != nullptr) return audience->plans.lock_leads;
  Oid types[] = {get_array_type(a.key.type)};
  const char* key = quote_identifier(a.lead_key);
  return prepared(&audience->plans.lock_leads,
                  psprintf("SELECT l.%s FROM %s AS l WHERE l.%s OPERATOR(pg_catalog.=) ANY ($1) "
                           "FOR NO KEY UPDATE SKIP LOCKED",
                           key, qualified_name(a.lead_table), key),
                  1, types);
}

SPIPlanPtr copy_plan(CachedAudience* audience) {
  const AudienceDefinition& a = *audience->definition;
  if (audience->plans.copy_to_leads != nullptr) return audience->plans.copy_to_leads;
  Oid types[] = {get_array_type(a.key.type), TEXTOID};
  const char* score = column("", a.score_column);
  const char* band = column("", a.band_column);
  return prepared(&audience->plans.copy_to_leads,
                  psprintf("UPDATE %s AS l SET %s FROM %s WHERE l.%s OPERATOR(pg_catalog.=) u.k",
                           qualified_name(a.lead_table),
                           listed(score == nullptr ? nullptr : psprintf("%s = s.score", score),
                                  band == nullptr ? nullptr : psprintf("%s = s.band", band)),
                           joined_scores(a), quote_identifier(a.lead_key)),
                  2, types);
}

// First column of the last result as an array of keys.
Datum selected_keys(const KeyType& key, int* count) {
  *count = static_cast<int>(SPI_tuptable->numvals);
  auto* keys = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(std::max(*count, 1))));
  bool is_null = false;
  for (int i = 0; i < *count; i++)
    keys[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null);
  const Datum array = key_array(key, keys, *count);
  SPI_freetuptable(SPI_tuptable);
  return array;
}

}  // namespace

const char* mirrored_sheet(const CachedAudience& audience) {
  if (audience.definition->score_sheet != nullptr) return audience.definition->score_sheet;
  return audience.sheet_count == 0 ? nullptr : audience.sheets[0].name;
}

char* mirror_differs_sql(const AudienceDefinition& a) {
  return psprintf("(%s OR %s)", differs(a.score_column, "s.score"), differs(a.band_column, "s.band"));
}

namespace {

void copy_scores(CachedAudience* audience, Datum* keys, int count) {
  const AudienceDefinition& a = *audience->definition;
  const char* sheet = mirrored_sheet(*audience);
  Datum values[] = {key_array(a.key, keys, count), CStringGetTextDatum(sheet == nullptr ? "" : sheet)};
  int unequal = 0;
  read_latest(find_plan(audience), values);
  values[0] = selected_keys(a.key, &unequal);
  if (unequal == 0) return;
  int free_rows = 0;
  execute_prepared(lock_plan(audience), values, SPI_OK_SELECT);
  values[0] = selected_keys(a.key, &free_rows);
  if (free_rows > 0) execute_prepared(copy_plan(audience), values, SPI_OK_UPDATE);
}

}  // namespace

void mirror_scores(CachedAudience* audience, Datum* keys, int count, FailureList* failures) {
  const AudienceDefinition& a = *audience->definition;
  if (!has_mirror(a) || count == 0) return;
  ErrorData* error = nullptr;
  if (guarded(&error, [=] { copy_scores(audience, keys, count); })) return;
  record_failure(failures, "", nullptr, error->sqlerrcode,
                 psprintf("columns of the lead table are behind: %s", error->message),
                 key_text(a.key, keys[0]));
  FreeErrorData(error);
}

}  // namespace lead_scoring
