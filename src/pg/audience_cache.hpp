// What a backend remembers of the catalog: audiences, active models, compiled sources and prepared plans.
//
// Protocol. Every change of a catalog table invalidates that table's relcache entry (the triggers in
// 60_catalog_triggers.sql), and so does every ALTER of a table we read or write. The callback only sets a
// flag; the cache is made anew at the next top-level use, never under a running frame. A cache may still be
// stale: a prepared statement that holds its locks never sees the invalidation. So whatever decides a write
// is checked again under the tally lock: see reload_sheets() and its callers.
#pragma once

#include "core/model.hpp"
#include "pg/source_matcher.hpp"

extern "C" {
#include "executor/spi.h"
#include "utils/hsearch.h"
}

namespace lead_scoring {

struct CachedSheet {
  const char* name;
  int32 revision;
  const Model* model;  // nullptr: broken
  const char* broken;  // why
  int broken_sqlstate;
};

// Statements over an audience's own tables, prepared once: see tally_store.cpp and score_store.cpp.
struct StorePlans {
  SPIPlanPtr find_lead;
  SPIPlanPtr forget;
  SPIPlanPtr take_pending;
  SPIPlanPtr delete_scores;
  SPIPlanPtr find_unequal;
  SPIPlanPtr lock_leads;
  SPIPlanPtr copy_to_leads;
};

struct CondensedTally;

struct CachedAudience {
  AudienceDefinition* definition;
  MemoryContext context;
  int sheet_count;
  CachedSheet* sheets;  // active ones, by name
  bool may_refuse;      // own_tables.hpp
  StorePlans plans;
  CondensedTally* condensed;  // condensed_tally.cpp
  bool runs_added_code;       // writing to its tables runs triggers or the like: see become_writer
};

struct TrackedSource {
  CachedAudience* audience;
  SourceMatcher* matcher;  // for rows of the table that was asked for
};

// A source whose audience cannot be used.
struct RestingSource {
  const AudienceDefinition* audience;
  const char* source;
};

struct TrackedTable {
  Oid table;  // hash key
  bool filled;
  List* resting;  // RestingSource
  int source_count;
  TrackedSource* sources;  // ordered by audience, then name: the order in which audiences are locked
};

// Every use is between these two, the second in a PG_FINALLY block; nested uses are fine.
int begin_cache_use();
void end_cache_use(int depth_before);

TrackedTable* tracked_table(Relation rel);
CachedAudience* cached_audience(const char* name);  // nullptr: there is no such audience, or it is broken
// Reads the active revisions again, with the latest snapshot.
void reload_sheets(CachedAudience* audience);

}  // namespace lead_scoring
