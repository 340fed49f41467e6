#include "pg/key_scan.hpp"

#include "pg/compat_executor.hpp"

extern "C" {
#include "access/stratnum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

void begin_key_scan(KeyScan* scan, Relation rel, Relation index) {
  *scan = {};
  scan->context = CurrentMemoryContext;
  scan->rel = rel;
  scan->index = index;
  const Oid type = index->rd_opcintype[0];
  const Oid equality = get_opfamily_member(index->rd_opfamily[0], type, type, BTEqualStrategyNumber);
  ScanKeyEntryInitialize(&scan->key, 0, 1, BTEqualStrategyNumber, InvalidOid, index->rd_indcollation[0],
                         get_opcode(equality), Datum{0});
  scan->found = table_slot_create(rel, nullptr);
}

namespace {

void drop_snapshot(KeyScan* scan) {
  ExecClearTuple(scan->found);
  if (scan->scan != nullptr) index_endscan(scan->scan);
  if (scan->snapshot != nullptr) UnregisterSnapshot(scan->snapshot);
  scan->scan = nullptr;
  scan->snapshot = nullptr;
}

}  // namespace

void end_key_scan(KeyScan* scan) {
  drop_snapshot(scan);
  ExecDropSingleTupleTableSlot(scan->found);
}

void look_again(KeyScan* scan) {
  MemoryContext caller = MemoryContextSwitchTo(scan->context);
  drop_snapshot(scan);
  scan->snapshot = RegisterSnapshot(GetLatestSnapshot());
  scan->scan = begin_index_scan(scan->rel, scan->index, scan->snapshot, 1);
  MemoryContextSwitchTo(caller);
}

bool next_row(KeyScan* scan) {
  MemoryContext caller = MemoryContextSwitchTo(scan->context);
  const bool there = index_getnext_slot(scan->scan, ForwardScanDirection, scan->found);
  MemoryContextSwitchTo(caller);
  return there;
}

bool find_row(KeyScan* scan, Datum key) {
  if (scan->scan == nullptr) look_again(scan);
  MemoryContext caller = MemoryContextSwitchTo(scan->context);
  scan->key.sk_argument = key;
  index_rescan(scan->scan, &scan->key, 1, nullptr, 0);
  MemoryContextSwitchTo(caller);
  return next_row(scan);
}

}  // namespace lead_scoring
