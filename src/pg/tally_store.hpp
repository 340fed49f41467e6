// The tally table of an audience. All functions run as the audience's owner.
#pragma once

#include "pg/audience_cache.hpp"
#include "pg/lead_delta.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace lead_scoring {

// A tally row that this transaction has locked. Its values are in the memory context of the call.
struct TallyRow {
  bool exists;
  bool held;   // by somebody else: neither locked nor read, and not to be scored
  Datum base;  // as stored, perhaps out of line: what is there stays there while the row is locked
  Datum recent;
  TimestampTz wake_at;
  Datum added;  // a tally, what this call has added to the row; 0: nothing
};

// The sum of both parts, in the current memory context.
[[nodiscard]] Bytes whole_tally(const TallyRow& row);

// What becomes of a lead whose row another transaction holds, or has just written where we cannot see it.
enum class IfHeld {
  wait,
  append,  // its delta goes to the pending table
  leave,
};

// Adds the deltas, in their order, one row lock a lead until the end of the transaction. Rows of leads with
// an empty delta are created or locked, but not written. `rows` (one a lead) may be null. Pending deltas of the leads
// are added too.
void merge_tallies(CachedAudience* audience, const LeadDelta* leads, int count, IfHeld if_held,
                   TallyRow* rows);

// Signals by number, ascending, or all there are.
struct SignalSet {
  bool all;
  const std::uint32_t* numbers;
  int count;
};
// The entries of the given signals become those of `tally` of each LeadDelta; then pending deltas are added. The rows
// must be locked; they are written only where that changes them.
void replace_tallies(CachedAudience* audience, const LeadDelta* leads, int count, const SignalSet& signals,
                     TallyRow* rows);

// What was decided about a tally row after scoring.
struct TallyUpkeep {
  Datum* forget;  // keys of empty tallies without a lead
  int forget_count;
  Datum* wake;  // keys and times for wake_at
  TimestampTz* wake_at;
  int wake_count;
};
// Needs an SPI connection.
void keep_up_tallies(CachedAudience* audience, const TallyUpkeep& upkeep);

// Prepares a statement over the audience's tables once. Pinned: names are qualified, operators too.
SPIPlanPtr prepared(SPIPlanPtr* plan, const char* sql, int argument_count, Oid* types);
// Every statement of a batch walks keys through indexes. A plan made while the tables were small or not yet analyzed
// would read all of a table for each lead. Ends with AtEOXact_GUC(true, level).
int prefer_indexes();
void execute_prepared(SPIPlanPtr plan, Datum* values, int expected_result);
// Reads with the latest snapshot, whatever the isolation level.
void read_latest(SPIPlanPtr plan, Datum* values);

}  // namespace lead_scoring
