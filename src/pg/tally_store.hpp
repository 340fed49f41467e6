// The tally table of an audience. All functions need an SPI connection and run as the audience's owner.
#pragma once

#include "pg/audience_cache.hpp"
#include "pg/lead_delta.hpp"

namespace lead_scoring {

// Adds the deltas, in their order, one row lock a lead until the end of the transaction. Rows of leads with
// an empty delta are created or locked, but not written.
void merge_tallies(CachedAudience* audience, const LeadDelta* leads, int count);

// What was decided about a tally row after scoring.
struct TallyUpkeep {
  Datum* fold;  // keys whose `recent` has grown large
  int fold_count;
  Datum* forget;  // keys of empty tallies without a lead
  int forget_count;
  Datum* wake;  // keys and times for wake_at
  Datum* wake_at;
  int wake_count;
};
void keep_up_tallies(CachedAudience* audience, const TallyUpkeep& upkeep);

// Prepares a statement over the audience's tables once. Pinned: names are qualified, operators too.
SPIPlanPtr prepared(SPIPlanPtr* plan, const char* sql, int argument_count, Oid* types);
void execute_prepared(SPIPlanPtr plan, Datum* values, int expected_result);
// Reads with the latest snapshot, whatever the isolation level.
void read_latest(SPIPlanPtr plan, Datum* values);

}  // namespace lead_scoring
