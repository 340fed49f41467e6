#include "pg/source_matcher.hpp"

#include "pg/expression.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
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

void init_states(CompiledSignal* signal, bool compares_type) {
  MemoryContextReset(signal->states);
  MemoryContext caller = MemoryContextSwitchTo(signal->states);
  if (compares_type) init_state(&signal->event_type);
  for (CompiledExpression* e : {&signal->condition, &signal->value, &signal->item, &signal->occurred_on})
    init_state(e);
  MemoryContextSwitchTo(caller);
}

// False: it has turned out broken. Making a state may fail by itself: the audience's owner may have lost the
// right to call a function.
bool init_signal(SourceMatcher* matcher, CompiledSignal* signal) {
  const bool compares_type = matcher->dispatch.column == 0;
  if (IsInParallelMode()) {
    init_states(signal, compares_type);
    return true;
  }
  ErrorData* error = nullptr;
  if (guarded(&error, [=] { init_states(signal, compares_type); })) return true;
  signal->broken = MemoryContextStrdup(matcher->context, error->message);
  signal->broken_sqlstate = error->sqlerrcode;
  return false;
}

// A broken signal is reported for every row, whatever its type.
void dispatch_signals(SourceMatcher* matcher) {
  const int count = matcher->source->signal_count;
  MemoryContextReset(matcher->dispatch_context);
  MemoryContext caller = MemoryContextSwitchTo(matcher->dispatch_context);
  auto* wanted = static_cast<TypeWanted*>(palloc(sizeof(TypeWanted) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; i++)
    wanted[i] = {matcher->signals[i].event_type.tree, matcher->signals[i].broken != nullptr};
  make_dispatch(&matcher->dispatch, wanted, count);
  pfree(wanted);
  MemoryContextSwitchTo(caller);
}

void init_signals(SourceMatcher* matcher) {
  bool all_right = true;
  dispatch_signals(matcher);
  for (int i = 0; i < matcher->source->signal_count; i++) {
    CompiledSignal* signal = &matcher->signals[i];
    signal->states =
        AllocSetContextCreate(matcher->context, "lead_scoring expressions", ALLOCSET_SMALL_SIZES);
    if (signal->broken == nullptr && !init_signal(matcher, signal)) all_right = false;
  }
  if (!all_right) dispatch_signals(matcher);
}

// The owner of another's table may have taken back the right to read it, and expressions see rows.
const char* refusal(const AudienceDefinition& audience, const SourceDefinition& source, Relation rel) {
  if (rel->rd_rel->relowner == audience.owner ||
      pg_class_aclcheck(source.table, audience.owner, ACL_SELECT) == ACLCHECK_OK)
    return nullptr;
  return psprintf("role \"%s\" may not read the source any more", GetUserNameFromId(audience.owner, false));
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
  matcher->refused = refusal(audience, source, rel);
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
  matcher->dispatch_context =
      AllocSetContextCreate(context, "lead_scoring event types", ALLOCSET_SMALL_SIZES);
  init_signals(matcher);
  // One a signal, and the mark of presence.
  matcher->entries = static_cast<Entry*>(palloc(sizeof(Entry) * static_cast<Size>(source.signal_count + 1)));
  MemoryContextSwitchTo(caller);
  return matcher;
}

bool tells_time(const SourceMatcher& matcher) {
  const Oid type = matcher.time_column_type;
  return matcher.time_column != 0 && (type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID);
}

void renew_signal(SourceMatcher* matcher, int signal) {
  if (!init_signal(matcher, &matcher->signals[signal])) dispatch_signals(matcher);
}

}  // namespace lead_scoring
