// A partition that joins or leaves a source brings its rows, or takes them away.
#include "pg/audience_work.hpp"
#include "pg/counting.hpp"
#include "pg/rescore.hpp"
#include "pg/source_tree.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/acl.h"
}

using namespace lead_scoring;

namespace {

struct MovedPartition {
  const SourceDefinition* source;
  int32 sign;
};

const char* partition_sql(const AudienceDefinition& audience, const RecountQuery& query, void* context) {
  const auto* moved = static_cast<const MovedPartition*>(context);
  const char* counted = recount_sql(audience, query);
  const char* sign = moved->sign < 0 ? "OPERATOR(lead_scoring.-) " : "";
  if (!moved->source->profile)
    return psprintf(
        "SELECT c.lead, %sc.tally FROM (%s) AS c WHERE c.tally OPERATOR(lead_scoring.<>) "
        "'{}'::lead_scoring.tally ORDER BY c.lead",
        sign, counted);
  // Leads come or go with their rows, also those that no signal is about.
  const char* key = moved->source->lead_key;
  return psprintf(
      "SELECT k.lead, %scoalesce(c.tally, '{}'::lead_scoring.tally) FROM (SELECT %s AS lead FROM %s AS e "
      "WHERE %s) AS k LEFT JOIN (%s) AS c ON c.lead OPERATOR(pg_catalog.=) k.lead ORDER BY k.lead",
      sign, key_expression(audience, key), qualified_name(query.table), names_lead_sql(audience, key),
      counted);
}

LeadDelta* take_deltas(const KeyType& key, int* count) {
  *count = static_cast<int>(SPI_processed);
  auto* leads = static_cast<LeadDelta*>(MemoryContextAllocHuge(
      CurrentMemoryContext, sizeof(LeadDelta) * static_cast<Size>(std::max(*count, 1))));
  for (int i = 0; i < *count; i++) {
    bool is_null = false;
    HeapTuple tuple = SPI_tuptable->vals[i];
    leads[i].key = copy_key(key, SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &is_null));
    leads[i].tally = tally_datum_from(tally_bytes(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &is_null)));
    leads[i].changed = !is_empty_tally(leads[i].tally);
  }
  SPI_freetuptable(SPI_tuptable);
  return leads;
}

// Whether this is the event trigger of a command that has just changed the partition tree of a source. Only the owner
// of the tree can have given it, or of a table that has left it.
bool moves_partitions(const char* audience, const char* source) {
  if (has_lost_child(audience, source)) return true;
  Oid types[] = {TEXTOID, TEXTOID};
  Datum values[] = {CStringGetTextDatum(audience), CStringGetTextDatum(source)};
  SPI_connect();
  run_sql(
      "SELECT FROM pg_catalog.pg_event_trigger_ddl_commands() AS c, lead_scoring.covering_sources(c.objid) "
      "AS s "
      "WHERE c.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
      "AND lead_scoring.changes_tree(c.command) "
      "AND s.audience OPERATOR(pg_catalog.=) $1 AND s.source OPERATOR(pg_catalog.=) $2",
      2, types, values, SPI_OK_SELECT);
  const bool moves = SPI_processed > 0;
  SPI_finish();
  return moves;
}

}  // namespace

// count_partition(audience, source, partition, sign) → void. Nobody else can be writing to the partition: the
// caller has just attached (sign 1) or detached (sign −1) it.
LS_FUNCTION(ls_count_partition) {
  const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const char* source = text_to_cstring(PG_GETARG_TEXT_PP(1));
  const Oid partition = PG_GETARG_OID(2);
  const int32 sign = PG_GETARG_INT32(3);
  // Whoever owns the rows may attach and detach them, as well as insert and delete them.
  if (!owns_relation(partition, GetUserId()) || !moves_partitions(name, source))
    (void)require_owned_audience(name);
  (void)require_audience(name);
  with_checked_audience(name, [&](AudienceWork* work) {
    const AudienceDefinition& a = definition(*work);
    const RecountQuery query = {source, nullptr, nullptr, false, partition};
    MovedPartition moved = {require_source(a.name, source), sign};
    run_counting(a, {partition_sql, &moved, query, 0, nullptr, nullptr, SPI_OK_SELECT}, &work->failures);
    int count = 0;
    LeadDelta* leads = take_deltas(a.key, &count);
    const char* cause = sign > 0 ? "partition attached" : "partition detached";
    apply_deltas(work->audience, leads, count, {cause, true, false}, &work->failures);
  });
  PG_RETURN_VOID();
}
