// The score table and the band changes of an audience. All functions need an SPI connection and run as the
// audience's owner, with the tally rows of the leads locked.
#pragma once

#include "pg/audience_cache.hpp"

extern "C" {
#include "utils/datum.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

// The columns of a score row after its key, as Datums; texts are of type text.
enum ScoreColumn {
  score_column,
  engagement_column,
  fit_column,
  grade_column,
  level_column,
  band_column,
  disqualified_column,
  hand_raised_column,
  persona_column,
  last_active_on_column,
  next_change_at_column,
  revision_column,
  compared_column_count,  // a row is written when one of the columns above differs
  band_since_column = compared_column_count,
  updated_at_column,
  score_column_count
};

struct ScoreRow {
  const char* sheet;
  Datum values[score_column_count];
  bool nulls[score_column_count];
};

[[nodiscard]] bool same_score(const ScoreRow& a, const ScoreRow& b);
[[nodiscard]] bool same_text(const ScoreRow& a, const ScoreRow& b, ScoreColumn column);

// Everything that decides about one lead, read with the latest snapshot under its lock.
struct LeadState {
  Datum tally;       // base + recent as an ordinary value; 0: there is no tally row
  Size recent_size;  // bytes of `recent`
  TimestampTz wake_at;
  bool exists;   // there is a lead row
  List* scores;  // ScoreRow
};
// One element a key, in the order of the keys, in the current memory context.
LeadState* read_lead_states(CachedAudience* audience, Datum* keys, int count);

// Collected writes of a batch of leads.
struct ColumnArrays {
  int used;
  int capacity;
  int column_count;
  Datum* values[score_column_count + 2];
  bool* nulls[score_column_count + 2];
};

// What the band asks of people; texts, or 0.
struct FollowUp {
  bool asked;
  Datum next_step;
  Datum owner_role;
  Datum calendar;
  bool has_due;
  TimestampTz due_at;
};

struct BandChange {
  Datum key;
  const char* sheet;
  Datum from;  // text, or 0
  Datum to;    // text, or 0
  int32 score;
  bool has_score;
  TimestampTz at;
  int32 revision;
  const char* cause;
  bool upward;
  FollowUp follow_up;
};

struct ScoreWrites {
  ColumnArrays inserted;
  ColumnArrays updated;
  ColumnArrays deleted;
  ColumnArrays changes;
};

void begin_score_writes(ScoreWrites* writes);
void insert_score(ScoreWrites* writes, Datum key, const ScoreRow& row);
void update_score(ScoreWrites* writes, Datum key, const ScoreRow& row);
void delete_score(ScoreWrites* writes, Datum key, const char* sheet);
void append_change(ScoreWrites* writes, const BandChange& change);
void flush_score_writes(CachedAudience* audience, ScoreWrites* writes);

}  // namespace lead_scoring
