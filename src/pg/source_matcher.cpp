#include "pg/source_matcher.hpp"

#include "pg/expression.hpp"
#include "pg/local_time.hpp"
#include "pg/numeric_value.hpp"
#include "pg/subtransaction.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

AttrNumber column_named(TupleDesc desc, const char* name, Oid* type) {
  if (name == nullptr) return 0;
  for (int i = 0; i < desc->natts; i++) {
    Form_pg_attribute attribute = TupleDescAttr(desc, i);
    if (attribute->attisdropped || strcmp(NameStr(attribute->attname), name) != 0) continue;
    *type = getBaseType(attribute->atttypid);
    return attribute->attnum;
  }
  return 0;
}

CompiledExpression planned(SourceMatcher* matcher, Node* tree) {
  if (calls_user_functions(tree)) matcher->user_functions = true;
  tree = reinterpret_cast<Node*>(expression_planner(reinterpret_cast<Expr*>(tree)));
  collect_columns(tree, &matcher->columns);
  return {tree, nullptr};
}

CompiledExpression compile(SourceMatcher* matcher, Relation rel, const char* text_form, ExpressionKind kind,
                           const char* kind_name, const char* signal) {
  if (text_form == nullptr) return {nullptr, nullptr};
  return planned(matcher,
                 parse_expression(rel, text_form, kind, psprintf("%s of signal \"%s\"", kind_name, signal)));
}

void compile_signal(SourceMatcher* matcher, Relation rel, CompiledSignal* signal) {
  const SignalDefinition& d = *signal->definition;
  if (d.event_type != nullptr) {
    if (matcher->source->event_type == nullptr)
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                      errmsg("signal \"%s\" has an event_type, but source \"%s\" has no event type column",
                             d.name, matcher->source->name)));
    signal->event_type = planned(matcher, parse_event_type(rel, matcher->source->event_type, d.event_type,
                                                           psprintf("event_type of signal \"%s\"", d.name)));
  }
  signal->condition = compile(matcher, rel, d.condition, ExpressionKind::condition, "condition", d.name);
  signal->value = compile(matcher, rel, d.value, ExpressionKind::value, "value", d.name);
  signal->item = compile(matcher, rel, d.distinct_by, ExpressionKind::distinct_by, "distinct_by", d.name);
  signal->occurred_on =
      compile(matcher, rel, d.occurred_on, ExpressionKind::occurred_on, "occurred_on", d.name);
  if (signal->occurred_on.tree != nullptr)
    signal->occurred_on_type = getBaseType(exprType(signal->occurred_on.tree));
}

void compile_signals(SourceMatcher* matcher, Relation rel) {
  for (int i = 0; i < matcher->source->signal_count; i++) {
    CompiledSignal* signal = &matcher->signals[i];
    *signal = {};
    signal->definition = &matcher->source->signals[i];
    if (IsInParallelMode()) {
      compile_signal(matcher, rel, signal);
      continue;
    }
    ErrorData* error = nullptr;
    if (guarded(&error, [&] { compile_signal(matcher, rel, signal); })) continue;
    signal->broken = error->message;
    signal->broken_sqlstate = error->sqlerrcode;
  }
}

void init_state(CompiledExpression* expression) {
  expression->state = expression->tree == nullptr
                          ? nullptr
                          : ExecInitExpr(reinterpret_cast<Expr*>(expression->tree), nullptr);
}

void init_signal(CompiledSignal* signal) {
  for (CompiledExpression* e :
       {&signal->event_type, &signal->condition, &signal->value, &signal->item, &signal->occurred_on})
    init_state(e);
}

// An expression state that was left by an error may be half evaluated. Making one may fail by itself: the
// audience's owner may have lost the right to call a function.
void init_states(SourceMatcher* matcher) {
  MemoryContextReset(matcher->expressions);
  MemoryContext caller = MemoryContextSwitchTo(matcher->expressions);
  for (int i = 0; i < matcher->source->signal_count; i++) {
    CompiledSignal* signal = &matcher->signals[i];
    if (signal->broken != nullptr) continue;
    if (IsInParallelMode()) {
      init_signal(signal);
      continue;
    }
    ErrorData* error = nullptr;
    if (guarded(&error, [&] { init_signal(signal); })) continue;
    signal->broken = MemoryContextStrdup(matcher->context, error->message);
    signal->broken_sqlstate = error->sqlerrcode;
  }
  MemoryContextSwitchTo(caller);
}

SourceDefinition* copy_source(const SourceDefinition& from) {
  auto copy = [](const char* s) { return s == nullptr ? nullptr : pstrdup(s); };
  auto* to = palloc_object(SourceDefinition);
  *to = from;
  to->audience = copy(from.audience);
  to->name = copy(from.name);
  to->lead_key = copy(from.lead_key);
  to->occurred_at = copy(from.occurred_at);
  to->event_type = copy(from.event_type);
  to->signals = static_cast<SignalDefinition*>(palloc0(sizeof(SignalDefinition) * (from.signal_count + 1)));
  for (int i = 0; i < from.signal_count; i++) {
    const SignalDefinition& s = from.signals[i];
    to->signals[i] = {s.number,      copy(s.name),        copy(s.event_type), copy(s.condition),
                      copy(s.value), copy(s.distinct_by), copy(s.occurred_on)};
  }
  return to;
}

}  // namespace

SourceMatcher* make_matcher(const AudienceDefinition& audience, const SourceDefinition& source, Relation rel,
                            MemoryContext parent) {
  MemoryContext context = AllocSetContextCreate(parent, "lead_scoring matcher", ALLOCSET_SMALL_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(context);
  auto* matcher = palloc0_object(SourceMatcher);
  matcher->context = context;
  matcher->source = copy_source(source);
  init_key_type(&matcher->key, audience.key.type, audience.key.collation);
  matcher->zone = audience.zone;
  matcher->resolution = audience.resolution;
  matcher->desc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
  matcher->key_column = column_named(matcher->desc, source.lead_key, &matcher->key_column_type);
  if (matcher->key_column != 0 && !can_name_leads(matcher->key_column_type, matcher->key.type))
    matcher->key_column = 0;
  matcher->time_column = column_named(matcher->desc, source.occurred_at, &matcher->time_column_type);
  Oid mirror_type = InvalidOid;
  if (source.profile) {
    matcher->mirror_columns[0] = column_named(matcher->desc, audience.score_column, &mirror_type);
    matcher->mirror_columns[1] = column_named(matcher->desc, audience.band_column, &mirror_type);
  }
  matcher->signals =
      static_cast<CompiledSignal*>(palloc0(sizeof(CompiledSignal) * (source.signal_count + 1)));
  matcher->at_signal = -1;
  if (matcher->key_column != 0) matcher->columns = bms_add_member(matcher->columns, matcher->key_column);
  if (matcher->time_column != 0) matcher->columns = bms_add_member(matcher->columns, matcher->time_column);
  const int level = enter_safe_settings();
  compile_signals(matcher, rel);
  leave_safe_settings(level);
  matcher->econtext = CreateStandaloneExprContext();
  matcher->expressions = AllocSetContextCreate(context, "lead_scoring expressions", ALLOCSET_SMALL_SIZES);
  init_states(matcher);
  MemoryContextSwitchTo(caller);
  return matcher;
}

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
  } else if (sink.sign > 0) {
    record_failure(sink.failures, matcher->source->name, nullptr,
                   is_null ? ERRCODE_NULL_VALUE_NOT_ALLOWED : ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
                   is_null ? "row without a time" : outside_calendar, sample_key(matcher, row->key));
  }
}

Datum evaluate(SourceMatcher* matcher, const CompiledExpression& expression, bool* is_null) {
  return ExecEvalExprSwitchContext(expression.state, matcher->econtext, is_null);
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

void match_signal(SourceMatcher* matcher, const CompiledSignal& signal, const RowContext& row,
                  const MatchSink& sink) {
  if (!is_true(matcher, signal.event_type) || !is_true(matcher, signal.condition)) return;
  Entry entry;
  entry.signal = static_cast<std::uint32_t>(signal.definition->number);
  entry.count = sink.sign;
  if (!date_entry(matcher, signal, row, &entry)) return;
  bool is_null = true;
  if (signal.value.state != nullptr) {
    const Datum value = evaluate(matcher, signal.value, &is_null);
    if (!is_null) entry.value = sink.sign * numeric_to_ten_thousandths(DatumGetNumeric(value));
  }
  if (signal.item.state != nullptr) {
    const Datum item = evaluate(matcher, signal.item, &is_null);
    if (!is_null) entry.item = item_of(DatumGetTextPP(item));
  }
  sink.emit(sink.target, row.key, entry);
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

// `first` > 0: the row's earlier signals are done.
void match_row_from(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink, int first) {
  const SourceDefinition& source = *matcher->source;
  MemoryContext caller = MemoryContextSwitchTo(matcher->econtext->ecxt_per_tuple_memory);
  RowContext row = {};
  matcher->econtext->ecxt_scantuple = slot;
  // A failure of the row as a whole is recorded once, not again when the row is resumed.
  const MatchSink quiet = {sink.emit, sink.target, sink.failures, first == 0 ? sink.sign : -1, false};
  if (read_key(matcher, slot, quiet, &row)) {
    if (first == 0 && sink.mark_presence) {
      Entry presence;
      presence.count = sink.sign;
      presence.item = mirror_item(matcher, slot);
      sink.emit(sink.target, row.key, presence);
    }
    if (source.signal_count > 0) read_time(matcher, slot, quiet, &row);
    for (int i = first; i < source.signal_count; i++) {
      const CompiledSignal& signal = matcher->signals[i];
      if (signal.broken != nullptr) {
        record_failure(sink.failures, source.name, signal.definition->name, signal.broken_sqlstate,
                       signal.broken, sample_key(matcher, row.key));
        continue;
      }
      matcher->at_signal = i;
      match_signal(matcher, signal, row, sink);
      matcher->at_signal = -1;
    }
  }
  MemoryContextSwitchTo(caller);
  ResetExprContext(matcher->econtext);
}

void record_row_failure(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink,
                        const ErrorData* error) {
  bool is_null = false;
  const Datum key = slot_getattr(slot, matcher->key_column, &is_null);
  record_failure(sink.failures, matcher->source->name, matcher->signals[matcher->at_signal].definition->name,
                 error->sqlerrcode, error->message,
                 sample_key(matcher, widen_key(matcher->key, matcher->key_column_type, key)));
}

}  // namespace

void match_row(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink) {
  match_row_from(matcher, slot, sink, 0);
}

void match_rows(SourceMatcher* matcher, TupleTableSlot* slot, NextRow next, void* rows,
                const MatchSink& sink) {
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
    if (matcher->at_signal < 0) ReThrowError(error);  // not an expression's fault
    record_row_failure(matcher, slot, sink, error);
    FreeErrorData(error);
    first = matcher->at_signal + 1;
    init_states(matcher);
    ResetExprContext(matcher->econtext);
  }
}

}  // namespace lead_scoring
