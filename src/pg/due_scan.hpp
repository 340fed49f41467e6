// Leads with score rows that are due: one walk along the primary key, from where the last batch ended.
#pragma once

#include "pg/lead_delta.hpp"
#include "pg/score_store.hpp"

namespace lead_scoring {

struct DueLeads {
  LeadDelta* leads;  // with empty deltas, in key order
  RowPlaces* places;
  int count;
  Datum last;  // key of the last one on the walk
};

// At most `limit` leads after a key (nullptr: from the first). Needs an SPI connection.
[[nodiscard]] DueLeads find_due_leads(CachedAudience* audience, const Datum* after, int limit);

}  // namespace lead_scoring
