// Score and band repeated in columns of the user's own lead table, for audiences that ask for it.
#pragma once

#include "pg/audience_cache.hpp"
#include "pg/failure.hpp"

namespace lead_scoring {

[[nodiscard]] inline bool has_mirror(const AudienceDefinition& audience) {
  return audience.score_column != nullptr || audience.band_column != nullptr;
}

// SQL over `l` (lead table) and `s` (score row or nulls): whether the columns show something else.
char* mirror_differs_sql(const AudienceDefinition& audience);
// The sheet whose scores are repeated; nullptr: none is published.
const char* mirrored_sheet(const CachedAudience& audience);

// Brings the columns of these leads in step with their score rows. Needs an SPI connection; runs as the
// audience's owner, with the leads' tally rows locked. The lead table is the user's: what refuses there is a failure,
// and the columns stay behind.
void mirror_scores(CachedAudience* audience, Datum* keys, int count, FailureList* failures);

}  // namespace lead_scoring
