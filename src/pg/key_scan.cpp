#include "pg/key_scan.hpp"

#include "pg/compat_executor.hpp"
#include "pg/late_pruning.hpp"

extern "C" {
#include "access/stratnum.h"
#include "access/tableam.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

namespace {

void set_key(KeyScan* scan, StrategyNumber strategy) {
  Relation index = scan->index;
  const Oid type = index->rd_opcintype[0];
  const Oid comparison = get_opfamily_member(index->rd_opfamily[0], type, type, static_cast<int16>(strategy));
  ScanKeyEntryInitialize(&scan->key, 0, 1, strategy, InvalidOid, index->rd_indcollation[0],
                         get_opcode(comparison), Datum{0});
}

}  // namespace

void begin_key_scan(KeyScan* scan, Relation rel, Relation index) {
  *scan = {};
  scan->context = CurrentMemoryContext;
  scan->rel = rel;
  scan->index = index;
  scan->column = index->rd_index->indkey.values[0];
  set_key(scan, BTEqualStrategyNumber);
  scan->found = table_slot_create(rel, nullptr);
}

void expect_order(KeyScan* scan, const KeyType* key) {
  if (scan->index->rd_indcollation[0] != key->collation) return;  // another order than that of the keys
  scan->order = key;
  set_key(scan, BTGreaterEqualStrategyNumber);
}

void prune_late(KeyScan* scan) { scan->prunes_late = can_prune_late(scan->rel); }

namespace {

void drop_snapshot(KeyScan* scan) {
  ExecClearTuple(scan->found);
  scan->stands = false;
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

namespace {

bool step(KeyScan* scan) {
  MemoryContext caller = MemoryContextSwitchTo(scan->context);
  const bool there = scan->prunes_late ? next_row_pruned_late(scan->scan, scan->found)
                                       : index_getnext_slot(scan->scan, ForwardScanDirection, scan->found);
  MemoryContextSwitchTo(caller);
  return there;
}

bool come_down(KeyScan* scan, Datum key) {
  MemoryContext caller = MemoryContextSwitchTo(scan->context);
  scan->key.sk_argument = key;
  index_rescan(scan->scan, &scan->key, 1, nullptr, 0);
  MemoryContextSwitchTo(caller);
  return step(scan);
}

int compare_found(const KeyScan& scan, Datum key) {
  bool is_null = false;
  const Datum at = slot_getattr(scan.found, scan.column, &is_null);
  return compare_keys(*scan.order, at, key);
}

constexpr int most_steps = 4;

bool find_in_order(KeyScan* scan, Datum key) {
  for (int steps = 0; scan->stands && steps < most_steps; steps++) {
    const int difference = compare_found(*scan, key);
    if (difference >= 0) return difference == 0;
    scan->stands = step(scan);
    if (!scan->stands) return false;  // behind the last row
  }
  scan->stands = come_down(scan, key);
  return scan->stands && compare_found(*scan, key) == 0;
}

}  // namespace

bool find_row(KeyScan* scan, Datum key) {
  if (scan->scan == nullptr) look_again(scan);
  return scan->order == nullptr ? come_down(scan, key) : find_in_order(scan, key);
}

bool next_row(KeyScan* scan, Datum key) {
  if (scan->order == nullptr) return step(scan);
  scan->stands = step(scan);
  return scan->stands && compare_found(*scan, key) == 0;
}

bool fetch_row(KeyScan* scan, const ItemPointerData& place) {
  if (scan->scan == nullptr) look_again(scan);
  scan->stands = false;
  ItemPointerData tid = place;
  return table_tuple_fetch_row_version(scan->rel, &tid, scan->snapshot, scan->found);
}

bool begin_walk(KeyScan* scan, const Datum* after) {
  const int keys = after == nullptr ? 0 : 1;
  drop_snapshot(scan);
  scan->snapshot = RegisterSnapshot(GetLatestSnapshot());
  scan->scan = begin_index_scan(scan->rel, scan->index, scan->snapshot, keys);
  if (after != nullptr) {
    set_key(scan, BTGreaterStrategyNumber);
    scan->key.sk_argument = *after;
  }
  index_rescan(scan->scan, after == nullptr ? nullptr : &scan->key, keys, nullptr, 0);
  return step(scan);
}

bool walk_on(KeyScan* scan) { return step(scan); }

}  // namespace lead_scoring
