// The executor looks for a row of the same key in each unique index, although an update that leaves the key alone cannot
// meet one: the row's version before it was unique, and is so until this transaction ends. That look, which visits the
// table again, is a fifth of a new entry; working out which columns an index has is done once a row there.
#include "pg/index_entries.hpp"

extern "C" {
#include "catalog/index.h"
}

namespace lead_scoring {

namespace {

bool sets_column_of(Relation index, const Bitmapset* updated) {
  const Form_pg_index form = index->rd_index;
  for (int i = 0; i < form->indnkeyatts; i++)
    if (bms_is_member(form->indkey.values[i] - FirstLowInvalidHeapAttributeNumber, updated)) return true;
  return false;
}

bool is_plain(const IndexInfo* index) {
  return index->ii_Expressions == NIL && index->ii_Predicate == NIL && index->ii_ExclusionOps == nullptr;
}

// One that is being built has perhaps no entry of the version before.
bool is_complete(const ResultRelInfo* info, int index) {
  return info->ri_IndexRelationDescs[index]->rd_index->indisvalid;
}

}  // namespace

EntryPlan plan_entries(const ResultRelInfo* info, const Bitmapset* updated) {
  const TriggerDesc* triggers = info->ri_RelationDesc->trigdesc;
  EntryPlan plan = {};
  plan.unchanged = static_cast<bool*>(palloc(sizeof(bool) * static_cast<Size>(info->ri_NumIndices)));
  // A trigger may change any column.
  plan.direct = triggers == nullptr || !triggers->trig_update_before_row;
  for (int i = 0; i < info->ri_NumIndices; i++) {
    plan.unchanged[i] = !sets_column_of(info->ri_IndexRelationDescs[i], updated);
    const IndexInfo* index = info->ri_IndexRelationInfo[i];
    if (!is_plain(index) || (index->ii_Unique && !(plan.unchanged[i] && is_complete(info, i))))
      plan.direct = false;
  }
  return plan;
}

void insert_entry(const EntryPlan& plan, ResultRelInfo* info, EState* estate, int index, TupleTableSlot* row,
                  IndexesToUpdate indexes) {
  IndexInfo* about = info->ri_IndexRelationInfo[index];
  if (!takes_entry(about, indexes)) return;
  Datum values[INDEX_MAX_KEYS];
  bool nulls[INDEX_MAX_KEYS];
  FormIndexDatum(about, row, estate, values, nulls);
  (void)index_insert(info->ri_IndexRelationDescs[index], values, nulls, &row->tts_tid, info->ri_RelationDesc,
                     UNIQUE_CHECK_NO, plan.unchanged[index], about);
}

List* insert_entries(const EntryPlan& plan, ResultRelInfo* info, EState* estate, TupleTableSlot* row,
                     IndexesToUpdate indexes) {
  if (indexes == no_indexes) return NIL;
  if (!plan.direct) return update_index_entries(info, row, estate, indexes);
  for (int i = 0; i < info->ri_NumIndices; i++) insert_entry(plan, info, estate, i, row, indexes);
  return NIL;
}

}  // namespace lead_scoring
