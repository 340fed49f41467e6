// Queries that count sources. Expressions of signals run inside them as the audience's owner, in a restricted
// context, with a pinned search_path.
#include "pg/counting.hpp"

#include "pg/expression.hpp"
#include "pg/owner.hpp"
#include "pg/source_matcher.hpp"
#include "pg/subtransaction.hpp"
#include "pg/tally_rows.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/pg_collation.h"
#include "executor/spi.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace lead_scoring {

namespace {

// ', e."column"' for each column that matching reads, and their numbers as a literal.
void append_columns(StringInfo values, StringInfo numbers, const SourceMatcher* matcher) {
  int column = -1;
  while ((column = bms_next_member(matcher->columns, column)) >= 0) {
    appendStringInfo(values, ", e.%s",
                     quote_identifier(NameStr(TupleDescAttr(matcher->desc, column - 1)->attname)));
    appendStringInfo(numbers, "%s%d", numbers->len == 0 ? "" : ",", column);
  }
}

char* qualified_collation(Oid collation) {
  HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "lead_scoring: collation %u is missing", collation);
  auto* form = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
  char* name = quote_qualified_identifier(get_namespace_name(form->collnamespace), NameStr(form->collname));
  ReleaseSysCache(tuple);
  return name;
}

// An expression as the audience's key type and collation.
char* as_key(const AudienceDefinition& audience, const char* expression) {
  char* key = psprintf("%s::%s", expression, format_type_be_qualified(audience.key.type));
  if (!OidIsValid(audience.key.collation)) return key;
  return psprintf("(%s) COLLATE %s", key, qualified_collation(audience.key.collation));
}

}  // namespace

char* key_expression(const AudienceDefinition& audience, const char* column) {
  return as_key(audience, psprintf("e.%s", quote_identifier(column)));
}

char* names_lead_sql(const AudienceDefinition& audience, const char* column) {
  const char* quoted = quote_identifier(column);
  if (audience.key.length != -1) return psprintf("e.%s IS NOT NULL", quoted);
  return psprintf("pg_catalog.octet_length(e.%s::pg_catalog.text) OPERATOR(pg_catalog.<=) %d", quoted,
                  longest_key);
}

namespace {

// Whether a source has one of the signals of an int[] literal; nullptr: it has any at all.
bool has_any_signal(const SourceDefinition& source, const char* signals) {
  if (signals == nullptr) return source.signal_count > 0;
  for (const char* at = signals; *at != '\0'; at++) {
    if (!isdigit(static_cast<unsigned char>(*at))) continue;
    char* end = nullptr;
    const auto number = strtol(at, &end, 10);
    for (int i = 0; i < source.signal_count; i++)
      if (source.signals[i].number == number) return true;
    at = end - 1;
  }
  return false;
}

// The query over one source; false when its rows cannot name leads any more.
bool append_source(StringInfo sql, const AudienceDefinition& audience, const SourceDefinition& source,
                   const RecountQuery& query) {
  if (!has_any_signal(source, query.signals)) return false;
  Relation rel = try_relation_open(source.table, AccessShareLock);
  if (rel == nullptr) return false;
  OwnerSwitch owner;
  become_owner(&owner, audience.owner);
  SourceMatcher* matcher = make_matcher(audience, source, rel, CurrentMemoryContext);
  be_oneself(owner);
  relation_close(rel, NoLock);
  if (matcher->key_column == 0) return false;
  StringInfoData values;
  StringInfoData numbers;
  initStringInfo(&values);
  initStringInfo(&numbers);
  append_columns(&values, &numbers, matcher);
  const char* key = quote_identifier(source.lead_key);
  StringInfoData counted;
  initStringInfo(&counted);
  appendStringInfo(
      &counted,
      "SELECT lead_scoring.tally_rows(%s, %s, %s, %s, '{%s}'::pg_catalog.int2[]%s) AS leads FROM %s AS e "
      "WHERE %s",
      quote_literal_cstr(audience.name), quote_literal_cstr(source.name),
      query.signals == nullptr ? "NULL" : psprintf("'%s'::pg_catalog.int4[]", query.signals),
      query.guarded ? "true" : "false", numbers.data, values.data,
      qualified_name(OidIsValid(query.table) ? query.table : source.table),
      names_lead_sql(audience, source.lead_key));
  // Keys are equal as the lead key says; without a collation the bare column can use an index of its own type.
  if (query.keys != nullptr)
    appendStringInfo(&counted, " AND %s OPERATOR(pg_catalog.=) ANY (%s)",
                     OidIsValid(audience.key.collation) ? key_expression(audience, source.lead_key)
                                                        : psprintf("e.%s", key),
                     query.keys);
  // The log takes keys as equal when their bytes are; a collation may see it otherwise.
  const bool by_bytes =
      !OidIsValid(audience.key.collation) || get_collation_isdeterministic(audience.key.collation);
  if (!by_bytes) appendStringInfoString(sql, "SELECT lead, lead_scoring.sum(tally) AS tally FROM (");
  appendStringInfo(
      sql,
      "SELECT lead_scoring.counted_keys(c.leads, %s) AS lead, lead_scoring.counted_tallies(c.leads) "
      "AS tally FROM (%s) AS c",
      as_key(audience, "NULL"), counted.data);
  if (!by_bytes) appendStringInfoString(sql, ") AS k GROUP BY lead");
  return true;
}

}  // namespace

// A lead's tallies of all sources are joined, and then added: there is at most one of each.
char* recount_sql(const AudienceDefinition& audience, const RecountQuery& query) {
  StringInfoData joined;
  StringInfoData sum;
  initStringInfo(&joined);
  initStringInfo(&sum);
  int count = 0;
  ListCell* cell = nullptr;
  foreach (cell, read_sources(audience.name)) {
    const auto* source = static_cast<const SourceDefinition*>(lfirst(cell));
    if (query.source != nullptr && strcmp(query.source, source->name) != 0) continue;
    StringInfoData rows;
    initStringInfo(&rows);
    if (!append_source(&rows, audience, *source, query)) continue;
    count++;
    appendStringInfo(&joined, count == 1 ? "(%s) AS q%d" : " FULL JOIN (%s) AS q%d USING (lead)", rows.data,
                     count);
    appendStringInfo(&sum, "%scoalesce(q%d.tally, '{}'::lead_scoring.tally)",
                     count == 1 ? "" : " OPERATOR(lead_scoring.+) ", count);
  }
  if (count == 0)
    return psprintf("SELECT NULL::%s AS lead, NULL::lead_scoring.tally AS tally WHERE false",
                    format_type_be_qualified(audience.key.type));
  return psprintf("SELECT lead, %s AS tally FROM %s", sum.data, joined.data);
}

void run_sql(const char* sql, int argument_count, Oid* types, Datum* values, int expected,
             const char* nulls) {
  const int result = SPI_execute_with_args(sql, argument_count, types, values, nulls, false, 0);
  if (result != expected) elog(ERROR, "lead_scoring: unexpected result %s", SPI_result_code_string(result));
}

namespace {

void set_locally(const char* name, const char* value) {
  (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

using MakeSql = const char* (*)(const AudienceDefinition&, const RecountQuery&, void*);

void run_statement(const AudienceDefinition& audience, const CountingStatement& statement, bool guarded) {
  RecountQuery query = statement.query;
  query.guarded = guarded;
  const char* sql = statement.make(audience, query, statement.context);
  const int level = enter_safe_settings();
  // Subtransactions, which the guard needs, cannot start in parallel workers.
  if (guarded) set_locally("max_parallel_workers_per_gather", "0");
  // A row-level policy must be an error here, never a smaller count.
  set_locally("row_security", "off");
  OwnerSwitch owner;
  become_owner(&owner, audience.owner);
  run_sql(sql, statement.argument_count, statement.types, statement.values, statement.expected);
  be_oneself(owner);
  leave_safe_settings(level);
}

// False: an expression failed on some row, and nothing has been done.
bool run_unguarded(const AudienceDefinition& audience, const CountingStatement& statement) {
  ErrorData* error = nullptr;
  if (guarded(&error, [&] { run_statement(audience, statement, false); })) return true;
  FreeErrorData(error);
  return false;
}

void run_guarded(const AudienceDefinition& audience, const CountingStatement& statement,
                 FailureList* failures) {
  FailureList* before = collect_recount_failures(failures);
  PG_TRY();
  { run_statement(audience, statement, true); }
  PG_FINALLY();
  { collect_recount_failures(before); }
  PG_END_TRY();
}

}  // namespace

void run_counting(const AudienceDefinition& audience, const CountingStatement& statement,
                  FailureList* failures) {
  if (!run_unguarded(audience, statement)) run_guarded(audience, statement, failures);
}

}  // namespace lead_scoring
