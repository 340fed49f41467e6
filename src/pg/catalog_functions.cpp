// SQL functions about the catalog itself.
#include "pg/audience_cache.hpp"
#include "pg/expression.hpp"
#include "pg/owner.hpp"
#include "pg/source_tree.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

using namespace lead_scoring;

namespace {

// The dropped relations, for a FROM clause.
#define DROPPED_TABLES                                                                                       \
  "(SELECT objid FROM pg_event_trigger_dropped_objects() WHERE classid = 'pg_class'::regclass AND objsubid " \
  "= 0) AS d"

// "child.column": the rows of a child table that name the parent row in a column.
void follow(const char* child_column, Datum old_name, const Datum* new_name) {
  const char* dot = strchr(child_column, '.');
  if (dot == nullptr) elog(ERROR, "lead_scoring: cascade() wants table.column, not %s", child_column);
  const char* child = quote_identifier(pnstrdup(child_column, static_cast<Size>(dot - child_column)));
  const char* column = quote_identifier(dot + 1);
  Oid types[] = {TEXTOID, TEXTOID};
  Datum values[] = {old_name, new_name == nullptr ? Datum{0} : *new_name};
  if (new_name == nullptr)
    SPI_execute_with_args(
        psprintf("DELETE FROM lead_scoring.%s WHERE %s OPERATOR(pg_catalog.=) $1", child, column), 1, types,
        values, nullptr, false, 0);
  else
    SPI_execute_with_args(psprintf("UPDATE lead_scoring.%s SET %s = $2 WHERE %s OPERATOR(pg_catalog.=) $1",
                                   child, column, column),
                          2, types, values, nullptr, false, 0);
}

// Sources that go while their audience stays: their signals leave the tallies, as with TRUNCATE.
constexpr const char* gone_sql =
    "SELECT s.audience, coalesce(array_agg(v.number) FILTER (WHERE v.number IS NOT NULL), '{}') "
    "FROM " DROPPED_TABLES
    " JOIN lead_scoring.source AS s ON s.source_table = d.objid AND s.kind = 'event' LEFT JOIN "
    "lead_scoring.signal_version AS v ON v.audience = s.audience AND v.source = s.name GROUP BY s.audience";

constexpr const char* forget_sql[] = {
    "DELETE FROM lead_scoring.audience AS a USING " DROPPED_TABLES
    " WHERE d.objid IN (a.lead_table, a.score_table, a.tally_table, a.band_change_table, a.pending_table)",
    "DELETE FROM lead_scoring.source AS s USING " DROPPED_TABLES " WHERE d.objid = s.source_table",
};

void forget_in_catalog() {
  SPI_execute(gone_sql, false, 0);
  SPITupleTable* gone = SPI_tuptable;
  for (const char* sql : forget_sql) SPI_execute(sql, false, 0);
  for (uint64 i = 0; i < gone->numvals; i++) {
    Oid types[] = {TEXTOID, INT4ARRAYOID};
    Datum values[2];
    bool is_null = false;
    for (int column = 0; column < 2; column++)
      values[column] = SPI_getbinval(gone->vals[i], gone->tupdesc, column + 1, &is_null);
    SPI_execute_with_args(
        "SELECT lead_scoring.forget_signals(a.name, $2) FROM lead_scoring.audience AS a WHERE a.name = $1", 2,
        types, values, nullptr, false, 0);
  }
}

void forget_as_catalog_owner() {
  Relation catalog = relation_open(catalog_relation("audience"), AccessShareLock);
  const Oid owner = catalog->rd_rel->relowner;
  relation_close(catalog, AccessShareLock);
  OwnerSwitch before;
  become_owner(&before, owner);
  const int level = enter_safe_settings();
  SPI_connect();
  forget_in_catalog();
  SPI_finish();
  leave_safe_settings(level);
  be_oneself(before);
}

void forget_dropped_tables() {
  ErrorData* error = nullptr;
  if (guarded(&error, forget_as_catalog_owner)) return;
  ereport(WARNING, (errmsg("lead_scoring: registrations of dropped tables remain: %s", error->message)));
}

}  // namespace

// invalidate_cache() is a statement trigger: the relcache entry of the catalog table is what all caches watch.
LS_FUNCTION(ls_invalidate_cache) {
  if (!CALLED_AS_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("lead_scoring.invalidate_cache() can only be called as a trigger")));
  CacheInvalidateRelcache(reinterpret_cast<const TriggerData*>(fcinfo->context)->tg_relation);
  return PointerGetDatum(nullptr);
}

// cascade('table.column', …) is a row trigger of a catalog table with the key `name`. It acts as the catalog's
// owner: the parent row is gone or has its new name already, so row-level security would find nobody who owns
// the children, and leave them.
LS_FUNCTION(ls_cascade) {
  if (!CALLED_AS_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("lead_scoring.cascade() can only be called as a trigger")));
  const auto* trigger = reinterpret_cast<const TriggerData*>(fcinfo->context);
  if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || !TRIGGER_FIRED_AFTER(trigger->tg_event))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("lead_scoring.cascade() must be called after each row")));
  // It acts as the table's owner: on any other table that would be somebody else's right for who may only create
  // triggers there.
  if (RelationGetNamespace(trigger->tg_relation) != extension_schema())
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("lead_scoring.cascade() is for the catalog tables of lead_scoring only")));
  TupleDesc desc = RelationGetDescr(trigger->tg_relation);
  const int name = SPI_fnumber(desc, "name");
  bool is_null = false;
  const Datum old_name = SPI_getbinval(trigger->tg_trigtuple, desc, name, &is_null);
  const bool renamed = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
  const Datum new_name = renamed ? SPI_getbinval(trigger->tg_newtuple, desc, name, &is_null) : Datum{0};
  if (renamed && datumIsEqual(old_name, new_name, false, -1)) return PointerGetDatum(nullptr);
  OwnerSwitch before;
  become_owner(&before, trigger->tg_relation->rd_rel->relowner);
  SPI_connect();
  for (int i = 0; i < trigger->tg_trigger->tgnargs; i++)
    follow(trigger->tg_trigger->tgargs[i], old_name, renamed ? &new_name : nullptr);
  SPI_finish();
  be_oneself(before);
  return PointerGetDatum(nullptr);
}

// check_owner(audience) → void
LS_FUNCTION(ls_check_owner) {
  if (PG_ARGISNULL(0))
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("no audience is given")));
  require_owner(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  PG_RETURN_VOID();
}

namespace {

bool manages_partitions(const char* audience) {
  ListCell* cell = nullptr;
  foreach (cell, read_sources(audience)) {
    const auto* source = static_cast<const SourceDefinition*>(lfirst(cell));
    if (owns_relation(source->table, GetUserId()) || has_lost_child(audience, source->name)) return true;
  }
  return false;
}

}  // namespace

// audience_owner(audience) → name. Who owns a source manages its partitions, and is told who must read them.
LS_FUNCTION(ls_audience_owner) {
  const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const AudienceDefinition* audience =
      manages_partitions(name) ? require_audience(name) : require_visible_audience(name);
  auto* owner = static_cast<Name>(palloc(NAMEDATALEN));
  namestrcpy(owner, GetUserNameFromId(audience->owner, false));
  PG_RETURN_NAME(owner);
}

// hold_writers(audience, source) → void
LS_FUNCTION(ls_hold_writers) {
  const AudienceDefinition* audience = require_owned_audience(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  const SourceDefinition* source = require_source(audience->name, text_to_cstring(PG_GETARG_TEXT_PP(1)));
  // Who may not even read the table has no business holding up its writers.
  const AclResult right = pg_class_aclcheck(source->table, audience->owner, ACL_SELECT);
  if (right != ACLCHECK_OK) aclcheck_error(right, OBJECT_TABLE, get_rel_name(source->table));
  LockRelationOid(source->table, ShareRowExclusiveLock);
  (void)find_all_inheritors(source->table, ShareRowExclusiveLock, nullptr);
  PG_RETURN_VOID();
}

// covering_sources(table) → rows (audience, source). That a table is a source its triggers tell everybody; whose it
// is only its owner is told, who manages its partitions, and the audience's.
LS_FUNCTION(ls_covering_sources) {
  const Oid table = PG_GETARG_OID(0);
  begin_rows(fcinfo);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const bool owns_table = owns_relation(table, GetUserId());
  ListCell* cell = nullptr;
  foreach (cell, sources_covering(table)) {
    const auto* source = static_cast<const SourceDefinition*>(lfirst(cell));
    const AudienceDefinition* audience = owns_table ? nullptr : read_audience(source->audience);
    const bool told = owns_table ||
                      (audience != nullptr && has_privs_of_role(GetUserId(), audience->owner)) ||
                      has_lost_child(source->audience, source->name);
    Datum values[] = {CStringGetTextDatum(source->audience), CStringGetTextDatum(source->name)};
    bool nulls[] = {!told, !told};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return Datum{0};
}

// forget_dropped_tables() is an event trigger on sql_drop. It runs as whoever drops a table, who may see none
// of our rows: it acts as the owner of the catalog. It must never stop a DROP, so an error becomes a warning.
LS_FUNCTION(ls_forget_dropped_tables) {
  if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("lead_scoring.forget_dropped_tables() can only be called as an event trigger")));
  forget_dropped_tables();
  return PointerGetDatum(nullptr);
}
