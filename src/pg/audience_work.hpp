// Work on one audience outside the triggers: as its owner, with an SPI connection, on batches of its leads.
#pragma once

#include "pg/audience_cache.hpp"
#include "pg/failure.hpp"
#include "pg/lead_delta.hpp"
#include "pg/owner.hpp"
#include "pg/replicated_rows.hpp"

namespace lead_scoring {

struct AudienceWork {
  CachedAudience* audience;
  FailureList failures;
};

inline const AudienceDefinition& definition(const AudienceWork& work) { return *work.audience->definition; }

// Keys as deltas that add nothing; without keys, to be filled in.
LeadDelta* empty_deltas(Datum* keys, int count);
// First column of the result of the last SPI call, copied.
LeadDelta* take_keys(const KeyType& key, int* count);
Datum array_of_keys(const KeyType& key, const LeadDelta* leads, int count);
// A query that sees the latest state whatever the isolation level.
void select_latest(const char* sql, int argument_count, Oid* types, Datum* values);
// The next keys with tally rows, in order.
LeadDelta* next_leads(const AudienceDefinition& audience, Datum after, bool has_after, int limit, int* count);

// Of an audience that cannot be used.
void record_resting(FailureList* failures, const RestingSource& resting);
// As the audience's owner.
void tell_failures(const FailureList& failures, const AudienceDefinition& audience);

// Failures are written at the end. `host` as become_writer() has it.
template <class Work>
void with_audience(CachedAudience* audience, Work work, Oid host = InvalidOid) {
  AudienceWork state = {audience, {}};
  begin_failures(&state.failures);
  count_replicated_rows();
  if (!lock_for_reading(audience->definition->lead_table)) return;
  OwnerSwitch owner;
  become_writer(&owner, *audience, host);
  SPI_connect();
  work(&state);
  write_failures(state.failures, *audience->definition);
  SPI_finish();
  be_oneself(owner);
}

// For an audience that exists; the caller has checked that the user may.
template <class Work>
void with_checked_audience(const char* name, Work work) {
  const int depth = begin_cache_use();
  PG_TRY();
  { with_audience(cached_audience(name), work); }
  PG_FINALLY();
  { end_cache_use(depth); }
  PG_END_TRY();
}

// For the audience's owner only; the errors of require_owned_audience.
template <class Work>
void with_named_audience(const char* name, Work work) {
  (void)require_owned_audience(name);
  with_checked_audience(name, work);
}

}  // namespace lead_scoring
