// The second half of compat.hpp: functions of the executor that differ between the server versions 14 to 18, for
// stored_table.cpp alone.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "access/genam.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "utils/rel.h"
}

namespace lead_scoring {

// A range table of one relation, whose columns `updated` (attribute numbers less
// FirstLowInvalidHeapAttributeNumber) triggers take for the targets of an UPDATE.
inline void init_range_table(EState* estate, Relation rel, Bitmapset* updated) {
  auto* entry = makeNode(RangeTblEntry);
  entry->rtekind = RTE_RELATION;
  entry->relid = RelationGetRelid(rel);
  entry->relkind = rel->rd_rel->relkind;
  entry->rellockmode = RowExclusiveLock;
#if PG_VERSION_NUM >= 160000
  List* permissions = NIL;
  addRTEPermissionInfo(&permissions, entry)->updatedCols = updated;
#if PG_VERSION_NUM >= 180000
  ExecInitRangeTable(estate, list_make1(entry), permissions, bms_make_singleton(1));
#else
  ExecInitRangeTable(estate, list_make1(entry), permissions);
#endif
#else
  entry->updatedCols = updated;
  ExecInitRangeTable(estate, list_make1(entry));
#endif
}

inline void init_recheck(EPQState* epq, EState* estate) {
#if PG_VERSION_NUM >= 170000
  EvalPlanQualInit(epq, estate, nullptr, NIL, -1, NIL);
#else
  EvalPlanQualInit(epq, estate, nullptr, NIL, -1);
#endif
}

inline IndexScanDesc begin_index_scan(Relation rel, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
  return index_beginscan(rel, index, snapshot, nullptr, keys, 0);
#else
  return index_beginscan(rel, index, snapshot, keys, 0);
#endif
}

inline bool before_row_update(EState* estate, EPQState* epq, ResultRelInfo* info, ItemPointer tid,
                              TupleTableSlot* row) {
#if PG_VERSION_NUM >= 180000
  return ExecBRUpdateTriggers(estate, epq, info, tid, nullptr, row, nullptr, nullptr, false);
#elif PG_VERSION_NUM >= 160000
  return ExecBRUpdateTriggers(estate, epq, info, tid, nullptr, row, nullptr, nullptr);
#elif PG_VERSION_NUM >= 150000
  return ExecBRUpdateTriggers(estate, epq, info, tid, nullptr, row, nullptr);
#else
  return ExecBRUpdateTriggers(estate, epq, info, tid, nullptr, row);
#endif
}

inline void after_row_update(EState* estate, ResultRelInfo* info, ItemPointer tid, TupleTableSlot* row,
                             List* recheck, TransitionCaptureState* capture) {
#if PG_VERSION_NUM >= 150000
  ExecARUpdateTriggers(estate, info, nullptr, nullptr, tid, nullptr, row, recheck, capture, false);
#else
  ExecARUpdateTriggers(estate, info, tid, nullptr, row, recheck, capture);
#endif
}

// Entries of a new row in all indexes. `conflict` is for speculative insertion, otherwise null.
inline List* insert_index_entries(ResultRelInfo* info, TupleTableSlot* row, EState* estate, bool* conflict,
                                  List* arbiters) {
  const bool speculative = conflict != nullptr;
#if PG_VERSION_NUM >= 160000
  return ExecInsertIndexTuples(info, row, estate, false, speculative, conflict, arbiters, false);
#else
  return ExecInsertIndexTuples(info, row, estate, false, speculative, conflict, arbiters);
#endif
}

// Which indexes an update needs new entries in.
#if PG_VERSION_NUM >= 160000
using IndexesToUpdate = TU_UpdateIndexes;
#else
using IndexesToUpdate = bool;
#endif
constexpr IndexesToUpdate no_indexes = IndexesToUpdate{};

inline TM_Result update_row(Relation rel, ItemPointer tid, TupleTableSlot* row, Snapshot snapshot, bool wait,
                            IndexesToUpdate* indexes) {
  TM_FailureData failure;
  LockTupleMode mode = LockTupleNoKeyExclusive;
  return table_tuple_update(rel, tid, row, GetCurrentCommandId(true), snapshot, InvalidSnapshot, wait,
                            &failure, &mode, indexes);
}

// Entries of a row that update_row has written. Returns the indexes to be checked again at the end.
inline List* update_index_entries(ResultRelInfo* info, TupleTableSlot* row, EState* estate,
                                  IndexesToUpdate indexes) {
#if PG_VERSION_NUM >= 160000
  return ExecInsertIndexTuples(info, row, estate, true, false, nullptr, NIL, indexes == TU_Summarizing);
#else
  (void)indexes;
  return ExecInsertIndexTuples(info, row, estate, true, false, nullptr, NIL);
#endif
}

// Whether an update must make an entry in this index.
inline bool takes_entry(const IndexInfo* index, IndexesToUpdate indexes) {
#if PG_VERSION_NUM >= 160000
  return index->ii_ReadyForInserts && (indexes != TU_Summarizing || index->ii_Summarizing);
#else
  return index->ii_ReadyForInserts && indexes;
#endif
}

// Whether no row has the key, after waiting for sessions that are inserting or deleting it.
inline bool is_key_free(ResultRelInfo* info, TupleTableSlot* row, EState* estate, List* arbiters) {
  ItemPointerData conflict;
#if PG_VERSION_NUM >= 180000
  ItemPointerData none;
  ItemPointerSetInvalid(&none);
  return ExecCheckIndexConstraints(info, row, estate, &conflict, &none, arbiters);
#else
  return ExecCheckIndexConstraints(info, row, estate, &conflict, arbiters);
#endif
}

}  // namespace lead_scoring
