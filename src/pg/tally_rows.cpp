// tally_rows(audience, source, signals, guarded, columns, VARIADIC values): the tallies of all leads that rows of a
// source name, matched exactly as the triggers match. `columns` are the attribute numbers of the values.
// With `guarded` a failing expression loses one signal of one row and is reported through
// collect_recount_failures; without, it fails the query, which may then run in parallel.
#include "pg/tally_rows.hpp"

#include "pg/counted_leads.hpp"
#include "pg/row_matching.hpp"

extern "C" {
#include "access/relation.h"
#include "executor/executor.h"
#include "utils/array.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

FailureList* collected_failures = nullptr;

// Kept in fn_extra for the life of one call site.
struct RowCounter {
  SourceMatcher* matcher;
  TupleTableSlot* slot;
  int column_count;
  AttrNumber* columns;
  FailureList failures;  // when nobody collects them
};

constexpr int first_value_argument = 6;

int32* integers_of(ArrayType* array, int* count) {
  *count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
  return reinterpret_cast<int32*>(ARR_DATA_PTR(array));
}

void keep_only(SourceDefinition* source, ArrayType* wanted) {
  int count = 0;
  const int32* numbers = integers_of(wanted, &count);
  int kept = 0;
  for (int i = 0; i < source->signal_count; i++)
    if (std::find(numbers, numbers + count, source->signals[i].number) != numbers + count)
      source->signals[kept++] = source->signals[i];
  source->signal_count = kept;
}

void require_arguments(FunctionCallInfo fcinfo) {
  for (int i : {1, 2, 4, 5})
    if (PG_ARGISNULL(i))
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                      errmsg("tally_rows: audience, source, guarded and columns must not be NULL")));
  for (int i : {3, 5})
    if (!PG_ARGISNULL(i) && array_contains_nulls(PG_GETARG_ARRAYTYPE_P(i)))
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                      errmsg("tally_rows: signals and columns must not contain NULL")));
}

RowCounter* make_counter(FunctionCallInfo fcinfo) {
  require_arguments(fcinfo);
  MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
  AudienceDefinition* audience = require_owned_audience(text_to_cstring(PG_GETARG_TEXT_PP(1)));
  // The signals' expressions may call functions of the owner's: nobody else runs them as himself.
  if (GetUserId() != audience->owner)
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("tally_rows runs as the owner of audience \"%s\" only", audience->name),
                    errhint("verify() and rebuild() count as the owner.")));
  SourceDefinition* source = require_source(audience->name, text_to_cstring(PG_GETARG_TEXT_PP(2)));
  if (!PG_ARGISNULL(3)) keep_only(source, PG_GETARG_ARRAYTYPE_P(3));
  auto* counter = palloc0_object(RowCounter);
  begin_failures(&counter->failures);
  Relation rel = relation_open(source->table, AccessShareLock);
  counter->matcher = make_matcher(*audience, *source, rel, CurrentMemoryContext);
  relation_close(rel, AccessShareLock);
  counter->slot = MakeTupleTableSlot(counter->matcher->desc, &TTSOpsVirtual);
  ExecStoreAllNullTuple(counter->slot);
  ArrayType* columns = PG_GETARG_ARRAYTYPE_P_COPY(5);
  counter->column_count = ArrayGetNItems(ARR_NDIM(columns), ARR_DIMS(columns));
  counter->columns = reinterpret_cast<AttrNumber*>(ARR_DATA_PTR(columns));
  if (counter->column_count != PG_NARGS() - first_value_argument)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("tally_rows: columns and values do not match")));
  for (int i = 0; i < counter->column_count; i++) {
    const AttrNumber number = counter->columns[i];
    const bool fits = number >= 1 && number <= counter->matcher->desc->natts &&
                      TupleDescAttr(counter->matcher->desc, number - 1)->atttypid ==
                          get_fn_expr_argtype(fcinfo->flinfo, first_value_argument + i);
    if (!fits)
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("tally_rows: value %d is not column %d of source \"%s\"", i + 1, number,
                             source->name)));
  }
  MemoryContextSwitchTo(caller);
  return counter;
}

// The slot's other columns are NULL, and nobody reads them.
void fill_slot(const RowCounter* counter, FunctionCallInfo fcinfo) {
  const NullableDatum* value = fcinfo->args + first_value_argument;
  const AttrNumber* column = counter->columns;
  Datum* values = counter->slot->tts_values - 1;
  bool* nulls = counter->slot->tts_isnull - 1;
  for (const AttrNumber* end = column + counter->column_count; column != end; column++, value++) {
    values[*column] = value->value;
    nulls[*column] = value->isnull;
  }
}

void add_to_state(void* state, Datum key, std::span<const Entry> entries) {
  count_row(static_cast<CountedLeads*>(state), key, entries);
}

// The slot already holds the one row.
bool next_single_row(void* done, TupleTableSlot*) {
  auto* flag = static_cast<bool*>(done);
  const bool more = !*flag;
  *flag = true;
  return more;
}

MemoryContext aggregate_context(FunctionCallInfo fcinfo) {
  MemoryContext context = nullptr;
  if (AggCheckCallContext(fcinfo, &context) == 0)
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("only the aggregate tally_rows can call this")));
  return context;
}

CountedLeads* state_of(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(0) ? nullptr : reinterpret_cast<CountedLeads*>(PG_GETARG_POINTER(0));
}

}  // namespace

FailureList* collect_recount_failures(FailureList* list) {
  FailureList* before = collected_failures;
  collected_failures = list;
  return before;
}

LS_FUNCTION(ls_tally_rows) {
  CountedLeads* state = state_of(fcinfo);
  MemoryContext context = state == nullptr ? aggregate_context(fcinfo) : nullptr;
  auto* counter = static_cast<RowCounter*>(fcinfo->flinfo->fn_extra);
  if (counter == nullptr) fcinfo->flinfo->fn_extra = counter = make_counter(fcinfo);
  if (state == nullptr) state = make_counted_leads(counter->matcher->key.type, context);
  fill_slot(counter, fcinfo);
  FailureList* failures = collected_failures != nullptr ? collected_failures : &counter->failures;
  const MatchSink sink = {add_to_state, state, failures, 1, false, false};
  if (!PG_ARGISNULL(4) && PG_GETARG_BOOL(4)) {
    bool done = false;
    match_rows(counter->matcher, counter->slot, next_single_row, &done, sink);
  } else {
    match_row(counter->matcher, counter->slot, sink);
  }
  PG_RETURN_POINTER(state);
}

// The second is a part that serialize has handed over.
LS_FUNCTION(ls_tally_rows_combine) {
  MemoryContext context = aggregate_context(fcinfo);
  CountedLeads* state = state_of(fcinfo);
  if (!PG_ARGISNULL(1)) state = add_counted_part(state, PG_GETARG_DATUM(1), context);
  if (state == nullptr) PG_RETURN_NULL();
  PG_RETURN_POINTER(state);
}

LS_FUNCTION(ls_tally_rows_serialize) {
  (void)aggregate_context(fcinfo);
  PG_RETURN_DATUM(counted_part(state_of(fcinfo)));
}

// What is read where it is combined.
LS_FUNCTION(ls_tally_rows_deserialize) {
  (void)aggregate_context(fcinfo);
  PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

LS_FUNCTION(ls_tally_rows_finish) {
  (void)aggregate_context(fcinfo);
  PG_RETURN_DATUM(finished_leads(state_of(fcinfo)));
}

}  // namespace lead_scoring
