// The score table and the band changes of an audience. All functions run as the audience's owner, with the tally
// rows of the leads locked.
#pragma once

#include "pg/audience_cache.hpp"
#include "pg/stored_table.hpp"

extern "C" {
#include "utils/datum.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

// The columns of a score row after its key, as Datums; texts are of type text, as they are stored or made afresh.
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
  HeapTuple stored;   // as it was read; nullptr: a new row
  Datum* all_values;  // of the stored row, by attribute
  bool* all_nulls;
  bool unseen;  // by the transaction's own snapshot
};

// Open while a batch of leads is scored. A column that somebody has dropped is neither written nor compared.
struct ScoreTable {
  StoredTable stored;
  AttrNumber lead;
  AttrNumber sheet;
  AttrNumber columns[score_column_count];  // 0: dropped
};

void open_scores(ScoreTable* table, const CachedAudience& audience);
void close_scores(ScoreTable* table);

// Whether two texts are the same, whatever their headers.
[[nodiscard]] bool same_text(Datum a, Datum b);
// Whether a row must be written: a column differs that decides it.
[[nodiscard]] bool same_score(const ScoreTable& table, const ScoreRow& a, const ScoreRow& b);
// The rows of a lead, by sheet, in the current memory context.
List* read_scores(ScoreTable* table, Datum key);

// Where the rows of a lead were a moment ago.
struct RowPlaces {
  const ItemPointerData* first;
  int count;
};
// Those of them that are there now and the lead's; there may be others elsewhere.
List* read_scores_at(ScoreTable* table, const KeyType& type, Datum key, const RowPlaces& places);
void insert_score(ScoreTable* table, Datum key, const ScoreRow& row);
void update_score(ScoreTable* table, const ScoreRow& old, const ScoreRow& row);

// Collected rows of one statement.
struct ColumnArrays {
  MemoryContext context;
  int used;
  int capacity;
  int column_count;
  Datum* values[2];
  bool* nulls[2];
};

// What the band asks of people; texts, or 0.
struct FollowUp {
  bool asked;
  Datum next_step;
  Datum owner_role;
  Datum calendar;
  bool has_due;
  TimestampTz due_at;
  bool notify;  // announce it
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

// What is rarely written, collected for a batch in the memory context it was begun in.
struct RareWrites {
  ColumnArrays deleted;
  List* changes;  // BandChange, with values of their own
};

void begin_rare_writes(RareWrites* writes);
void delete_score(RareWrites* writes, const KeyType& type, Datum key, const char* sheet);
void append_change(RareWrites* writes, const KeyType& type, const BandChange& change);
// Needs an SPI connection when there is anything to write.
void flush_rare_writes(CachedAudience* audience, const RareWrites& writes);

}  // namespace lead_scoring
