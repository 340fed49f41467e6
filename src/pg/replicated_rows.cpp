#include "pg/replicated_rows.hpp"

#include "pg/audience_work.hpp"
#include "pg/expression.hpp"
#include "pg/rescore.hpp"
#include "pg/row_matching.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

namespace {

struct SummedDeltas {
  LeadDelta* leads;
  int count;
};

struct AudienceRows {
  const char* name;
  KeyType key;  // our own: the cache may go before the transaction ends
  DeltaBuffer deltas;
  List* summed;  // SummedDeltas, taken out of the buffer
  FailureList failures;
  bool leads_change;
  bool unusual;  // as in DeltaBuffer
  bool resting;  // the audience cannot be used: there are only failures
  Oid host;      // owner of the tables that the rows are in; 0: there are several
};

struct ReplicatedRows {
  MemoryContext context;
  List* audiences;              // AudienceRows, in the order in which audiences are locked
  SubTransactionId counted_in;  // they count already, unless this subtransaction is rolled back
  MemoryContextCallback at_end;
};

ReplicatedRows* waiting = nullptr;

void forget_waiting(void* rows) {
  if (waiting == rows) waiting = nullptr;
}

ReplicatedRows* make_rows(MemoryContext parent) {
  MemoryContext context =
      AllocSetContextCreate(parent, "lead_scoring replicated rows", ALLOCSET_DEFAULT_SIZES);
  auto* rows = static_cast<ReplicatedRows*>(MemoryContextAllocZero(context, sizeof(ReplicatedRows)));
  rows->context = context;
  rows->at_end = {forget_waiting, rows, nullptr};
  MemoryContextRegisterResetCallback(context, &rows->at_end);
  return rows;
}

int by_name(const ListCell* a, const ListCell* b) {
  return strcmp(static_cast<const AudienceRows*>(lfirst(a))->name,
                static_cast<const AudienceRows*>(lfirst(b))->name);
}

// nullptr: the lead table is gone, and so is its audience. It is locked from the first row on, because its key column
// must stay what it is.
AudienceRows* rows_of(ReplicatedRows* rows, const AudienceDefinition& audience, Oid host) {
  const bool resting = audience.broken != nullptr;
  ListCell* cell = nullptr;
  foreach (cell, rows->audiences) {
    auto* known = static_cast<AudienceRows*>(lfirst(cell));
    if (known->resting != resting || strcmp(known->name, audience.name) != 0) continue;
    if (known->host != host) known->host = InvalidOid;
    return known;
  }
  if (!lock_for_reading(audience.lead_table)) return nullptr;
  MemoryContext caller = MemoryContextSwitchTo(rows->context);
  auto* made = palloc0_object(AudienceRows);
  made->name = pstrdup(audience.name);
  made->resting = resting;
  made->host = host;
  if (!resting) init_key_type(&made->key, audience.key.type, audience.key.collation);
  begin_deltas(&made->deltas, &made->key);
  begin_failures(&made->failures);
  rows->audiences = lappend(rows->audiences, made);
  list_sort(rows->audiences, by_name);
  MemoryContextSwitchTo(caller);
  return made;
}

bool next_only_row(void* taken, TupleTableSlot*) {
  auto* is_taken = static_cast<bool*>(taken);
  if (*is_taken) return false;
  *is_taken = true;
  return true;
}

void match_one(SourceMatcher* matcher, TupleTableSlot* slot, int sign, AudienceRows* rows) {
  bool taken = false;
  const MatchSink sink = {add_delta_row, &rows->deltas, &rows->failures, sign, matcher->source->profile,
                          true};
  match_rows(matcher, slot, next_only_row, &taken, sink);
}

void match_versions(const TriggerData* trigger, const TrackedSource& source, AudienceRows* rows) {
  const bool inserted = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
  const bool updated = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
  OwnerSwitch owner;
  become_owner(&owner, source.audience->definition->owner);
  const int level = source.matcher->user_functions ? enter_safe_settings() : 0;
  if (!inserted) match_one(source.matcher, trigger->tg_trigslot, -1, rows);
  if (inserted || updated)
    match_one(source.matcher, updated ? trigger->tg_newslot : trigger->tg_trigslot, 1, rows);
  if (source.matcher->user_functions) leave_safe_settings(level);
  be_oneself(owner);
  rows->leads_change = rows->leads_change || source.matcher->source->profile;
}

void collect(const TriggerData* trigger, ReplicatedRows* rows) {
  const TrackedTable* table = tracked_table(trigger->tg_relation);
  const Oid host = trigger->tg_relation->rd_rel->relowner;
  ListCell* cell = nullptr;
  foreach (cell, table->resting) {
    const auto* resting = static_cast<const RestingSource*>(lfirst(cell));
    AudienceRows* audience = rows_of(rows, *resting->audience, host);
    if (audience != nullptr) record_resting(&audience->failures, *resting);
  }
  for (int i = 0; i < table->source_count; i++) {
    AudienceRows* audience = rows_of(rows, *table->sources[i].audience->definition, host);
    if (audience != nullptr) match_versions(trigger, table->sources[i], audience);
  }
}

// The buffer is empty then, and may go on: whoever counts may be rolled back, and others come after.
void sum_up(ReplicatedRows* rows, AudienceRows* audience) {
  if (audience->deltas.used == 0) return;
  MemoryContext caller = MemoryContextSwitchTo(rows->context);
  auto* summed = palloc_object(SummedDeltas);
  audience->unusual = audience->unusual || audience->deltas.unusual;
  summed->leads = sum_deltas(&audience->deltas, &summed->count, &audience->failures);
  audience->summed = lappend(audience->summed, summed);
  begin_deltas(&audience->deltas, &audience->key);
  MemoryContextSwitchTo(caller);
}

void count_audience(CachedAudience* audience, const AudienceRows& rows) {
  const Occasion occasion = {"event", rows.leads_change, audience->may_refuse || rows.unusual};
  const auto work = [&](AudienceWork* work) {
    work->failures = rows.failures;
    ListCell* cell = nullptr;
    foreach (cell, rows.summed) {
      const auto* summed = static_cast<const SummedDeltas*>(lfirst(cell));
      apply_deltas(audience, summed->leads, summed->count, occasion, &work->failures);
    }
  };
  with_audience(audience, work, rows.host);
}

// Of an audience that cannot be used, or not any more.
void tell_uncounted(AudienceRows* rows) {
  const AudienceDefinition* audience = read_audience(rows->name);
  if (audience == nullptr) return;
  if (!rows->resting && rows->summed != NIL) record_resting(&rows->failures, {audience, ""});
  tell_failures(rows->failures, *audience);
}

void count_rows(ReplicatedRows* rows) {
  ListCell* cell = nullptr;
  foreach (cell, rows->audiences) {
    auto* audience = static_cast<AudienceRows*>(lfirst(cell));
    sum_up(rows, audience);
    CachedAudience* cached = cached_audience(audience->name);
    if (cached != nullptr)
      count_audience(cached, *audience);
    else
      tell_uncounted(audience);
  }
}

// Deferred triggers have fired when this comes; those that counting brings about, and rows that they write, follow.
void at_transaction_end(XactEvent event, void*) {
  if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) return;
  while (waiting != nullptr) {
    PushActiveSnapshot(GetTransactionSnapshot());
    count_replicated_rows();
    PopActiveSnapshot();
    AfterTriggerFireDeferred();
  }
}

void at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void*) {
  if (waiting == nullptr || waiting->counted_in != mine) return;
  if (event == SUBXACT_EVENT_ABORT_SUB) {
    waiting->counted_in = InvalidSubTransactionId;
  } else if (event == SUBXACT_EVENT_COMMIT_SUB) {
    waiting->counted_in = parent;
    if (parent == TopSubTransactionId) MemoryContextDelete(waiting->context);
  }
}

ReplicatedRows* rows_of_transaction() {
  static bool registered = false;
  if (!registered) {
    RegisterXactCallback(at_transaction_end, nullptr);
    RegisterSubXactCallback(at_subtransaction_end, nullptr);
    registered = true;
  }
  if (waiting == nullptr) waiting = make_rows(TopTransactionContext);
  return waiting;
}

}  // namespace

bool applies_replication() { return SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA; }

void track_replicated_row(const TriggerData* trigger) {
  if (GetCurrentTransactionNestLevel() == 1) {
    collect(trigger, rows_of_transaction());
  } else {
    ReplicatedRows* rows = make_rows(CurrentMemoryContext);
    collect(trigger, rows);
    count_rows(rows);
    MemoryContextDelete(rows->context);
  }
}

void count_replicated_rows() {
  ReplicatedRows* rows = waiting;
  if (rows == nullptr || rows->counted_in != InvalidSubTransactionId) return;
  const bool for_good = GetCurrentTransactionNestLevel() == 1;
  // Counting may write lead rows, which come here by their own trigger.
  if (for_good)
    waiting = nullptr;
  else
    rows->counted_in = GetCurrentSubTransactionId();
  const int depth = begin_cache_use();
  PG_TRY();
  { count_rows(rows); }
  PG_FINALLY();
  { end_cache_use(depth); }
  PG_END_TRY();
  if (for_good) MemoryContextDelete(rows->context);
}

}  // namespace lead_scoring
