// What one statement adds to each lead: rows → one growing tally a lead → one delta a lead, in key order.
#pragma once

#include "pg/failure.hpp"
#include "pg/growing_tally.hpp"
#include "pg/lead_key.hpp"

namespace lead_scoring {

struct LeadDelta {
  Datum key;
  Datum tally;   // type tally
  bool changed;  // the tally is not empty
};

struct GrowingDelta {
  Datum key;
  uint32 hash;
  GrowingTally* tally;   // nullptr: nothing yet
  int64 presence;        // marks of presence: rows that came less rows that went
  std::uint64_t mirror;  // and what they showed
};

// Grows in the memory context it was begun in; everything goes with that context.
struct DeltaBuffer {
  MemoryContext context;
  const KeyType* key;
  GrowingDelta* leads;
  uint32 used;
  uint32 capacity;
  uint32* places;  // an open hash table of 2 * capacity places: number of a lead + 1; 0: empty
  uint32 last;     // the lead of the row before
  bool unusual;    // a key or a value so large that keeping it may fail
};

void begin_deltas(DeltaBuffer* buffer, const KeyType* key);
// An EmitRow of row_matching.hpp; `sink` is a DeltaBuffer. Entries of signal 0 are marks of presence.
void add_delta_row(void* sink, Datum key, std::span<const Entry> entries);
// One element a lead, in key order, in the current memory context. Leads whose rows cancel out are left out,
// unless their presence changed: those come with an empty tally. So do leads whose sum overflows; that is a failure.
LeadDelta* sum_deltas(DeltaBuffer* buffer, int* count, FailureList* failures);

}  // namespace lead_scoring
