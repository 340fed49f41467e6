// Rows that replication applies. Its worker runs under session_replication_role = replica and fires no statement
// triggers, only row triggers that are enabled for it.
//
// A transaction's rows are summed up while it runs and counted when it commits, one delta a lead: an initial copy
// of a million rows writes each lead once, and the leads of a transaction are locked in key order, all of them.
// Inside a subtransaction, which may be rolled back alone, each row is counted at once.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "commands/trigger.h"
}

namespace lead_scoring {

bool applies_replication();  // rows reach us one by one

// One row, for all sources of its table. Inside begin_cache_use().
void track_replicated_row(const TriggerData* trigger);

// Counts at once what waits for the end of the transaction: for whatever counts anew or compares. Nothing waits in
// any other session.
void count_replicated_rows();

}  // namespace lead_scoring
