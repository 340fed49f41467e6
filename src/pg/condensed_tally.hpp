// The tally that a lead is scored by. A busy lead's `base` is large, lies out of line and seldom changes; most of what
// is in it no longer makes a difference to the active sheets. So each backend keeps a few bases condensed, in the
// memory of the audience's cache, and an event on such a lead reads and evaluates little more than what is new.
//
// What makes a kept copy the right one: the number of the out-of-line value it was made from (a new base is a new
// value; numbers come again only after 2^32 others, and a copy is dropped after ten minutes), the sheets, and that
// time has not gone back.
#pragma once

#include "pg/audience_cache.hpp"
#include "pg/tally_store.hpp"

namespace lead_scoring {

// For evaluating the active sheets at `now` or later; in the current memory context or in the cache.
[[nodiscard]] Bytes tally_to_score(CachedAudience* audience, const TallyRow& row, TimestampTz now);

}  // namespace lead_scoring
