#include "pg/stored_table.hpp"

#include "pg/compat_executor.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "executor/nodeModifyTable.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

namespace {

constexpr AclMode needed_rights = ACL_SELECT | ACL_INSERT | ACL_UPDATE;

void check_table(Relation rel) {
  if (rel->rd_rel->relkind != RELKIND_RELATION)
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("\"%s\" is not an ordinary table", RelationGetRelationName(rel)),
                    errhint("Scores and tallies are kept in the tables that create_audience() makes.")));
  const Oid relation = RelationGetRelid(rel);
  if (pg_class_aclmask(relation, GetUserId(), needed_rights, ACLMASK_ALL) != needed_rights)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rel));
}

Relation primary_key(const ResultRelInfo* info) {
  for (int i = 0; i < info->ri_NumIndices; i++) {
    Relation index = info->ri_IndexRelationDescs[i];
    if (index->rd_index->indisprimary && index->rd_index->indisvalid && index->rd_index->indimmediate)
      return index;
  }
  Relation rel = info->ri_RelationDesc;
  ereport(ERROR,
          (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
           errmsg("table \"%s\" has lost its primary key", RelationGetRelationName(rel)),
           errhint("Its rows are found by it. Create it again as in the other tables of lead_scoring.")));
  pg_unreachable();
}

// What counts as the target of an update: all columns but the primary key's. Triggers for some columns go by that,
// and indexes of which no column is among them are told that their entries say nothing new.
Bitmapset* updated_columns(TupleDesc desc, const Form_pg_index& key) {
  Bitmapset* columns = nullptr;
  for (int i = 0; i < desc->natts; i++)
    if (!TupleDescAttr(desc, i)->attisdropped)
      columns = bms_add_member(columns, i + 1 - FirstLowInvalidHeapAttributeNumber);
  for (int i = 0; i < key->indnatts; i++)
    columns = bms_del_member(columns, key->indkey.values[i] - FirstLowInvalidHeapAttributeNumber);
  return columns;
}

}  // namespace

void open_stored(StoredTable* table, Oid relation, bool speculative) {
  *table = {};
  table->rel = table_open(relation, RowExclusiveLock);
  check_table(table->rel);
  table->estate = CreateExecutorState();
  table->info = makeNode(ResultRelInfo);
  InitResultRelInfo(table->info, table->rel, 1, nullptr, 0);
  ExecOpenIndices(table->info, speculative);
  Relation key = primary_key(table->info);
  init_range_table(table->estate, table->rel, updated_columns(RelationGetDescr(table->rel), key->rd_index));
  table->arbiters = speculative ? list_make1_oid(RelationGetRelid(key)) : NIL;
  begin_key_scan(&table->by_key, table->rel, key);
  table->row = MakeSingleTupleTableSlot(RelationGetDescr(table->rel), &TTSOpsVirtual);
  if (table->rel->trigdesc != nullptr) {
    AfterTriggerBeginQuery();
    init_recheck(&table->epq, table->estate);
  }
}

namespace {

enum Kind { inserts, updates };

void begin_statement(StoredTable* table, Kind kind) {
  if (table->begun[kind] || table->rel->trigdesc == nullptr) return;
  table->begun[kind] = true;
  MemoryContext caller = MemoryContextSwitchTo(table->estate->es_query_cxt);
  if (kind == inserts)
    ExecBSInsertTriggers(table->estate, table->info);
  else
    ExecBSUpdateTriggers(table->estate, table->info);
  table->captures[kind] = MakeTransitionCaptureState(table->rel->trigdesc, RelationGetRelid(table->rel),
                                                     kind == inserts ? CMD_INSERT : CMD_UPDATE);
  MemoryContextSwitchTo(caller);
}

void end_statements(StoredTable* table) {
  if (table->rel->trigdesc == nullptr) return;
  if (table->begun[inserts]) ExecASInsertTriggers(table->estate, table->info, table->captures[inserts]);
  if (table->begun[updates]) ExecASUpdateTriggers(table->estate, table->info, table->captures[updates]);
  AfterTriggerEndQuery(table->estate);
  EvalPlanQualEnd(&table->epq);
}

}  // namespace

void close_stored(StoredTable* table) {
  end_key_scan(&table->by_key);
  end_statements(table);
  ExecDropSingleTupleTableSlot(table->row);
  ExecCloseIndices(table->info);
  ExecResetTupleTable(table->estate->es_tupleTable, false);
  ExecCloseResultRelations(table->estate);
  FreeExecutorState(table->estate);
  table_close(table->rel, NoLock);
}

bool is_unseen(const StoredTable& table) {
  return IsolationUsesXactSnapshot() &&
         !table_tuple_satisfies_snapshot(table.rel, found(table), GetTransactionSnapshot());
}

void raise_concurrent_update() {
  ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                  errmsg("could not serialize access due to concurrent update")));
  pg_unreachable();
}

namespace {

AttrNumber column_named(const StoredTable& table, const char* name, AttrNumber likely) {
  TupleDesc desc = RelationGetDescr(table.rel);
  const auto is_it = [&](int attribute) {
    Form_pg_attribute column = TupleDescAttr(desc, attribute);
    return !column->attisdropped && strcmp(NameStr(column->attname), name) == 0;
  };
  if (likely >= 1 && likely <= desc->natts && is_it(likely - 1)) return likely;
  for (int i = 0; i < desc->natts; i++)
    if (is_it(i)) return static_cast<AttrNumber>(i + 1);
  return 0;
}

bool holds_type(const StoredTable& table, AttrNumber column, Oid type) {
  const Oid stored = TupleDescAttr(RelationGetDescr(table.rel), column - 1)->atttypid;
  // varchar for text.
  return stored == type || IsBinaryCoercible(getBaseType(stored), type);
}

}  // namespace

AttrNumber stored_column(const StoredTable& table, const char* name, Oid type, AttrNumber likely) {
  const AttrNumber column = column_named(table, name, likely);
  if (column != 0 && !holds_type(table, column, type))
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH),
             errmsg("column \"%s\" of table \"%s\" is no longer of type %s", name,
                    RelationGetRelationName(table.rel), format_type_be(type)),
             errhint("lead_scoring cannot keep the table up to date. ALTER TABLE gives it its type back.")));
  return column;
}

AttrNumber required_column(const StoredTable& table, const char* name, Oid type, AttrNumber likely) {
  const AttrNumber column = stored_column(table, name, type, likely);
  if (column == 0)
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_COLUMN),
             errmsg("table \"%s\" has lost its column \"%s\"", RelationGetRelationName(table.rel), name),
             errhint("lead_scoring cannot keep the table up to date without it.")));
  return column;
}

void require_lead_key(const StoredTable& table, AttrNumber lead, const KeyType& key, int more) {
  Relation index = table.by_key.index;
  if (table.by_key.column == lead && index->rd_index->indnkeyatts == 1 + more &&
      index->rd_opcintype[0] == key.type)
    return;
  ereport(ERROR,
          (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
           errmsg("table \"%s\" has another primary key", RelationGetRelationName(table.rel)),
           errhint("Its rows are found by it. Create it again as in the other tables of lead_scoring.")));
}

namespace {

void store_row(StoredTable* table) { ExecStoreVirtualTuple(table->row); }

// Defaults of all columns; the caller's values are set over them.
void make_defaults(StoredTable* table) {
  MemoryContext caller = MemoryContextSwitchTo(table->estate->es_query_cxt);
  TupleDesc desc = RelationGetDescr(table->rel);
  table->defaults = static_cast<ExprState**>(palloc0(sizeof(ExprState*) * static_cast<Size>(desc->natts)));
  for (int i = 0; i < desc->natts; i++) {
    Form_pg_attribute column = TupleDescAttr(desc, i);
    if (column->attisdropped || column->attgenerated != '\0') continue;
    auto* expression = reinterpret_cast<Expr*>(build_column_default(table->rel, i + 1));
    if (expression != nullptr) table->defaults[i] = ExecPrepareExpr(expression, table->estate);
  }
  MemoryContextSwitchTo(caller);
}

}  // namespace

void copy_defaults(StoredTable* table) {
  if (table->defaults == nullptr) make_defaults(table);
  ExecClearTuple(table->row);
  ExprContext* context = GetPerTupleExprContext(table->estate);
  const int columns = RelationGetDescr(table->rel)->natts;
  for (int i = 0; i < columns; i++) {
    table->row->tts_isnull[i] = true;
    table->row->tts_values[i] = Datum{0};
    if (table->defaults[i] != nullptr)
      table->row->tts_values[i] =
          ExecEvalExprSwitchContext(table->defaults[i], context, &table->row->tts_isnull[i]);
  }
}

void copy_found(StoredTable* table) {
  TupleTableSlot* from = found(*table);
  slot_getallattrs(from);
  ExecClearTuple(table->row);
  const auto columns = static_cast<Size>(RelationGetDescr(table->rel)->natts);
  memcpy(table->row->tts_values, from->tts_values, sizeof(Datum) * columns);
  memcpy(table->row->tts_isnull, from->tts_isnull, sizeof(bool) * columns);
}

void copy_tuple(StoredTable* table, HeapTuple tuple) {
  ExecClearTuple(table->row);
  heap_deform_tuple(tuple, RelationGetDescr(table->rel), table->row->tts_values, table->row->tts_isnull);
}

namespace {

void check_row(StoredTable* table, CmdType command) {
  const TupleConstr* constraints = RelationGetDescr(table->rel)->constr;
  table->row->tts_tableOid = RelationGetRelid(table->rel);
  if (constraints == nullptr) return;
  if (constraints->has_generated_stored)
    ExecComputeStoredGenerated(table->info, table->estate, table->row, command);
  ExecConstraints(table->info, table->row, table->estate);
}

}  // namespace

TM_Result update_stored(StoredTable* table, ItemPointer tid, bool wait) {
  begin_statement(table, updates);
  store_row(table);
  const TriggerDesc* triggers = table->rel->trigdesc;
  // The row may be of this transaction's own making.
  table->estate->es_output_cid = GetCurrentCommandId(true);
  if (triggers != nullptr && triggers->trig_update_before_row &&
      !before_row_update(table->estate, &table->epq, table->info, tid, table->row))
    return TM_Ok;
  check_row(table, CMD_UPDATE);
  List* recheck = NIL;
  const TM_Result result = update_with_indexes(table->info, table->estate, tid, table->row,
                                               table->by_key.snapshot, wait, &recheck);
  if (result == TM_Ok && triggers != nullptr)
    after_row_update(table->estate, table->info, tid, table->row, recheck, table->captures[updates]);
  ResetPerTupleExprContext(table->estate);
  return result;
}

TM_Result lock_found(StoredTable* table, bool wait) {
  TM_FailureData failure;
  TupleTableSlot* slot = found(*table);
  return table_tuple_lock(table->rel, &slot->tts_tid, table->by_key.snapshot, slot,
                          GetCurrentCommandId(false), LockTupleNoKeyExclusive,
                          wait ? LockWaitBlock : LockWaitSkip, 0, &failure);
}

namespace {

// False: a trigger says that the row is not to be inserted.
bool before_insert(StoredTable* table) {
  begin_statement(table, inserts);
  store_row(table);
  const TriggerDesc* triggers = table->rel->trigdesc;
  if (triggers != nullptr && triggers->trig_insert_before_row &&
      !ExecBRInsertTriggers(table->estate, table->info, table->row))
    return false;
  check_row(table, CMD_INSERT);
  return true;
}

void after_insert(StoredTable* table, List* recheck) {
  if (table->rel->trigdesc != nullptr)
    ExecARInsertTriggers(table->estate, table->info, table->row, recheck, table->captures[inserts]);
  ResetPerTupleExprContext(table->estate);
}

}  // namespace

void insert_stored(StoredTable* table) {
  if (!before_insert(table)) return;
  table_tuple_insert(table->rel, table->row, GetCurrentCommandId(true), 0, nullptr);
  after_insert(table, insert_index_entries(table->info, table->row, table->estate, nullptr, NIL));
}

// As INSERT … ON CONFLICT DO NOTHING does it: nodeModifyTable.c describes the protocol.
bool insert_unless_there(StoredTable* table, bool wait) {
  if (!before_insert(table)) return true;
  if (wait && !is_key_free(table->info, table->row, table->estate, table->arbiters)) return false;
  const TransactionId xid = GetCurrentTransactionId();
  const uint32 token = SpeculativeInsertionLockAcquire(xid);
  table_tuple_insert_speculative(table->rel, table->row, GetCurrentCommandId(true), 0, nullptr, token);
  bool conflict = false;
  List* recheck = insert_index_entries(table->info, table->row, table->estate, &conflict, table->arbiters);
  table_tuple_complete_speculative(table->rel, table->row, token, !conflict);
  SpeculativeInsertionLockRelease(xid);
  if (conflict) return false;
  after_insert(table, recheck);
  return true;
}

}  // namespace lead_scoring
