// From tallies to scores: the step that every writer, publish and rebuild end with.
#pragma once

#include "pg/audience_cache.hpp"
#include "pg/failure.hpp"
#include "pg/lead_delta.hpp"
#include "pg/score_store.hpp"
#include "pg/tally_store.hpp"

namespace lead_scoring {

// All functions decide and write the scores of leads, in batches, under the locks of their tally rows. Keys ascend.
// They need an SPI connection and run as the audience's owner.

struct Occasion {
  const char* cause;  // what band changes say
  bool leads_change;  // lead rows may have come or gone with it
  bool guard;         // what cannot be written is a failure, of each lead by itself, and no error
};
// Adds the deltas, which may be empty, and scores. The tally before the delta tells which bands a lead has passed
// through since its score was due.
void apply_deltas(CachedAudience* audience, const LeadDelta* leads, int count, const Occasion& occasion,
                  FailureList* failures);

// For leads whose tally rows an earlier statement has locked: `tally` of a LeadDelta is what was counted afresh of
// these signals.
void replace_counted(CachedAudience* audience, const LeadDelta* leads, int count, const SignalSet& signals,
                     const char* cause, FailureList* failures);

struct Rescored {
  int64 leads;
  bool told;  // more than scores: a band change, the mirror, or a trigger that somebody has put on the scores
};
// Adds what is pending and scores, only those leads whose tally rows nobody else holds. Their own deltas are empty.
// `places` (one a lead) may be null. Guarded where the audience's tables may refuse a row: one lead must not stop all
// others.
Rescored rescore_free(CachedAudience* audience, const LeadDelta* leads, const RowPlaces* places, int count,
                      const char* cause, FailureList* failures);

}  // namespace lead_scoring
