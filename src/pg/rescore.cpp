// Protocol. The tallies of the batch are locked by an earlier statement; everything that decides a write
// (lead row, score rows, active revisions) is read now, with the latest snapshot, and evaluated at
// clock_timestamp() taken after the locks. An instant from before the locks could resurrect an old band.
// What is written goes through the transaction's own snapshot, so REPEATABLE READ surfaces 40001.
#include "pg/rescore.hpp"

#include "pg/band_story.hpp"
#include "pg/condensed_tally.hpp"
#include "pg/mirror.hpp"
#include "pg/subtransaction.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "executor/spi.h"
#include "utils/guc.h"
}

namespace lead_scoring {

namespace {

constexpr int batch_size = 1000;

const ScoreRow* row_of(const List* scores, const char* sheet) {
  ListCell* cell = nullptr;
  foreach (cell, scores) {
    const auto* row = static_cast<const ScoreRow*>(lfirst(cell));
    if (strcmp(row->sheet, sheet) == 0) return row;
  }
  return nullptr;
}

// A row of another revision, a row of a sheet we do not know, or no row: our copy of the catalog may be old.
bool may_be_stale(const CachedAudience& audience, const LeadState& lead) {
  if (!lead.exists) return false;
  if (list_length(lead.scores) != audience.sheet_count || audience.sheet_count == 0) return true;
  for (int s = 0; s < audience.sheet_count; s++) {
    const ScoreRow* row = row_of(lead.scores, audience.sheets[s].name);
    if (row == nullptr || revision_of(*row) != audience.sheets[s].revision) return true;
  }
  // Somebody waits for the time of a sheet without a row, and all sheets we know have one.
  return lead.tally_row.wake_at != DT_NOEND;
}

void put_text(ScoreRow* row, ScoreColumn column, std::string_view name) {
  row->values[column] = text_or_zero(name);
  row->nulls[column] = name.data() == nullptr;
}

ScoreRow score_row(const CachedSheet& sheet, const EvaluatedRow& evaluated, TimestampTz now) {
  ScoreRow row = {};
  row.sheet = sheet.name;
  row.values[score_column] = Int32GetDatum(evaluated.score);
  row.values[engagement_column] = Int32GetDatum(evaluated.engagement);
  row.values[fit_column] = Int32GetDatum(evaluated.fit);
  put_text(&row, grade_column, evaluated.grade);
  put_text(&row, level_column, evaluated.level);
  put_text(&row, band_column, evaluated.band);
  put_text(&row, persona_column, evaluated.persona);
  row.values[disqualified_column] = BoolGetDatum(evaluated.disqualified);
  row.values[hand_raised_column] = BoolGetDatum(evaluated.hand_raised);
  row.nulls[last_active_on_column] = !evaluated.ever_active;
  if (evaluated.ever_active) row.values[last_active_on_column] = DateADTGetDatum(evaluated.last_active_on);
  row.values[next_change_at_column] = TimestampTzGetDatum(evaluated.next_change_at);
  row.values[revision_column] = Int32GetDatum(sheet.revision);
  row.values[band_since_column] = TimestampTzGetDatum(now);
  row.values[updated_at_column] = TimestampTzGetDatum(now);
  return row;
}

// What the sheet says of the lead now, after the story of the time since the row was due.
EvaluatedRow evaluate_lead(ScoringBatch* batch, int i, const CachedSheet& sheet, const ScoreRow* old,
                           Standing* standing) {
  EvaluatedRow evaluated;
  const TimestampTz due = old == nullptr ? batch->lead.tally_row.wake_at
                                         : DatumGetTimestampTz(old->values[next_change_at_column]);
  const int32 revision = old == nullptr ? sheet.revision : revision_of(*old);
  const bool told = replay(batch, i, sheet, due, revision, standing, &evaluated);
  const bool same_tally = batch->lead.tally_row.added == 0;
  if (!told || !same_tally || revision != sheet.revision)
    evaluate_datum(sheet.model, batch->lead.tally, batch->now, &evaluated);
  return evaluated;
}

void remove_row(ScoringBatch* batch, int i, const ScoreRow& row, Standing* standing, const char* cause) {
  const CachedSheet sheet = {row.sheet, revision_of(row), nullptr, nullptr, 0};
  move_to_band(batch, batch->leads[i].key, sheet, standing, {0, batch->now, sheet.revision}, nullptr, cause);
  delete_score(&batch->writes, batch->audience->definition->key, batch->leads[i].key, row.sheet);
}

// A lead that was due, and for which events were pending.
const char* cause_of(const ScoringBatch& batch) {
  const bool events_came = batch.lead.tally_row.added != 0 && strcmp(batch.cause, "time") == 0;
  return events_came ? "event" : batch.cause;
}

// One lead on one sheet. Returns when the lead must be looked at again although it has no row.
TimestampTz rescore_on_sheet(ScoringBatch* batch, int i, const CachedSheet& sheet) {
  const LeadState& state = batch->lead;
  const Datum key = batch->leads[i].key;
  const ScoreRow* old = row_of(state.scores, sheet.name);
  const char* cause = cause_of(*batch);
  if (sheet.model == nullptr) {
    record_failure(batch->failures, "", sheet.name, sheet.broken_sqlstate, sheet.broken,
                   key_text(batch->audience->definition->key, key));
    return DT_NOEND;
  }
  Standing standing = standing_of(old);
  const EvaluatedRow evaluated = evaluate_lead(batch, i, sheet, old, &standing);
  if (!evaluated.in_segment) {
    if (old != nullptr)
      remove_row(batch, i, *old, &standing, cause);
    else
      move_to_band(batch, key, sheet, &standing, {0, batch->now, sheet.revision}, nullptr, cause);
    return evaluated.next_change_at;
  }
  ScoreRow row = score_row(sheet, evaluated, batch->now);
  move_to_band(batch, key, sheet, &standing, {row.values[band_column], batch->now, sheet.revision},
               &evaluated.score, cause);
  if (old == nullptr) {
    insert_score(&batch->scores, key, row);
  } else if (!same_score(batch->scores, *old, row)) {
    row.values[band_since_column] = TimestampTzGetDatum(standing.since);
    update_score(&batch->scores, *old, row);
  }
  return DT_NOEND;
}

bool is_active_sheet(const CachedAudience& audience, const char* name) {
  for (int s = 0; s < audience.sheet_count; s++)
    if (strcmp(audience.sheets[s].name, name) == 0) return true;
  return false;
}

void keep_up(ScoringBatch* batch, int i, TimestampTz wake_at) {
  const LeadState& state = batch->lead;
  TallyUpkeep* upkeep = &batch->upkeep;
  if (!state.tally_row.exists) return;
  if (!state.exists && whole_tally(state.tally_row).empty()) {
    upkeep->forget[upkeep->forget_count++] = batch->leads[i].key;
  } else if (wake_at != state.tally_row.wake_at) {
    upkeep->wake[upkeep->wake_count] = batch->leads[i].key;
    upkeep->wake_at[upkeep->wake_count++] = wake_at;
  }
}

bool has_all_sheets(const CachedAudience& audience, const List* scores) {
  if (list_length(scores) != audience.sheet_count) return false;
  for (int s = 0; s < audience.sheet_count; s++)
    if (row_of(scores, audience.sheets[s].name) == nullptr) return false;
  return true;
}

// A row that is where it was is read there. One that the lead has got since then would be missed, but only for a sheet
// that is missing in what was read, or that we do not know: then it was published since then, and the row is new.
List* read_scores_of(ScoringBatch* batch, int i) {
  const Datum key = batch->leads[i].key;
  if (batch->places != nullptr) {
    List* scores = read_scores_at(&batch->scores, batch->audience->definition->key, key, batch->places[i]);
    if (has_all_sheets(*batch->audience, scores)) return scores;
  }
  return read_scores(&batch->scores, key);
}

// Who has a score row exists: it goes with the lead, under the lock that we hold.
LeadState read_lead(ScoringBatch* batch, int i) {
  LeadState lead = {batch->tally_rows[i], {}, false, NIL};
  lead.tally = tally_to_score(batch->audience, lead.tally_row, batch->now);
  lead.scores = read_scores_of(batch, i);
  lead.exists =
      (lead.scores != NIL && !batch->leads_change) || lead_exists(&batch->presence, batch->leads[i].key);
  return lead;
}

void rescore_lead(ScoringBatch* batch, int i) {
  CachedAudience* audience = batch->audience;
  batch->lead = read_lead(batch, i);
  const LeadState& state = batch->lead;
  if (!batch->sheets_are_latest && may_be_stale(*audience, state)) {
    reload_sheets(audience);
    batch->sheets_are_latest = true;
  }
  TimestampTz wake_at = DT_NOEND;
  ListCell* cell = nullptr;
  foreach (cell, state.scores) {
    const auto* row = static_cast<const ScoreRow*>(lfirst(cell));
    if (state.exists && is_active_sheet(*audience, row->sheet)) continue;
    Standing standing = standing_of(row);
    remove_row(batch, i, *row, &standing, state.exists ? "sheet removed" : "lead deleted");
  }
  if (state.exists)
    for (int s = 0; s < audience->sheet_count; s++)
      wake_at = std::min(wake_at, rescore_on_sheet(batch, i, audience->sheets[s]));
  keep_up(batch, i, wake_at);
}

void begin_upkeep(TallyUpkeep* upkeep, int count) {
  const auto n = static_cast<Size>(count);
  *upkeep = {};
  upkeep->forget = static_cast<Datum*>(palloc(n * sizeof(Datum)));
  upkeep->wake = static_cast<Datum*>(palloc(n * sizeof(Datum)));
  upkeep->wake_at = static_cast<TimestampTz*>(palloc(n * sizeof(TimestampTz)));
}

void rescore_leads(ScoringBatch* batch) {
  open_scores(&batch->scores, *batch->audience);
  expect_keys(&batch->scores.stored, batch->audience->definition->key, batch->count);
  begin_presence(&batch->presence, batch->audience, batch->count);
  batch->now = GetCurrentTimestamp();
  MemoryContext caller = MemoryContextSwitchTo(batch->lead_context);
  for (int i = 0; i < batch->count; i++) {
    if (batch->tally_rows[i].held) continue;
    batch->done.leads++;
    rescore_lead(batch, i);
    MemoryContextReset(batch->lead_context);
  }
  MemoryContextSwitchTo(caller);
  end_presence(&batch->presence);
  batch->done.told = batch->writes.changes != NIL || batch->scores.stored.rel->trigdesc != nullptr ||
                     has_mirror(*batch->audience->definition);
  close_scores(&batch->scores);
}

void mirror_batch(const ScoringBatch& batch) {
  if (!has_mirror(*batch.audience->definition)) return;
  auto* keys = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(batch.count)));
  int count = 0;
  for (int i = 0; i < batch.count; i++)
    if (!batch.tally_rows[i].held) keys[count++] = batch.leads[i].key;
  mirror_scores(batch.audience, keys, count, batch.failures);
}

// What is left is rare, and but for the band changes done by statements.
void finish_batch(const ScoringBatch& batch) {
  const bool statements = batch.writes.deleted.used > 0 || batch.upkeep.forget_count > 0 ||
                          has_mirror(*batch.audience->definition);
  const int level = statements ? prefer_indexes() : 0;
  flush_rare_writes(batch.audience, batch.writes);
  keep_up_tallies(batch.audience, batch.upkeep);
  mirror_batch(batch);
  if (statements) AtEOXact_GUC(true, level);
}

// What becomes of the tallies before the scores are decided.
struct TallyStep {
  enum { add, replace } kind;
  IfHeld if_held;     // with add
  SignalSet signals;  // those replaced
};

void take_tallies(ScoringBatch* batch, const TallyStep& step) {
  switch (step.kind) {
    case TallyStep::add:
      return merge_tallies(batch->audience, batch->leads, batch->count, step.if_held, batch->tally_rows);
    case TallyStep::replace:
      return replace_tallies(batch->audience, batch->leads, batch->count, step.signals, batch->tally_rows);
  }
}

void run_batch(ScoringBatch* batch, const TallyStep& step) {
  begin_upkeep(&batch->upkeep, batch->count);
  begin_rare_writes(&batch->writes);
  batch->tally_rows = static_cast<TallyRow*>(palloc(sizeof(TallyRow) * static_cast<Size>(batch->count)));
  take_tallies(batch, step);
  rescore_leads(batch);
  finish_batch(*batch);
}

Rescored with(const Rescored& a, const Rescored& b) { return {a.leads + b.leads, a.told || b.told}; }

// Again in halves where something fails, down to the lead that it is about. What is written has a transaction id of
// its own, so this is for where failing is likely.
Rescored run_guarded(const ScoringBatch& batch, const TallyStep& step) {
  ScoringBatch tried = batch;
  FailureList failures;
  begin_failures(&failures);
  tried.failures = &failures;
  ErrorData* error = nullptr;
  if (guarded(&error, [&] { run_batch(&tried, step); })) {
    add_failures(batch.failures, failures);
    return tried.done;
  }
  MemoryContextReset(batch.lead_context);
  if (batch.count == 1) {
    record_failure(batch.failures, "", nullptr, error->sqlerrcode, error->message,
                   key_text(batch.audience->definition->key, batch.leads[0].key));
    return {0, false};
  }
  FreeErrorData(error);
  ScoringBatch first = batch;
  ScoringBatch second = batch;
  first.count = batch.count / 2;
  second.leads += first.count;
  if (second.places != nullptr) second.places += first.count;
  second.count -= first.count;
  const Rescored done = run_guarded(first, step);
  return with(done, run_guarded(second, step));
}

Rescored in_batches(CachedAudience* audience, const LeadDelta* leads, const RowPlaces* places, int count,
                    const Occasion& occasion, FailureList* failures, const TallyStep& step) {
  MemoryContext caller = CurrentMemoryContext;
  MemoryContext context = AllocSetContextCreate(caller, "lead_scoring batch", ALLOCSET_DEFAULT_SIZES);
  MemoryContext lead_context = AllocSetContextCreate(caller, "lead_scoring lead", ALLOCSET_SMALL_SIZES);
  MemoryContextSwitchTo(context);
  Rescored done = {0, false};
  for (int first = 0; first < count; first += batch_size) {
    ScoringBatch batch = {};
    batch.context = context;
    batch.lead_context = lead_context;
    batch.audience = audience;
    batch.leads = leads + first;
    batch.places = places == nullptr ? nullptr : places + first;
    batch.count = std::min(batch_size, count - first);
    batch.cause = occasion.cause;
    batch.leads_change = occasion.leads_change;
    batch.failures = failures;
    if (occasion.guard) {
      done = with(done, run_guarded(batch, step));
    } else {
      run_batch(&batch, step);
      done = with(done, batch.done);
    }
    MemoryContextReset(context);
  }
  MemoryContextSwitchTo(caller);
  MemoryContextDelete(lead_context);
  MemoryContextDelete(context);
  return done;
}

}  // namespace

Rescored rescore_free(CachedAudience* audience, const LeadDelta* leads, const RowPlaces* places, int count,
                      const char* cause, FailureList* failures) {
  return in_batches(audience, leads, places, count, {cause, false, audience->may_refuse}, failures,
                    {TallyStep::add, IfHeld::leave, {}});
}

void apply_deltas(CachedAudience* audience, const LeadDelta* leads, int count, const Occasion& occasion,
                  FailureList* failures) {
  // What a lead row brings or takes is never left behind: scores that come or go with it wait for nobody's refresh.
  const bool append = audience->definition->append_when_busy && !occasion.leads_change;
  (void)in_batches(audience, leads, nullptr, count, occasion, failures,
                   {TallyStep::add, append ? IfHeld::append : IfHeld::wait, {}});
}

void replace_counted(CachedAudience* audience, const LeadDelta* leads, int count, const SignalSet& signals,
                     const char* cause, FailureList* failures) {
  (void)in_batches(audience, leads, nullptr, count, {cause, true, false}, failures,
                   {TallyStep::replace, IfHeld::wait, signals});
}

}  // namespace lead_scoring
