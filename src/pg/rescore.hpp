// From tallies to scores: the step that every writer, publish and rebuild end with.
#pragma once

#include "pg/audience_cache.hpp"
#include "pg/failure.hpp"
#include "pg/lead_delta.hpp"
#include "pg/tally_store.hpp"

namespace lead_scoring {

// Decides and writes the scores of leads whose tally rows this transaction has locked in an earlier
// statement. Keys ascend. `tally` of a LeadDelta is what was just added: the tally before it tells which
// bands a lead has passed through since its score was due. Needs an SPI connection; runs as the audience's
// owner.
void rescore(CachedAudience* audience, const LeadDelta* leads, int count, const char* cause,
             FailureList* failures);

struct Occasion {
  const char* cause;  // what band changes say
  bool leads_change;  // lead rows may have come or gone with it
};
// For one statement's deltas: merges and scores in batches, in key order.
void apply_deltas(CachedAudience* audience, const LeadDelta* leads, int count, const Occasion& occasion,
                  FailureList* failures);

// For leads whose tally rows are locked: `tally` of a LeadDelta is what was counted afresh of these signals.
void replace_counted(CachedAudience* audience, const LeadDelta* leads, int count, const SignalSet& signals,
                     const char* cause, FailureList* failures);

}  // namespace lead_scoring
