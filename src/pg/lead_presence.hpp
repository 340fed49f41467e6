// Whether a lead row exists, as the latest snapshot sees it.
#pragma once

#include "pg/audience_cache.hpp"
#include "pg/key_scan.hpp"

namespace lead_scoring {

struct LeadPresence {
  MemoryContext context;
  CachedAudience* audience;
  int count;
  bool begun;
  bool by_query;  // the lead table has no index of its own that can be asked: it is partitioned, say
  KeyScan scan;
};

// In the current memory context. At most so many keys will be asked for, in ascending order.
void begin_presence(LeadPresence* presence, CachedAudience* audience, int count);
void end_presence(LeadPresence* presence);
// Needs an SPI connection.
bool lead_exists(LeadPresence* presence, Datum key);

}  // namespace lead_scoring
