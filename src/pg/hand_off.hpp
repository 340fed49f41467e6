// Hand-offs: what a band asks of people when a lead has come up into it.
#pragma once

#include "pg/failure.hpp"
#include "pg/score_store.hpp"

namespace lead_scoring {

// What was read so far; for one batch, in its memory context.
struct HandOffs {
  List* bands;
  List* clocks;
};

// The latest rows of the catalog decide, not the revision: a next step or a follow-up time holds from the next
// band change on. A due date that cannot be reckoned (the calendar is gone, say) is left out and recorded as a
// failure, because it must not stop whoever writes the event.
[[nodiscard]] FollowUp follow_up_of(HandOffs* known, const char* sheet, Datum band, TimestampTz at,
                                    FailureList* failures, const char* lead);

}  // namespace lead_scoring
