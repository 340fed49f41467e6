// The story of a lead's bands: each change is appended with the instant at which it became true, so that triggers and a
// late refresh tell the same story as a punctual one.
#pragma once

#include "pg/evaluated_row.hpp"
#include "pg/scoring_batch.hpp"

namespace lead_scoring {

// The band a lead was last seen in, while its story is told.
struct Standing {
  Datum band;  // text, or 0
  TimestampTz since;
  int32 revision;  // whose band it is
};

Standing standing_of(const ScoreRow* row);

// A text, or 0 for NULL.
Datum text_or_zero(std::string_view name);

// Appends a change unless the band is the same.
void move_to_band(ScoringBatch* batch, Datum key, const CachedSheet& sheet, Standing* standing,
                  const Standing& to, const int32* score, const char* cause);

// The row was due before this transaction came: what time alone has changed since then is told at the
// instants at which it became true, with the tally and the model of that time. True: `last` is what that model
// says of that tally now.
bool replay(ScoringBatch* batch, int i, const CachedSheet& sheet, TimestampTz due, int32 revision,
            Standing* standing, EvaluatedRow* last);

}  // namespace lead_scoring
