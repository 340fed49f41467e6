// Rows of our own tables by an index, pruned less often than PostgreSQL does it.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "access/genam.h"
#include "executor/tuptable.h"
}

namespace lead_scoring {

// Whether next_row_pruned_late can read the table: an ordinary heap.
[[nodiscard]] bool can_prune_late(Relation rel);
// As index_getnext_slot(), for a snapshot that is a matter of visibility only (MVCC). The scan and the slot are of a
// table that can_prune_late.
[[nodiscard]] bool next_row_pruned_late(IndexScanDesc scan, TupleTableSlot* slot);

}  // namespace lead_scoring
