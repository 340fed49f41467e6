// The one trigger function: AFTER INSERT, UPDATE, DELETE (statement level, transition tables) and TRUNCATE,
// on every source table and every node of a partition tree; and row by row, on tables with rows, for what
// replication applies. Who fires it how is decided by the session, whatever triggers somebody has enabled.
//
// The road of one statement: match its rows to signals, sum them to one delta a lead, merge the deltas into
// the tallies (leads in key order), then decide on the scores. The inserting user needs no privilege on any
// of our tables: expressions run as the audience's owner in a restricted context, writes as the owner.
#include "pg/audience_work.hpp"
#include "pg/expression.hpp"
#include "pg/owner.hpp"
#include "pg/recount.hpp"
#include "pg/replicated_rows.hpp"
#include "pg/rescore.hpp"
#include "pg/row_matching.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
}

namespace lead_scoring {

namespace {

bool fires_here(const Trigger& trigger) {
  const char skipped = SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA ? TRIGGER_FIRES_ON_ORIGIN
                                                                                  : TRIGGER_FIRES_ON_REPLICA;
  return trigger.tgenabled != skipped && trigger.tgenabled != TRIGGER_DISABLED;
}

// Made as add_source() makes it, for the event that has happened.
bool is_fit_to_count(const Trigger& trigger, const TriggerData& fired) {
  const bool by_row = TRIGGER_FIRED_FOR_ROW(fired.tg_event);
  const bool has_old = by_row || trigger.tgoldtable != nullptr;
  const bool has_new = by_row || trigger.tgnewtable != nullptr;
  const bool fits_event =
      TRIGGER_FIRED_BY_INSERT(fired.tg_event)   ? TRIGGER_FOR_INSERT(trigger.tgtype) && has_new
      : TRIGGER_FIRED_BY_UPDATE(fired.tg_event) ? TRIGGER_FOR_UPDATE(trigger.tgtype) && has_old && has_new
      : TRIGGER_FIRED_BY_DELETE(fired.tg_event) ? TRIGGER_FOR_DELETE(trigger.tgtype) && has_old
                                                : TRIGGER_FOR_TRUNCATE(trigger.tgtype);
  return trigger.tgfoid == fired.tg_trigger->tgfoid && fits_event && TRIGGER_FOR_AFTER(trigger.tgtype) &&
         (TRIGGER_FOR_ROW(trigger.tgtype) != 0) == by_row && trigger.tgqual == nullptr && fires_here(trigger);
}

// Who may create triggers on a source could put this function there once more: a second one counts nothing.
bool is_to_count(const TriggerData& fired) {
  const TriggerDesc* all = fired.tg_relation->trigdesc;
  for (int i = 0; i < all->numtriggers; i++)
    if (is_fit_to_count(all->triggers[i], fired)) return all->triggers[i].tgoid == fired.tg_trigger->tgoid;
  return false;
}

bool next_transition_row(void* rows, TupleTableSlot* slot) {
  return tuplestore_gettupleslot(static_cast<Tuplestorestate*>(rows), true, false, slot);
}

void match_store(SourceMatcher* matcher, Tuplestorestate* store, int sign, DeltaBuffer* deltas,
                 FailureList* failures) {
  if (store == nullptr) return;
  // A read pointer of our own: other triggers of the statement read the same store.
  const int pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
  tuplestore_select_read_pointer(store, pointer);
  tuplestore_rescan(store);
  TupleTableSlot* slot = MakeSingleTupleTableSlot(matcher->desc, &TTSOpsMinimalTuple);
  const MatchSink sink = {add_delta_row, deltas, failures, sign, matcher->source->profile, true};
  match_rows(matcher, slot, next_transition_row, store, sink);
  ExecDropSingleTupleTableSlot(slot);
  tuplestore_select_read_pointer(store, 0);
}

void match_statement(const TriggerData* trigger, const TrackedSource& source, DeltaBuffer* deltas,
                     FailureList* failures) {
  OwnerSwitch owner;
  become_owner(&owner, source.audience->definition->owner);
  // Only functions of the owner's own making could look at search_path.
  const int level = source.matcher->user_functions ? enter_safe_settings() : 0;
  match_store(source.matcher, trigger->tg_oldtable, -1, deltas, failures);
  match_store(source.matcher, trigger->tg_newtable, 1, deltas, failures);
  if (source.matcher->user_functions) leave_safe_settings(level);
  be_oneself(owner);
}

void write_scores(const TriggerData* trigger, CachedAudience* audience, const LeadDelta* leads, int count,
                  const Occasion& occasion, FailureList* failures) {
  if (count == 0 && failures->failures == NIL) return;
  // Before any tally row is locked: a TRUNCATE of the lead table holds it while it waits for tally rows. When
  // the lead table has been dropped, its audience is gone, and we have not heard of it yet.
  if (!lock_for_reading(audience->definition->lead_table)) return;
  OwnerSwitch owner;
  become_writer(&owner, *audience, trigger->tg_relation->rd_rel->relowner);
  SPI_connect();
  apply_deltas(audience, leads, count, occasion, failures);
  write_failures(*failures, *audience->definition);
  SPI_finish();
  be_oneself(owner);
}

// All sources of one audience over this table, as one delta: a lead is locked once.
void track_audience(const TriggerData* trigger, const TrackedSource* sources, int count) {
  CachedAudience* audience = sources[0].audience;
  DeltaBuffer deltas;
  FailureList failures;
  begin_deltas(&deltas, &audience->definition->key);
  begin_failures(&failures);
  bool leads_change = false;
  for (int i = 0; i < count; i++) {
    match_statement(trigger, sources[i], &deltas, &failures);
    leads_change = leads_change || sources[i].matcher->source->profile;
  }
  int lead_count = 0;
  LeadDelta* leads = sum_deltas(&deltas, &lead_count, &failures);
  const bool guard = audience->may_refuse || deltas.unusual;
  write_scores(trigger, audience, leads, lead_count, {"event", leads_change, guard}, &failures);
}

void truncate_source(const TrackedSource& source) {
  ErrorData* error = nullptr;
  if (!source.audience->may_refuse) return recount_after_truncate(source);
  if (guarded(&error, [&] { recount_after_truncate(source); })) return;
  with_audience(source.audience, [&](AudienceWork* work) {
    record_failure(&work->failures, source.matcher->source->name, nullptr, error->sqlerrcode,
                   psprintf("TRUNCATE is not counted: %s", error->message), nullptr);
  });
  FreeErrorData(error);
}

// Nothing can be counted; that is told.
void tell_resting(const RestingSource& resting) {
  FailureList failures;
  begin_failures(&failures);
  record_resting(&failures, resting);
  tell_failures(failures, *resting.audience);
}

void track_statement(const TriggerData* trigger) {
  const TrackedTable* table = tracked_table(trigger->tg_relation);
  ListCell* cell = nullptr;
  foreach (cell, table->resting) tell_resting(*static_cast<const RestingSource*>(lfirst(cell)));
  for (int first = 0, next = 0; first < table->source_count; first = next) {
    for (next = first + 1; next < table->source_count; next++)
      if (table->sources[next].audience != table->sources[first].audience) break;
    if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
      for (int i = first; i < next; i++) truncate_source(table->sources[i]);
    else
      track_audience(trigger, table->sources + first, next - first);
  }
}

bool is_empty(Tuplestorestate* store) { return store == nullptr || tuplestore_tuple_count(store) == 0; }

bool concerns_us(const TriggerData& trigger) {
  if (TRIGGER_FIRED_BY_TRUNCATE(trigger.tg_event)) return true;
  if (TRIGGER_FIRED_FOR_ROW(trigger.tg_event)) return applies_replication();
  return !(is_empty(trigger.tg_oldtable) && is_empty(trigger.tg_newtable)) && !applies_replication();
}

}  // namespace

LS_FUNCTION(ls_track) {
  if (!CALLED_AS_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("lead_scoring.track() can only be called as a trigger")));
  const auto* trigger = reinterpret_cast<const TriggerData*>(fcinfo->context);
  if (!TRIGGER_FIRED_AFTER(trigger->tg_event))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("lead_scoring.track() must be an AFTER trigger"),
                    errhint("add_source() creates the triggers.")));
  if (!concerns_us(*trigger) || !is_to_count(*trigger)) return PointerGetDatum(nullptr);
  MemoryContext context =
      AllocSetContextCreate(CurrentMemoryContext, "lead_scoring statement", ALLOCSET_DEFAULT_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(context);
  const int depth = begin_cache_use();
  PG_TRY();
  {
    if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
      track_replicated_row(trigger);
    else
      track_statement(trigger);
  }
  PG_FINALLY();
  { end_cache_use(depth); }
  PG_END_TRY();
  MemoryContextSwitchTo(caller);
  MemoryContextDelete(context);
  return PointerGetDatum(nullptr);
}

}  // namespace lead_scoring
