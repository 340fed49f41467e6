// Whoever reads a row by an index prunes its page when less is free than the fillfactor keeps free. A table that was
// filled up to its fillfactor, and whose rows are then updated in place, is in that state after each update: every
// event would prune two pages, which costs more than its update does, and a WAL record each. We let the reserve be
// used up by half before: one pruning then serves about ten updates.
#include "pg/late_pruning.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/relscan.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
}

namespace lead_scoring {

bool can_prune_late(Relation rel) { return rel->rd_tableam == GetHeapamTableAmRoutine(); }

namespace {

// What PostgreSQL wants to be free at least, whatever the fillfactor.
constexpr Size least_free = BLCKSZ / 10;

// Read without a lock, as heap_page_prune_opt() itself does, which looks again with one.
bool is_nearly_full(Relation rel, Page page) {
  const Size reserve = RelationGetTargetPageFreeSpace(rel, HEAP_DEFAULT_FILLFACTOR);
  return PageIsFull(page) || PageGetHeapFreeSpace(page) < std::max(reserve / 2, least_free);
}

// As heapam_index_fetch_tuple() does it.
bool fetch(IndexScanDesc scan, ItemPointer tid, TupleTableSlot* slot, bool* all_dead) {
  auto* heap = reinterpret_cast<IndexFetchHeapData*>(scan->xs_heapfetch);
  auto* row = reinterpret_cast<BufferHeapTupleTableSlot*>(slot);
  Relation rel = scan->heapRelation;
  const Buffer before = heap->xs_cbuf;
  heap->xs_cbuf = ReleaseAndReadBuffer(before, rel, ItemPointerGetBlockNumber(tid));
  if (before != heap->xs_cbuf && is_nearly_full(rel, BufferGetPage(heap->xs_cbuf)))
    heap_page_prune_opt(rel, heap->xs_cbuf);
  LockBuffer(heap->xs_cbuf, BUFFER_LOCK_SHARE);
  const bool there =
      heap_hot_search_buffer(tid, rel, heap->xs_cbuf, scan->xs_snapshot, &row->base.tupdata, all_dead, true);
  row->base.tupdata.t_self = *tid;
  LockBuffer(heap->xs_cbuf, BUFFER_LOCK_UNLOCK);
  if (!there) return false;
  slot->tts_tableOid = RelationGetRelid(rel);
  ExecStoreBufferHeapTuple(&row->base.tupdata, slot, heap->xs_cbuf);
  return true;
}

}  // namespace

bool next_row_pruned_late(IndexScanDesc scan, TupleTableSlot* slot) {
  while (ItemPointer tid = index_getnext_tid(scan, ForwardScanDirection)) {
    bool all_dead = false;
    const bool there = fetch(scan, tid, slot, &all_dead);
    if (there) pgstat_count_heap_fetch(scan->indexRelation);
    // The index may forget what nobody can see any more; during recovery it must not.
    if (!scan->xactStartedInRecovery) scan->kill_prior_tuple = all_dead;
    if (there) return true;
  }
  return false;
}

}  // namespace lead_scoring
