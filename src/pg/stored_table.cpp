#include "pg/stored_table.hpp"

#include "pg/column_default.hpp"
#include "pg/compat_executor.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/nodeModifyTable.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

struct LateRow {
  TupleTableSlot* row;
  ItemPointerData before;  // where it was
  IndexesToUpdate indexes;
};

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
  Bitmapset* columns = bms_add_range(nullptr, 1 - FirstLowInvalidHeapAttributeNumber,
                                     desc->natts - FirstLowInvalidHeapAttributeNumber);
  for (int i = 0; i < key->indnatts; i++)
    columns = bms_del_member(columns, key->indkey.values[i] - FirstLowInvalidHeapAttributeNumber);
  return columns;
}

}  // namespace

void open_stored(StoredTable* table, Oid relation) {
  *table = {};
  table->rel = table_open(relation, RowExclusiveLock);
  check_table(table->rel);
  table->estate = CreateExecutorState();
  table->info = makeNode(ResultRelInfo);
  InitResultRelInfo(table->info, table->rel, 1, nullptr, 0);
  ExecOpenIndices(table->info, false);
  Relation key = primary_key(table->info);
  Bitmapset* updated = updated_columns(RelationGetDescr(table->rel), key->rd_index);
  init_range_table(table->estate, table->rel, updated);
  table->entries = plan_entries(table->info, updated);
  begin_key_scan(&table->by_key, table->rel, key);
  prune_late(&table->by_key);
  table->row = MakeSingleTupleTableSlot(RelationGetDescr(table->rel), &TTSOpsVirtual);
  table->given = static_cast<bool*>(palloc0(static_cast<Size>(RelationGetDescr(table->rel)->natts)));
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

void store_row(StoredTable* table) { ExecStoreVirtualTuple(table->row); }

// nullptr: NULL.
ExprState* default_of(StoredTable* table, int attribute) {
  if (table->defaults[attribute] != nullptr) return table->defaults[attribute];
  MemoryContext caller = MemoryContextSwitchTo(table->estate->es_query_cxt);
  Node* expression = default_of_column(table->rel, static_cast<AttrNumber>(attribute + 1));
  if (expression != nullptr)
    table->defaults[attribute] = ExecPrepareExpr(reinterpret_cast<Expr*>(expression), table->estate);
  MemoryContextSwitchTo(caller);
  return table->defaults[attribute];
}

void fill_defaults(StoredTable* table) {
  TupleDesc desc = RelationGetDescr(table->rel);
  if (table->defaults == nullptr)
    table->defaults = static_cast<ExprState**>(MemoryContextAllocZero(
        table->estate->es_query_cxt, sizeof(ExprState*) * static_cast<Size>(desc->natts)));
  ExprContext* context = GetPerTupleExprContext(table->estate);
  for (int i = 0; i < desc->natts; i++) {
    Form_pg_attribute column = TupleDescAttr(desc, i);
    if (table->given[i] || column->attisdropped || column->attgenerated != '\0') continue;
    ExprState* expression = default_of(table, i);
    if (expression != nullptr)
      table->row->tts_values[i] = ExecEvalExprSwitchContext(expression, context, &table->row->tts_isnull[i]);
  }
}

}  // namespace

void start_row(StoredTable* table) {
  ExecClearTuple(table->row);
  const auto columns = static_cast<Size>(RelationGetDescr(table->rel)->natts);
  memset(table->row->tts_values, 0, sizeof(Datum) * columns);
  memset(table->row->tts_isnull, true, columns);
  memset(table->given, false, columns);
}

void copy_found(StoredTable* table) {
  TupleTableSlot* from = found(*table);
  slot_getallattrs(from);
  copy_values(table, from->tts_values, from->tts_isnull);
}

void copy_values(StoredTable* table, const Datum* values, const bool* nulls) {
  ExecClearTuple(table->row);
  const auto columns = static_cast<Size>(RelationGetDescr(table->rel)->natts);
  memcpy(table->row->tts_values, values, sizeof(Datum) * columns);
  memcpy(table->row->tts_isnull, nulls, sizeof(bool) * columns);
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

namespace {

// False: a trigger says that the row is to stay as it is.
bool before_update(StoredTable* table, ItemPointer tid) {
  begin_statement(table, updates);
  store_row(table);
  const TriggerDesc* triggers = table->rel->trigdesc;
  // The row may be of this transaction's own making.
  table->estate->es_output_cid = GetCurrentCommandId(true);
  if (triggers != nullptr && triggers->trig_update_before_row &&
      !before_row_update(table->estate, &table->epq, table->info, tid, table->row))
    return false;
  check_row(table, CMD_UPDATE);
  return true;
}

void after_update(StoredTable* table, ItemPointer tid, TupleTableSlot* row, List* recheck) {
  if (table->rel->trigdesc != nullptr)
    after_row_update(table->estate, table->info, tid, row, recheck, table->captures[updates]);
  ResetPerTupleExprContext(table->estate);
}

}  // namespace

TM_Result update_stored(StoredTable* table, ItemPointer tid, bool wait) {
  if (!before_update(table, tid)) return TM_Ok;
  IndexesToUpdate indexes = no_indexes;
  const TM_Result result = update_row(table->rel, tid, table->row, table->by_key.snapshot, wait, &indexes);
  if (result != TM_Ok) return result;
  after_update(table, tid, table->row,
               insert_entries(table->entries, table->info, table->estate, table->row, indexes));
  return result;
}

namespace {

constexpr int most_late = 100;

LateRow* next_late_row(StoredTable* table) {
  if (table->late == nullptr)
    table->late = static_cast<LateRow*>(
        MemoryContextAllocZero(table->estate->es_query_cxt, sizeof(LateRow) * most_late));
  LateRow* late = &table->late[table->late_count];
  MemoryContext caller = MemoryContextSwitchTo(table->estate->es_query_cxt);
  if (late->row == nullptr)
    late->row = ExecInitExtraTupleSlot(table->estate, RelationGetDescr(table->rel), &TTSOpsHeapTuple);
  HeapTuple tuple =
      heap_form_tuple(RelationGetDescr(table->rel), table->row->tts_values, table->row->tts_isnull);
  ExecStoreHeapTuple(tuple, late->row, true);
  MemoryContextSwitchTo(caller);
  return late;
}

// Index by index, so that each of them stays in the processor's caches.
void insert_late_entries(StoredTable* table) {
  for (int index = 0; index < table->info->ri_NumIndices; index++)
    for (int i = 0; i < table->late_count; i++)
      insert_entry(table->entries, table->info, table->estate, index, table->late[i].row,
                   table->late[i].indexes);
}

void catch_up(StoredTable* table) {
  if (table->entries.direct) insert_late_entries(table);
  for (int i = 0; i < table->late_count; i++) {
    LateRow* late = &table->late[i];
    List* recheck = table->entries.direct ? NIL
                                          : insert_entries(table->entries, table->info, table->estate,
                                                           late->row, late->indexes);
    after_update(table, &late->before, late->row, recheck);
    ExecClearTuple(late->row);
  }
  table->late_count = 0;
}

}  // namespace

TM_Result update_stored_late(StoredTable* table, ItemPointer tid, bool wait) {
  if (!before_update(table, tid)) return TM_Ok;
  LateRow* late = next_late_row(table);
  const TM_Result result =
      update_row(table->rel, tid, late->row, table->by_key.snapshot, wait, &late->indexes);
  if (result != TM_Ok) return result;
  late->before = *tid;
  if (++table->late_count == most_late) catch_up(table);
  return result;
}

void close_stored(StoredTable* table) {
  catch_up(table);
  end_key_scan(&table->by_key);
  end_statements(table);
  ExecDropSingleTupleTableSlot(table->row);
  ExecCloseIndices(table->info);
  ExecResetTupleTable(table->estate->es_tupleTable, false);
  ExecCloseResultRelations(table->estate);
  FreeExecutorState(table->estate);
  table_close(table->rel, NoLock);
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
  fill_defaults(table);
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

namespace {

// Rarely needed, so not when the table is opened.
void expect_conflicts(StoredTable* table) {
  if (table->arbiters != NIL) return;
  MemoryContext caller = MemoryContextSwitchTo(table->estate->es_query_cxt);
  table->arbiters = list_make1_oid(RelationGetRelid(table->by_key.index));
  for (int i = 0; i < table->info->ri_NumIndices; i++)
    if (table->info->ri_IndexRelationInfo[i]->ii_Unique)
      BuildSpeculativeIndexInfo(table->info->ri_IndexRelationDescs[i], table->info->ri_IndexRelationInfo[i]);
  MemoryContextSwitchTo(caller);
}

}  // namespace

// As INSERT … ON CONFLICT DO NOTHING does it: nodeModifyTable.c describes the protocol.
bool insert_unless_there(StoredTable* table, bool wait) {
  expect_conflicts(table);
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
