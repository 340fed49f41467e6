// tally_rows(audience, source, signals, guarded, columns, VARIADIC values): the tally of a group of a
// source's rows, matched exactly as the triggers match. `columns` are the attribute numbers of the values.
// With `guarded` a failing expression loses one signal of one row and is reported through
// collect_recount_failures; without, it fails the query, which may then run in parallel.
#include "pg/tally_rows.hpp"

#include "pg/growing_tally.hpp"
#include "pg/row_matching.hpp"
#include "pg/tally_datum.hpp"

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

struct Target {
  GrowingTally* state;
  MemoryContext context;
};

void add_to_state(void* sink, Datum, std::span<const Entry> entries) {
  auto* target = static_cast<Target*>(sink);
  target->state = growing_tally_add(target->state, entries, target->context);
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

// The aggregate's state: a growing tally, or, where the parts of workers are combined, a finished value. The
// lowest bit of the pointer, which is aligned, tells.
Datum finished_state(Datum value) { return value | 1; }
bool is_finished(Datum state) { return (state & 1) != 0; }
Datum finished_value(Datum state) { return state & ~Datum{1}; }

// In the current memory context.
Datum value_of_state(Datum state) {
  if (is_finished(state)) return finished_value(state);
  return growing_tally_value(reinterpret_cast<const GrowingTally*>(DatumGetPointer(state)),
                             CurrentMemoryContext);
}

// In the current memory context; what is needed on the way goes with `scratch`.
Datum sum_of(Datum a, Datum b, MemoryContext scratch) {
  const Bytes left = tally_bytes(a);
  const Bytes right = tally_bytes(b);
  const Bytes sum = run_core([=] {
    ContextResource memory(scratch);
    return merge(left, right, &memory);
  });
  return tally_datum_from(sum);
}

}  // namespace

FailureList* collect_recount_failures(FailureList* list) {
  FailureList* before = collected_failures;
  collected_failures = list;
  return before;
}

LS_FUNCTION(ls_tally_rows) {
  Target target = {PG_ARGISNULL(0) ? nullptr : reinterpret_cast<GrowingTally*>(PG_GETARG_POINTER(0)),
                   aggregate_context(fcinfo)};
  if (target.state != nullptr) prefetch(target.state);
  auto* counter = static_cast<RowCounter*>(fcinfo->flinfo->fn_extra);
  if (counter == nullptr) fcinfo->flinfo->fn_extra = counter = make_counter(fcinfo);
  fill_slot(counter, fcinfo);
  FailureList* failures = collected_failures != nullptr ? collected_failures : &counter->failures;
  const MatchSink sink = {add_to_state, &target, failures, 1, false};
  if (!PG_ARGISNULL(4) && PG_GETARG_BOOL(4)) {
    bool done = false;
    match_rows(counter->matcher, counter->slot, next_single_row, &done, sink);
  } else {
    match_row(counter->matcher, counter->slot, sink);
  }
  if (target.state == nullptr) PG_RETURN_NULL();
  PG_RETURN_POINTER(target.state);
}

// Both are what workers have handed over.
LS_FUNCTION(ls_tally_rows_combine) {
  MemoryContext context = aggregate_context(fcinfo);
  if (PG_ARGISNULL(1)) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    PG_RETURN_DATUM(PG_GETARG_DATUM(0));
  }
  const Datum part = value_of_state(PG_GETARG_DATUM(1));
  MemoryContext caller = MemoryContextSwitchTo(context);
  Datum sum = 0;
  if (PG_ARGISNULL(0)) {
    sum = tally_datum_from(tally_bytes(part));
  } else {
    const Datum before = finished_value(PG_GETARG_DATUM(0));
    sum = sum_of(before, part, caller);
    pfree(DatumGetPointer(before));
  }
  MemoryContextSwitchTo(caller);
  PG_RETURN_DATUM(finished_state(sum));
}

// Final function, and what a worker hands over: a finished tally is the same bytes as a bytea.
LS_FUNCTION(ls_tally_rows_value) {
  (void)aggregate_context(fcinfo);
  PG_RETURN_DATUM(value_of_state(PG_GETARG_DATUM(0)));
}

LS_FUNCTION(ls_tally_rows_deserialize) {
  PG_RETURN_DATUM(finished_state(PointerGetDatum(PG_GETARG_BYTEA_P(0))));
}

}  // namespace lead_scoring
