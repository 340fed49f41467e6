// Protocol. A tally row is the lock of its lead, until the end of the transaction: merging writes it at once, with
// no lock before, and finds out from the result whether somebody else came first. Deltas come in key order.
#include "pg/tally_store.hpp"

#include "pg/stored_table.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/datum.h"
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

void read_latest(SPIPlanPtr plan, Datum* values) {
  const int result =
      SPI_execute_snapshot(plan, values, nullptr, GetLatestSnapshot(), InvalidSnapshot, false, true, 0);
  if (result != SPI_OK_SELECT)
    elog(ERROR, "lead_scoring: unexpected result %s", SPI_result_code_string(result));
}

namespace {

// A `recent` of more bytes is folded into `base`: small enough to be rewritten with each event.
constexpr Size fold_size = 1500;

constexpr TallyRow no_row = {false, false, Datum{0}, Datum{0}, DT_NOEND};

struct TallyTable {
  StoredTable stored;
  AttrNumber lead;
  AttrNumber base;
  AttrNumber recent;
  AttrNumber wake_at;
  Datum empty;  // the tally
};

void open_tallies(TallyTable* table, const CachedAudience& audience) {
  open_stored(&table->stored, audience.definition->tally_table, true);
  table->lead = required_column(table->stored, "lead", 1);
  table->base = required_column(table->stored, "base", 2);
  table->recent = required_column(table->stored, "recent", 3);
  table->wake_at = required_column(table->stored, "wake_at", 4);
  table->empty = tally_datum_from(Bytes{});
}

// Later commands see what was written.
void close_tallies(TallyTable* table) {
  close_stored(&table->stored);
  CommandCounterIncrement();
}

Datum sum_of(Datum a, Datum b) {
  const Bytes x = tally_bytes(a);
  const Bytes y = tally_bytes(b);
  ContextResource memory(CurrentMemoryContext);
  std::pmr::memory_resource* resource = &memory;
  return tally_datum_from(run_core([=] { return merge(x, y, resource); }));
}

Datum copy_as_stored(Datum tally) { return datumCopy(tally, false, -1); }

TallyRow row_found(const TallyTable& table) {
  TupleTableSlot* slot = found(table.stored);
  bool is_null = false;
  const Datum base = copy_as_stored(slot_getattr(slot, table.base, &is_null));
  const Datum recent = copy_as_stored(slot_getattr(slot, table.recent, &is_null));
  return {true, false, base, recent, DatumGetTimestampTz(slot_getattr(slot, table.wake_at, &is_null))};
}

// Puts the parts into the row to be written, folded when `recent` has grown too large.
void set_parts(TallyTable* table, TallyRow* parts) {
  if (VARSIZE_ANY_EXHDR(DatumGetPointer(parts->recent)) > fold_size) {
    parts->base = sum_of(parts->base, parts->recent);
    parts->recent = table->empty;
  }
  set_column(&table->stored, table->base, parts->base, false);
  set_column(&table->stored, table->recent, parts->recent, false);
}

bool insert_tally(TallyTable* table, const LeadDelta& lead, TallyRow* row) {
  *row = {true, false, table->empty, lead.tally, DT_NOEND};
  copy_defaults(&table->stored);
  set_column(&table->stored, table->lead, lead.key, false);
  set_column(&table->stored, table->wake_at, TimestampTzGetDatum(row->wake_at), false);
  set_parts(table, row);
  return insert_unless_there(&table->stored, true);
}

// False: somebody else has written or removed the row that was found.
bool add_to_found(TallyTable* table, const LeadDelta& lead, TallyRow* row) {
  if (is_unseen(table->stored)) raise_concurrent_update();
  TM_Result result = TM_Ok;
  if (lead.changed) {
    *row = row_found(*table);
    row->recent = sum_of(row->recent, lead.tally);
    copy_found(&table->stored);
    set_parts(table, row);
    result = update_stored(&table->stored, &found(table->stored)->tts_tid, true);
  } else {
    result = lock_found(&table->stored, true);
    if (result == TM_Ok) *row = row_found(*table);
  }
  if (result == TM_Ok) return true;
  if (result != TM_Updated && result != TM_Deleted)
    elog(ERROR, "lead_scoring: unexpected result %d for a tally row", static_cast<int>(result));
  return false;
}

void merge_tally(TallyTable* table, const LeadDelta& lead, TallyRow* row) {
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    const bool done = find_row(&table->stored.by_key, lead.key) ? add_to_found(table, lead, row)
                                                                : insert_tally(table, lead, row);
    if (done) return;
    look_again(&table->stored.by_key);
  }
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

void merge_tallies(CachedAudience* audience, const LeadDelta* leads, int count, TallyRow* rows) {
  TallyTable table;
  CommandCounterIncrement();  // what this transaction has done so far is to be seen
  open_tallies(&table, *audience);
  TallyRow unasked;
  for (int i = 0; i < count; i++) merge_tally(&table, leads[i], rows == nullptr ? &unasked : &rows[i]);
  close_tallies(&table);
}

namespace {

// False: somebody else has written or removed the row that was found.
bool lock_if_free(TallyTable* table, TallyRow* row) {
  switch (lock_found(&table->stored, false)) {
    case TM_Ok:
      *row = row_found(*table);
      return true;
    case TM_WouldBlock:
      row->held = true;
      return true;
    default:
      return false;
  }
}

}  // namespace

void lock_free_tallies(CachedAudience* audience, const LeadDelta* leads, int count, TallyRow* rows) {
  TallyTable table;
  CommandCounterIncrement();
  open_tallies(&table, *audience);
  for (int i = 0; i < count; i++) {
    CHECK_FOR_INTERRUPTS();
    rows[i] = no_row;
    while (find_row(&table.stored.by_key, leads[i].key) && !lock_if_free(&table, &rows[i]))
      look_again(&table.stored.by_key);
    rows[i].held = !rows[i].exists;  // without a row there is no lock to score under
  }
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
  open_tallies(&table, *audience);
  for (int i = 0; i < count; i++) {
    rows[i] = no_row;
    if (!find_row(&table.stored.by_key, leads[i].key)) continue;
    rows[i] = row_found(table);
    const Bytes now = whole_tally(rows[i]);
    const Bytes tally = replaced(now, tally_bytes(leads[i].tally), signals);
    if (!same_bytes(now, tally)) write_whole(&table, tally, &rows[i]);
  }
  close_tallies(&table);
}

namespace {

void set_wake_times(CachedAudience* audience, const TallyUpkeep& upkeep) {
  TallyTable table;
  open_tallies(&table, *audience);
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
