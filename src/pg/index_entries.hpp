// New entries of an updated row in the indexes of its table.
#pragma once

#include "pg/compat_executor.hpp"

namespace lead_scoring {

// What is the same for all rows of a table.
struct EntryPlan {
  bool direct;      // index by index; otherwise as the executor does it
  bool* unchanged;  // one an index: an update sets none of its columns
};

// `updated`: the columns that an update sets, as in init_range_table. The indexes are open.
EntryPlan plan_entries(const ResultRelInfo* info, const Bitmapset* updated);

// Entries in the index of that number; with a direct plan.
void insert_entry(const EntryPlan& plan, ResultRelInfo* info, EState* estate, int index, TupleTableSlot* row,
                  IndexesToUpdate indexes);
// Entries in all indexes. Returns those that must be checked again at the end of the statement.
List* insert_entries(const EntryPlan& plan, ResultRelInfo* info, EState* estate, TupleTableSlot* row,
                     IndexesToUpdate indexes);

}  // namespace lead_scoring
