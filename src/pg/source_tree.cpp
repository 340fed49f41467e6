// Event triggers on the commands by which a table joins or leaves a source's partition or inheritance tree.
#include "pg/source_tree.hpp"

#include "pg/catalog.hpp"
#include "pg/expression.hpp"
#include "pg/owner.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "executor/spi.h"
#include "tcop/deparse_utility.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

Datum oid_array(const List* oids) {
  const int count = list_length(oids);
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; i++) values[i] = ObjectIdGetDatum(list_nth_oid(oids, i));
  return PointerGetDatum(construct_array(values, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}

bool moves_node(const AlterTableCmd* command) {
  switch (command->subtype) {
    case AT_AttachPartition:
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize:
    case AT_AddInherit:
    case AT_DropInherit:
      return true;
    default:
      return false;
  }
}

bool enables_triggers(const AlterTableCmd* command) {
  return command->subtype == AT_EnableTrig || command->subtype == AT_EnableTrigAll ||
         command->subtype == AT_EnableTrigUser;
}

bool has_step(const CollectedCommand* command, bool (*wanted)(const AlterTableCmd*)) {
  if (command->type != SCT_AlterTable) return false;
  ListCell* cell = nullptr;
  foreach (cell, command->d.alterTable.subcmds) {
    Node* step = static_cast<CollectedATSubcmd*>(lfirst(cell))->parsetree;
    if (IsA(step, AlterTableCmd) && wanted(castNode(AlterTableCmd, step))) return true;
  }
  return false;
}

bool changes_tree(const CollectedCommand* command) {
  if (command->type == SCT_Simple)
    return IsA(command->parsetree, CreateStmt) &&
           castNode(CreateStmt, command->parsetree)->inhRelations != NIL;
  return has_step(command, moves_node);
}

}  // namespace

// changes_tree(command of pg_event_trigger_ddl_commands()) → whether a table joins or leaves a partition or
// inheritance tree. Any other ALTER TABLE may come from a restore, which has loaded rows and catalog but not
// yet made the triggers and indexes, and must be left alone.
LS_FUNCTION(ls_changes_tree) {
  PG_RETURN_BOOL(changes_tree(reinterpret_cast<const CollectedCommand*>(PG_GETARG_POINTER(0))));
}

namespace {

// ALTER TABLE … NO INHERIT tells of the child, and afterwards nothing tells of the parent but the command. Its names are
// those of the user's search_path, so they are looked up here.
List* parents_left(Node* command) {
  List* parents = NIL;
  ListCell* cell = nullptr;
  if (!IsA(command, AlterTableStmt)) return NIL;
  foreach (cell, castNode(AlterTableStmt, command)->cmds) {
    const auto* step = lfirst_node(AlterTableCmd, cell);
    if (step->subtype != AT_DropInherit) continue;
    const Oid parent = RangeVarGetRelid(castNode(RangeVar, step->def), NoLock, true);
    if (OidIsValid(parent)) parents = lappend_oid(parents, parent);
  }
  return parents;
}

}  // namespace

namespace {

List* lost = NIL;  // parents that the command has left whose event trigger is running

void adopt_nodes(List* parents) {
  Oid types[] = {OIDARRAYOID};
  Datum values[] = {oid_array(parents)};
  SPI_connect();
  SPI_execute_with_args("SELECT lead_scoring.adopt_nodes($1)", 1, types, values, nullptr, false, 0);
  SPI_finish();
}

}  // namespace

bool has_lost_child(const char* audience, const char* source) {
  ListCell* parent = nullptr;
  foreach (parent, lost) {
    ListCell* cell = nullptr;
    foreach (cell, sources_covering(lfirst_oid(parent))) {
      const auto* covering = static_cast<const SourceDefinition*>(lfirst(cell));
      if (strcmp(covering->audience, audience) == 0 && strcmp(covering->name, source) == 0) return true;
    }
  }
  return false;
}

// adopt_partitions() is an event trigger on ddl_command_end of CREATE TABLE and ALTER TABLE.
LS_FUNCTION(ls_adopt_partitions) {
  if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("lead_scoring.adopt_partitions() can only be called as an event trigger")));
  List* before = lost;
  lost = parents_left(reinterpret_cast<const EventTriggerData*>(fcinfo->context)->parsetree);
  PG_TRY();
  { adopt_nodes(lost); }
  PG_FINALLY();
  { lost = before; }
  PG_END_TRY();
  return PointerGetDatum(nullptr);
}

// enables_triggers(command of pg_event_trigger_ddl_commands()) → whether it is ALTER TABLE … ENABLE TRIGGER
LS_FUNCTION(ls_enables_triggers) {
  PG_RETURN_BOOL(has_step(reinterpret_cast<const CollectedCommand*>(PG_GETARG_POINTER(0)), enables_triggers));
}

// Dropping a partition takes rows that no trigger sees, and afterwards nobody can read them any more. So before a
// command drops tables, those that belong to a source which stays leave it first, as ALTER TABLE … DETACH PARTITION
// would have it, and so are counted out.
namespace {

// What a command names, as far as the user may drop it: whoever may not is stopped by the command itself.
struct Dropped {
  List* tables;
  List* schemas;  // with all that is in them
  List* owners;   // with all that they own
};

bool may_drop_table(Oid table) {
  const Oid user = GetUserId();
  return owns_relation(table, user) || owns_schema(get_rel_namespace(table), user);
}

void add_table(Dropped* dropped, List* name) {
  const Oid table = RangeVarGetRelid(makeRangeVarFromNameList(name), NoLock, true);
  // Most tables have nothing to do with us.
  if (OidIsValid(table) && may_drop_table(table) && sources_covering(table) != NIL)
    dropped->tables = lappend_oid(dropped->tables, table);
}

void add_schema(Dropped* dropped, const char* name) {
  const Oid schema = get_namespace_oid(name, true);
  if (OidIsValid(schema) && owns_schema(schema, GetUserId()))
    dropped->schemas = lappend_oid(dropped->schemas, schema);
}

void add_owner(Dropped* dropped, const RoleSpec* role) {
  const Oid owner = get_rolespec_oid(role, true);
  if (OidIsValid(owner) && has_privs_of_role(GetUserId(), owner))
    dropped->owners = lappend_oid(dropped->owners, owner);
}

Dropped dropped_by(Node* command) {
  Dropped dropped = {NIL, NIL, NIL};
  ListCell* cell = nullptr;
  if (IsA(command, DropOwnedStmt)) {
    foreach (cell, castNode(DropOwnedStmt, command)->roles) add_owner(&dropped, lfirst_node(RoleSpec, cell));
  } else if (IsA(command, DropStmt)) {
    const auto* drop = castNode(DropStmt, command);
    foreach (cell, drop->objects) {
      if (drop->removeType == OBJECT_TABLE)
        add_table(&dropped, lfirst_node(List, cell));
      else if (drop->removeType == OBJECT_SCHEMA && drop->behavior == DROP_CASCADE)
        add_schema(&dropped, strVal(lfirst(cell)));
    }
  }
  return dropped;
}

// As the owner of the catalog: who drops a partition need not own the table it belongs to.
void detach_dropped(const Dropped& dropped) {
  Relation catalog = relation_open(catalog_relation("audience"), AccessShareLock);
  const Oid owner = catalog->rd_rel->relowner;
  relation_close(catalog, AccessShareLock);
  OwnerSwitch before;
  become_owner(&before, owner);
  const int level = enter_safe_settings();
  SPI_connect();
  Oid types[] = {OIDARRAYOID, OIDARRAYOID, OIDARRAYOID};
  Datum values[] = {oid_array(dropped.tables), oid_array(dropped.schemas), oid_array(dropped.owners)};
  SPI_execute_with_args("SELECT lead_scoring.detach_dropped($1, $2, $3)", 3, types, values, nullptr, false,
                        0);
  SPI_finish();
  leave_safe_settings(level);
  be_oneself(before);
}

}  // namespace

// detach_before_drop() is an event trigger on ddl_command_start. It must never stop a DROP, so an error becomes a
// warning.
LS_FUNCTION(ls_detach_before_drop) {
  if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("lead_scoring.detach_before_drop() can only be called as an event trigger")));
  const Dropped dropped = dropped_by(reinterpret_cast<const EventTriggerData*>(fcinfo->context)->parsetree);
  if (dropped.tables == NIL && dropped.schemas == NIL && dropped.owners == NIL)
    return PointerGetDatum(nullptr);
  ErrorData* error = nullptr;
  if (!guarded(&error, [&] { detach_dropped(dropped); }))
    ereport(WARNING, (errmsg("lead_scoring: rows of dropped partitions stay counted: %s", error->message),
                      errhint("verify() shows the leads, and rebuild() counts them again.")));
  return PointerGetDatum(nullptr);
}

}  // namespace lead_scoring
