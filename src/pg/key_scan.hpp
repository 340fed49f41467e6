// Rows of a table by the first column of one of its indexes, as a snapshot taken on purpose sees them.
#pragma once

#include "pg/lead_key.hpp"

extern "C" {
#include "access/genam.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "utils/snapshot.h"
}

namespace lead_scoring {

struct KeyScan {
  MemoryContext context;  // the scan's own memory, which outlives the caller's
  Relation rel;
  Relation index;
  Snapshot snapshot;  // registered
  IndexScanDesc scan;
  ScanKeyData key;
  TupleTableSlot* found;  // where the scan stands
  // With `order`, keys are asked for in ascending order: the scan then walks on to the next one as long as that is
  // near, which is much cheaper than to come down the tree for each.
  const KeyType* order;
  AttrNumber column;  // of the key, in the table
  bool stands;        // `found` is the first row at or after the key asked for last
  bool prunes_late;   // late_pruning.cpp; for tables of our own
};

// Both relations are open and locked; they stay the caller's.
void begin_key_scan(KeyScan* scan, Relation rel, Relation index);
void end_key_scan(KeyScan* scan);
// From now on keys come in ascending order; before the first of them.
void expect_order(KeyScan* scan, const KeyType* key);
// The table is ours, and its pages are pruned as late as suits it.
void prune_late(KeyScan* scan);

// Takes a new snapshot; the first find_row does it by itself.
void look_again(KeyScan* scan);
// The first row of a key, in `found`; next_row goes on with the others of the same key.
bool find_row(KeyScan* scan, Datum key);
bool next_row(KeyScan* scan, Datum key);
// The row at a place, if the snapshot of the scan sees it there.
bool fetch_row(KeyScan* scan, const ItemPointerData& place);

// A walk over all rows in the order of the index, behind a key (nullptr: from the first). It has a snapshot of its own.
bool begin_walk(KeyScan* scan, const Datum* after);
bool walk_on(KeyScan* scan);

}  // namespace lead_scoring
