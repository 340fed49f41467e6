// Protocol. A tally row is the lock of its lead, until the end of the transaction: merging writes it at once, with
// no lock before, and finds out from the result whether somebody else came first. Deltas come in key order. Whoever has
// locked a row adds to it what others have left in the pending table meanwhile.
#include "pg/tally_store.hpp"

#include "pg/pending.hpp"
#include "pg/stored_table.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

SPIPlanPtr prepared(SPIPlanPtr* plan, const char* sql, int argument_count, Oid* types) {
  if (*plan != nullptr) return *plan;
  // A generic plan: the arrays are small or walked by index, and planning each time would cost more.
  SPIPlanPtr made = SPI_prepare_cursor(sql, argument_count, types, CURSOR_OPT_GENERIC_PLAN);
  if (made == nullptr) elog(ERROR, "lead_scoring: cannot prepare: %s", SPI_result_code_string(SPI_result));
  if (SPI_keepplan(made) != 0) elog(ERROR, "lead_scoring: cannot keep a plan");
  *plan = made;
  return made;
}

void execute_prepared(SPIPlanPtr plan, Datum* values, int expected_result) {
  const int result = SPI_execute_plan(plan, values, nullptr, false, 0);
  if (result != expected_result)
    elog(ERROR, "lead_scoring: unexpected result %s", SPI_result_code_string(result));
}

int prefer_indexes() {
  const int level = NewGUCNestLevel();
  for (const char* setting :
       {"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_sort", "enable_hashagg"})
    (void)set_config_option(setting, "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
  return level;
}

void read_latest(SPIPlanPtr plan, Datum* values) {
  const int result =
      SPI_execute_snapshot(plan, values, nullptr, GetLatestSnapshot(), InvalidSnapshot, false, true, 0);
  if (result != SPI_OK_SELECT)
    elog(ERROR, "lead_scoring: unexpected result %s", SPI_result_code_string(result));
}

namespace {

// A `recent` of more bytes is folded into `base`: small enough to be rewritten with each event.
constexpr Size fold_size = 1500;

constexpr TallyRow no_row = {false, false, Datum{0}, Datum{0}, DT_NOEND, Datum{0}};

struct TallyTable {
  CachedAudience* audience;
  StoredTable stored;
  PendingTable pending;
  AttrNumber lead;
  AttrNumber base;
  AttrNumber recent;
  AttrNumber wake_at;
  Datum empty;  // the tally
};

void open_tallies(TallyTable* table, CachedAudience* audience, int count) {
  table->audience = audience;
  open_stored(&table->stored, audience->definition->tally_table);
  begin_pending(&table->pending, audience);
  expect_keys(&table->stored, audience->definition->key, count);
  const AudienceDefinition& a = *audience->definition;
  table->lead = required_column(table->stored, "lead", a.key.type, 1);
  table->base = required_column(table->stored, "base", a.tally_type, 2);
  table->recent = required_column(table->stored, "recent", a.tally_type, 3);
  table->wake_at = required_column(table->stored, "wake_at", TIMESTAMPTZOID, 4);
  require_lead_key(table->stored, table->lead, a.key, 0);
  table->empty = tally_datum_from(Bytes{});
}

// Later commands see what was written.
void close_tallies(TallyTable* table) {
  end_pending(&table->pending);
  close_stored(&table->stored);
  CommandCounterIncrement();
}

Datum copy_as_stored(Datum tally) { return datumCopy(tally, false, -1); }

// The columns are NOT NULL, unless the table's owner has changed that.
Datum part_found(const TallyTable& table, AttrNumber column) {
  bool is_null = false;
  const Datum part = slot_getattr(found(table.stored), column, &is_null);
  return copy_as_stored(is_null ? table.empty : part);
}

TallyRow row_found(const TallyTable& table) {
  TupleTableSlot* slot = found(table.stored);
  bool is_null = false;
  const Datum base = part_found(table, table.base);
  const Datum recent = part_found(table, table.recent);
  const TimestampTz wake_at = DatumGetTimestampTz(slot_getattr(slot, table.wake_at, &is_null));
  return {true, false, base, recent, is_null ? DT_NOEND : wake_at, Datum{0}};
}

// Puts the parts into the row to be written, folded when `recent` has grown too large.
void set_parts(TallyTable* table, TallyRow* parts) {
  if (VARSIZE_ANY_EXHDR(DatumGetPointer(parts->recent)) > fold_size) {
    parts->base = tally_sum(parts->base, parts->recent);
    parts->recent = table->empty;
  }
  set_column(&table->stored, table->base, parts->base, false);
  set_column(&table->stored, table->recent, parts->recent, false);
}

bool insert_tally(TallyTable* table, const LeadDelta& lead, bool wait, TallyRow* row) {
  *row = {true, false, table->empty, lead.tally, DT_NOEND, lead.changed ? lead.tally : Datum{0}};
  start_row(&table->stored);
  set_column(&table->stored, table->lead, lead.key, false);
  set_column(&table->stored, table->wake_at, TimestampTzGetDatum(row->wake_at), false);
  set_parts(table, row);
  return insert_unless_there(&table->stored, wait);
}

// Over the row that was found. TM_BeingModified: somebody holds it, and `wait` is false.
TM_Result update_tally(TallyTable* table, Datum delta, bool wait, TallyRow* row) {
  const Datum before = row->added;
  *row = row_found(*table);
  row->recent = tally_sum(row->recent, delta);
  row->added = before == 0 ? delta : tally_sum(before, delta);
  copy_found(&table->stored);
  set_parts(table, row);
  return update_stored(&table->stored, &found(table->stored)->tts_tid, wait);
}

TM_Result lock_tally(TallyTable* table, bool wait, TallyRow* row) {
  const TM_Result result = lock_found(&table->stored, wait);
  if (result == TM_Ok) *row = row_found(*table);
  return result;
}

TM_Result add_to_found(TallyTable* table, const LeadDelta& lead, bool wait, TallyRow* row) {
  if (!lead.changed) return lock_tally(table, wait, row);
  const TM_Result result = update_tally(table, lead.tally, wait, row);
  if (result != TM_BeingModified) return result;
  // Perhaps it was this transaction that locked it: an update without waiting does not tell.
  const TM_Result locked = lock_tally(table, false, row);
  return locked == TM_Ok ? update_tally(table, lead.tally, true, row) : locked;
}

enum class Merged { yes, look_again, held };

Merged merge_found(TallyTable* table, const LeadDelta& lead, IfHeld if_held, TallyRow* row) {
  const bool wait = if_held == IfHeld::wait;
  if (is_unseen(table->stored)) {
    if (wait) raise_concurrent_update();
    return Merged::held;
  }
  const TM_Result result = add_to_found(table, lead, wait, row);
  switch (result) {
    case TM_Ok:
      return Merged::yes;
    case TM_Updated:
    case TM_Deleted:
      return Merged::look_again;
    case TM_WouldBlock:
      return Merged::held;
    default:
      elog(ERROR, "lead_scoring: unexpected result %d for a tally row", static_cast<int>(result));
  }
  pg_unreachable();
}

Merged merge_absent(TallyTable* table, const LeadDelta& lead, IfHeld if_held, int tries, TallyRow* row) {
  const bool wait = if_held == IfHeld::wait;
  if (insert_tally(table, lead, wait, row)) return Merged::yes;
  // It is there, and the newest snapshot does not see it: somebody is inserting it.
  return wait || tries == 0 ? Merged::look_again : Merged::held;
}

bool merge_delta(TallyTable* table, const LeadDelta& lead, IfHeld if_held, TallyRow* row) {
  for (int tries = 0;; tries++) {
    CHECK_FOR_INTERRUPTS();
    row->added = 0;
    const Merged merged = find_row(&table->stored.by_key, lead.key)
                              ? merge_found(table, lead, if_held, row)
                              : merge_absent(table, lead, if_held, tries, row);
    if (merged != Merged::look_again) return merged == Merged::yes;
    look_again(&table->stored.by_key);
    look_again_for_pending(&table->pending);
  }
}

// The row is locked: what others have left for this lead is added to it.
void fold_pending(TallyTable* table, Datum key, TallyRow* row) {
  if (!has_pending(&table->pending, key)) return;
  const Datum delta = take_pending(table->audience, key);
  if (delta == 0) return;
  look_again(&table->stored.by_key);
  if (!find_row(&table->stored.by_key, key) || update_tally(table, delta, true, row) != TM_Ok)
    elog(ERROR, "lead_scoring: a locked tally row has gone");
}

void merge_tally(TallyTable* table, const LeadDelta& lead, IfHeld if_held, TallyRow* row) {
  if (merge_delta(table, lead, if_held, row)) {
    fold_pending(table, lead.key, row);
    return;
  }
  *row = no_row;
  row->held = true;
  if (if_held == IfHeld::append) append_pending(&table->pending, lead.key, lead.tally);
}

}  // namespace

Bytes whole_tally(const TallyRow& row) {
  if (!row.exists) return {};
  const Bytes base = tally_bytes(row.base);
  const Bytes recent = tally_bytes(row.recent);
  if (base.empty()) return recent;
  if (recent.empty()) return base;
  ContextResource memory(CurrentMemoryContext);
  std::pmr::memory_resource* resource = &memory;
  return run_core([=] { return merge(base, recent, resource); });
}

void merge_tallies(CachedAudience* audience, const LeadDelta* leads, int count, IfHeld if_held,
                   TallyRow* rows) {
  TallyTable table;
  CommandCounterIncrement();  // what this transaction has done so far is to be seen
  open_tallies(&table, audience, count);
  TallyRow unasked;
  for (int i = 0; i < count; i++)
    merge_tally(&table, leads[i], if_held, rows == nullptr ? &unasked : &rows[i]);
  close_tallies(&table);
}

namespace {

// `counted` and the entries of `now` that it does not replace.
Bytes replaced(Bytes now, Bytes counted, const SignalSet& signals) {
  if (signals.all) return counted;
  ContextResource memory(CurrentMemoryContext);
  std::pmr::memory_resource* resource = &memory;
  const std::span<const std::uint32_t> numbers(signals.numbers, static_cast<std::size_t>(signals.count));
  return run_core([=] { return merge(without(now, numbers, resource), counted, resource); });
}

bool same_bytes(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || memcmp(a.data(), b.data(), a.size()) == 0);
}

void write_whole(TallyTable* table, Bytes tally, TallyRow* row) {
  if (is_unseen(table->stored)) raise_concurrent_update();
  row->base = table->empty;
  row->recent = tally_datum_from(tally);
  copy_found(&table->stored);
  set_parts(table, row);
  if (update_stored(&table->stored, &found(table->stored)->tts_tid, true) != TM_Ok) raise_concurrent_update();
}

}  // namespace

void replace_tallies(CachedAudience* audience, const LeadDelta* leads, int count, const SignalSet& signals,
                     TallyRow* rows) {
  TallyTable table;
  CommandCounterIncrement();
  open_tallies(&table, audience, count);
  for (int i = 0; i < count; i++) {
    rows[i] = no_row;
    if (!find_row(&table.stored.by_key, leads[i].key)) continue;
    rows[i] = row_found(table);
    const Bytes now = whole_tally(rows[i]);
    const Bytes tally = replaced(now, tally_bytes(leads[i].tally), signals);
    if (!same_bytes(now, tally)) write_whole(&table, tally, &rows[i]);
    fold_pending(&table, leads[i].key, &rows[i]);
  }
  close_tallies(&table);
}

namespace {

void set_wake_times(CachedAudience* audience, const TallyUpkeep& upkeep) {
  TallyTable table;
  open_tallies(&table, audience, upkeep.wake_count);
  for (int i = 0; i < upkeep.wake_count; i++) {
    // We hold its lock: it is there, and nobody else has written it but before our own snapshot.
    if (!find_row(&table.stored.by_key, upkeep.wake[i])) continue;
    if (is_unseen(table.stored)) raise_concurrent_update();
    copy_found(&table.stored);
    set_column(&table.stored, table.wake_at, TimestampTzGetDatum(upkeep.wake_at[i]), false);
    if (update_stored(&table.stored, &found(table.stored)->tts_tid, true) != TM_Ok) raise_concurrent_update();
  }
  close_tallies(&table);
}

}  // namespace

void keep_up_tallies(CachedAudience* audience, const TallyUpkeep& upkeep) {
  const AudienceDefinition& a = *audience->definition;
  if (upkeep.wake_count > 0) set_wake_times(audience, upkeep);
  if (upkeep.forget_count > 0) {
    Oid types[] = {get_array_type(a.key.type)};
    prepared(&audience->plans.forget,
             psprintf("DELETE FROM %s AS t WHERE t.lead OPERATOR(pg_catalog.=) ANY ($1)",
                      qualified_name(a.tally_table)),
             1, types);
    Datum values[] = {key_array(a.key, upkeep.forget, upkeep.forget_count)};
    execute_prepared(audience->plans.forget, values, SPI_OK_DELETE);
  }
}

}  // namespace lead_scoring
