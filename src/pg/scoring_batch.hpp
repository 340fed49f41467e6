// A batch of leads that is being scored: what scoring, and the story of the bands, know of it.
#pragma once

#include "pg/hand_off.hpp"
#include "pg/lead_delta.hpp"
#include "pg/lead_presence.hpp"
#include "pg/rescore.hpp"
#include "pg/score_store.hpp"
#include "pg/tally_store.hpp"

namespace lead_scoring {

// Everything that decides about one lead, read with the latest snapshot under its lock.
struct LeadState {
  TallyRow tally_row;
  Bytes tally;   // what the active sheets need of it from now on
  bool exists;   // there is a lead row
  List* scores;  // ScoreRow
};

struct ScoringBatch {
  MemoryContext context;
  MemoryContext lead_context;  // reset for each lead
  CachedAudience* audience;
  const LeadDelta* leads;
  const RowPlaces* places;  // of their score rows; may be null
  TallyRow* tally_rows;
  int count;
  const char* cause;
  TimestampTz now;
  FailureList* failures;
  bool leads_change;  // lead rows may have come or gone
  Rescored done;
  bool sheets_are_latest;
  LeadState lead;  // the one that is being scored
  LeadPresence presence;
  ScoreTable scores;
  RareWrites writes;
  TallyUpkeep upkeep;
  HandOffs hand_offs;
  List* old_models;  // OldModel
};

inline int32 revision_of(const ScoreRow& row) { return DatumGetInt32(row.values[revision_column]); }

}  // namespace lead_scoring
