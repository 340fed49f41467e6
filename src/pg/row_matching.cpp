#include "pg/row_matching.hpp"

#include "pg/local_time.hpp"
#include "pg/numeric_value.hpp"
#include "pg/subtransaction.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/date.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

struct RowContext {
  Datum key;
  bool has_tick;
  Tick tick;
};

const char* sample_key(const SourceMatcher* matcher, Datum key) { return key_text(matcher->key, key); }

// False: the row names no lead.
bool read_key(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink, RowContext* row) {
  if (matcher->key_column == 0) {
    record_failure(sink.failures, matcher->source->name, nullptr, ERRCODE_UNDEFINED_COLUMN,
                   psprintf("column \"%s\" no longer names leads", matcher->source->lead_key), nullptr);
    return false;
  }
  bool is_null = false;
  const Datum key = slot_getattr(slot, matcher->key_column, &is_null);
  if (is_null) {
    if (sink.sign > 0)
      record_failure(sink.failures, matcher->source->name, nullptr, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                     "row without a lead key", nullptr);
    return false;
  }
  if (is_too_long(matcher->key, key)) {
    if (sink.sign > 0)
      record_failure(sink.failures, matcher->source->name, nullptr, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                     psprintf("lead key of more than %d bytes", longest_key), nullptr);
    return false;
  }
  row->key = widen_key(matcher->key, matcher->key_column_type, key);
  return true;
}

std::optional<Tick> tick_of_value(const SourceMatcher* matcher, Oid type, Datum value) {
  switch (type) {
    case TIMESTAMPTZOID:
      return tick_of_instant(DatumGetTimestampTz(value), matcher->zone, matcher->resolution);
    case TIMESTAMPOID:
      return tick_of_wall_clock(DatumGetTimestamp(value), matcher->resolution);
    case DATEOID:
      return tick_of_date(DatumGetDateADT(value), matcher->resolution);
    default:
      return std::nullopt;
  }
}

constexpr const char* outside_calendar = "time is infinite or outside the years 1400 to 9999";

void read_time(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink, RowContext* row) {
  row->has_tick = matcher->source->profile;
  row->tick = timeless;
  if (matcher->source->profile) return;
  bool is_null = true;
  const Datum value =
      matcher->time_column == 0 ? Datum{0} : slot_getattr(slot, matcher->time_column, &is_null);
  const auto tick = is_null ? std::nullopt : tick_of_value(matcher, matcher->time_column_type, value);
  if (tick.has_value()) {
    row->has_tick = true;
    row->tick = *tick;
  } else if (sink.sign > 0 && !tells_time(*matcher)) {
    record_failure(sink.failures, matcher->source->name, nullptr, ERRCODE_UNDEFINED_COLUMN,
                   psprintf("column \"%s\" no longer tells a time", matcher->source->occurred_at),
                   sample_key(matcher, row->key));
  } else if (sink.sign > 0) {
    record_failure(sink.failures, matcher->source->name, nullptr,
                   is_null ? ERRCODE_NULL_VALUE_NOT_ALLOWED : ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
                   is_null ? "row without a time" : outside_calendar, sample_key(matcher, row->key));
  }
}

// In the memory of the row, to which match_row_from has switched.
Datum evaluate(SourceMatcher* matcher, const CompiledExpression& expression, bool* is_null) {
  return ExecEvalExpr(expression.state, matcher->econtext, is_null);
}

bool is_true(SourceMatcher* matcher, const CompiledExpression& expression) {
  if (expression.state == nullptr) return true;
  bool is_null = false;
  const Datum value = evaluate(matcher, expression, &is_null);
  return !is_null && DatumGetBool(value);
}

// False: the signal is dated, and the row has no date for it.
bool date_entry(SourceMatcher* matcher, const CompiledSignal& signal, const RowContext& row, Entry* entry) {
  if (signal.occurred_on.state == nullptr) {
    entry->tick = row.tick;
    return row.has_tick;
  }
  bool is_null = false;
  const Datum value = evaluate(matcher, signal.occurred_on, &is_null);
  if (is_null) return false;
  const auto tick = tick_of_value(matcher, signal.occurred_on_type, value);
  if (!tick.has_value())
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("%s", outside_calendar)));
  entry->tick = *tick;
  return true;
}

void match_signal(SourceMatcher* matcher, const CompiledSignal& signal, const RowContext& row, int sign) {
  if (!is_true(matcher, signal.event_type) || !is_true(matcher, signal.condition)) return;
  Entry entry;
  entry.signal = static_cast<std::uint32_t>(signal.definition->number);
  entry.count = sign;
  if (!date_entry(matcher, signal, row, &entry)) return;
  bool is_null = true;
  if (signal.value.state != nullptr) {
    const Datum value = evaluate(matcher, signal.value, &is_null);
    if (!is_null) entry.value = sign * numeric_to_ten_thousandths(value);
  }
  if (signal.item.state != nullptr) {
    const Datum item = evaluate(matcher, signal.item, &is_null);
    if (!is_null) entry.item = item_of(DatumGetTextPP(item));
  }
  matcher->entries[matcher->entry_count++] = entry;
}

// A number that differs when what the mirror columns show differs; 0 without such columns.
std::uint64_t mirror_item(SourceMatcher* matcher, TupleTableSlot* slot) {
  std::uint64_t item = 0;
  for (const AttrNumber column : matcher->mirror_columns) {
    if (column == 0) continue;
    bool is_null = false;
    const Datum value = slot_getattr(slot, column, &is_null);
    const Form_pg_attribute attribute = TupleDescAttr(matcher->desc, column - 1);
    const std::uint64_t shown = is_null                   ? 1
                                : attribute->attlen == -1 ? item_of(DatumGetTextPP(value))
                                                          : static_cast<std::uint64_t>(value) * 2 + 3;
    item = item * 1000003 + shown;
  }
  return item;
}

const SignalList& signals_of_row(SourceMatcher* matcher, TupleTableSlot* slot) {
  const TypeDispatch& dispatch = matcher->dispatch;
  if (dispatch.column == 0) return dispatch.others;
  bool is_null = false;
  const Datum type = slot_getattr(slot, dispatch.column, &is_null);
  return signals_of_type(dispatch, type, is_null);
}

void match_signals(SourceMatcher* matcher, const SignalList& signals, const RowContext& row,
                   const MatchSink& sink, int first) {
  for (int at = 0; at < signals.count; at++) {
    const int i = signals.signals[at];
    if (i < first) continue;
    const CompiledSignal& signal = matcher->signals[i];
    if (signal.broken != nullptr) {
      record_failure(sink.failures, matcher->source->name, signal.definition->name, signal.broken_sqlstate,
                     signal.broken, sample_key(matcher, row.key));
      continue;
    }
    matcher->at_signal = i;
    match_signal(matcher, signal, row, sink.sign);
    matcher->at_signal = -1;
  }
}

void start_row(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink) {
  matcher->entry_count = 0;
  if (!sink.mark_presence) return;
  Entry presence;
  presence.count = sink.sign;
  presence.item = mirror_item(matcher, slot);
  matcher->entries[matcher->entry_count++] = presence;
}

// `first` > 0: the row's earlier signals are done.
void match_row_from(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink, int first) {
  MemoryContext caller = MemoryContextSwitchTo(matcher->econtext->ecxt_per_tuple_memory);
  RowContext row = {};
  matcher->econtext->ecxt_scantuple = slot;
  // A failure of the row as a whole is recorded once, not again when the row is resumed.
  const MatchSink quiet = {sink.emit, sink.target,      sink.failures, first == 0 ? sink.sign : -1,
                           false,     sink.may_lose_row};
  if (read_key(matcher, slot, quiet, &row)) {
    if (first == 0) start_row(matcher, slot, sink);
    if (matcher->source->signal_count > 0) {
      read_time(matcher, slot, quiet, &row);
      match_signals(matcher, signals_of_row(matcher, slot), row, sink, first);
    }
    if (matcher->entry_count > 0)
      sink.emit(sink.target, row.key, {matcher->entries, static_cast<std::size_t>(matcher->entry_count)});
  }
  MemoryContextSwitchTo(caller);
  ResetExprContext(matcher->econtext);
}

void record_row_failure(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink,
                        const ErrorData* error) {
  bool is_null = false;
  const Datum key = slot_getattr(slot, matcher->key_column, &is_null);
  const int at = matcher->at_signal;
  record_failure(sink.failures, matcher->source->name,
                 at < 0 ? nullptr : matcher->signals[at].definition->name, error->sqlerrcode, error->message,
                 sample_key(matcher, widen_key(matcher->key, matcher->key_column_type, key)));
}

}  // namespace

void match_row(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink) {
  match_row_from(matcher, slot, sink, 0);
}

void match_rows(SourceMatcher* matcher, TupleTableSlot* slot, NextRow next, void* rows,
                const MatchSink& sink) {
  if (matcher->refused != nullptr) {
    record_failure(sink.failures, matcher->source->name, nullptr, ERRCODE_INSUFFICIENT_PRIVILEGE,
                   matcher->refused, nullptr);
    return;
  }
  volatile int first = 0;
  volatile bool more = next(rows, slot);
  while (more) {
    matcher->at_signal = -1;
    ErrorData* error = nullptr;
    const bool finished = guarded(&error, [&] {
      while (more) {
        match_row_from(matcher, slot, sink, first);
        first = 0;
        more = next(rows, slot);
      }
    });
    if (finished) return;
    if (matcher->at_signal < 0 && !sink.may_lose_row) ReThrowError(error);
    record_row_failure(matcher, slot, sink, error);
    FreeErrorData(error);
    first = matcher->at_signal + 1;
    if (matcher->at_signal >= 0)
      renew_signal(matcher, matcher->at_signal);
    else
      more = next(rows, slot);  // not an expression's fault
    ResetExprContext(matcher->econtext);
  }
}

}  // namespace lead_scoring
