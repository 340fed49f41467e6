// The pending table of an audience: deltas of leads whose tally rows somebody else was holding. Rows are only ever
// added and taken away, so nobody waits for a lead there.
//
// Protocol. base + recent + the pending deltas of a lead are the sum over its source rows, in every snapshot. Who takes
// pending deltas holds the lead's tally row and adds them to it in the same transaction. Adding needs no lock at all.
#pragma once

#include "pg/stored_table.hpp"
#include "pg/tally_store.hpp"

namespace lead_scoring {

struct PendingTable {
  CachedAudience* audience;
  MemoryContext context;
  Relation rel;
  bool in_use;  // it may have rows
  bool is_open;
  StoredTable stored;  // when it is open
  AttrNumber lead;
  AttrNumber delta;
};

void begin_pending(PendingTable* table, CachedAudience* audience);
void end_pending(PendingTable* table);
void look_again_for_pending(PendingTable* table);

// Whether a lead had pending deltas at the time of begin_pending or the last look_again_for_pending; those that came
// later are left for the next one.
bool has_pending(PendingTable* table, Datum key);
void append_pending(PendingTable* table, Datum key, Datum delta);
// Takes the pending deltas of a lead away, all that the transaction may see, and returns their sum; 0: there were none.
// The lead's tally row must be locked. Counts commands on.
[[nodiscard]] Datum take_pending(CachedAudience* audience, Datum key);

// The rows that the caller has read. Their leads' tally rows must be locked.
struct PendingRow {
  Datum key;
  int64 id;
};
void remove_pending(const AudienceDefinition& audience, const PendingRow* rows, int count);

// (lead, delta), one row a lead.
char* pending_sums_sql(const AudienceDefinition& audience);

}  // namespace lead_scoring
