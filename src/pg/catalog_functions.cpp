// SQL functions about the catalog itself.
#include "pg/audience_cache.hpp"
#include "pg/expression.hpp"
#include "pg/owner.hpp"

extern "C" {
#include "access/relation.h"
#include "access/xact.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/resowner.h"
}

using namespace lead_scoring;

namespace {

constexpr const char* forget_sql[] = {
    "DELETE FROM lead_scoring.audience AS a USING pg_event_trigger_dropped_objects() AS d "
    "WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 "
    "AND d.objid IN (a.lead_table, a.score_table, a.tally_table, a.band_change_table)",
    "DELETE FROM lead_scoring.source AS s USING pg_event_trigger_dropped_objects() AS d "
    "WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND d.objid = s.source_table",
};

void forget_as_catalog_owner() {
  Relation catalog = relation_open(catalog_relation("audience"), AccessShareLock);
  const Oid owner = catalog->rd_rel->relowner;
  relation_close(catalog, AccessShareLock);
  OwnerSwitch before;
  become_owner(&before, owner, true);
  const int level = enter_safe_settings();
  SPI_connect();
  for (const char* sql : forget_sql) SPI_execute(sql, false, 0);
  SPI_finish();
  leave_safe_settings(level);
  be_oneself(before);
}

void forget_dropped_tables() {
  MemoryContext caller = CurrentMemoryContext;
  ResourceOwner resources = CurrentResourceOwner;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(caller);
  PG_TRY();
  {
    forget_as_catalog_owner();
    ReleaseCurrentSubTransaction();
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(caller);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    ereport(WARNING, (errmsg("lead_scoring: registrations of dropped tables remain: %s", error->message)));
  }
  PG_END_TRY();
  MemoryContextSwitchTo(caller);
  CurrentResourceOwner = resources;
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

// check_owner(audience) → void
LS_FUNCTION(ls_check_owner) {
  (void)require_owned_audience(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  PG_RETURN_VOID();
}

// covering_sources(table) → rows (audience, source)
LS_FUNCTION(ls_covering_sources) {
  begin_rows(fcinfo);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  ListCell* cell = nullptr;
  foreach (cell, sources_covering(PG_GETARG_OID(0))) {
    const auto* source = static_cast<const SourceDefinition*>(lfirst(cell));
    Datum values[] = {CStringGetTextDatum(source->audience), CStringGetTextDatum(source->name)};
    bool nulls[] = {false, false};
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
