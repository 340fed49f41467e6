// See audience_tables.hpp.
#include "pg/audience_tables.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

namespace {

[[noreturn]] void refuse(Oid table, const char* problem) {
  const char* name = get_rel_name(table);
  ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                  errmsg("\"%s\" is not as create_audience() has made it: %s",
                         name == nullptr ? "a table of the audience" : name, problem),
                  errhint("The tables of an audience are read as they were made only.")));
  pg_unreachable();
}

void require_table(Oid table) {
  const char kind = get_rel_relkind(table);
  if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE) refuse(table, "it is not a table");
}

void require_type(Oid table, const char* column, Oid type) {
  const AttrNumber number = get_attnum(table, column);
  if (number == InvalidAttrNumber || get_atttype(table, number) != type)
    refuse(table, psprintf("column \"%s\" is not of type %s", column, format_type_be(type)));
}

}  // namespace

void require_audience_tables(const AudienceDefinition& audience) {
  for (Oid table :
       {audience.lead_table, audience.score_table, audience.tally_table, audience.pending_table}) {
    LockRelationOid(table, AccessShareLock);
    require_table(table);
  }
  for (Oid table : {audience.score_table, audience.tally_table, audience.pending_table})
    require_type(table, "lead", audience.key.type);
  require_type(audience.score_table, "next_change_at", TIMESTAMPTZOID);
  require_type(audience.tally_table, "wake_at", TIMESTAMPTZOID);
  require_type(audience.tally_table, "base", audience.tally_type);
  require_type(audience.tally_table, "recent", audience.tally_type);
  require_type(audience.pending_table, "delta", audience.tally_type);
}

}  // namespace lead_scoring

using namespace lead_scoring;

// check_audience_tables(audience) → void
LS_FUNCTION(ls_check_audience_tables) {
  require_audience_tables(*require_visible_audience(text_to_cstring(PG_GETARG_TEXT_PP(0))));
  PG_RETURN_VOID();
}
