// What one statement adds to each lead: rows → entries → one delta tally a lead, leads in key order.
#pragma once

#include "core/tally.hpp"
#include "pg/lead_key.hpp"

namespace lead_scoring {

struct LeadDelta {
  Datum key;
  Datum tally;   // type tally
  bool changed;  // the tally is not empty
};

struct DeltaRow {
  Datum key;
  Entry entry;
};

// Grows in the memory context it was begun in; everything goes with that context.
struct DeltaBuffer {
  MemoryContext context;
  const KeyType* key;
  DeltaRow* rows;
  int64 used;
  int64 capacity;
};

void begin_deltas(DeltaBuffer* buffer, const KeyType* key);
// An EmitEntry of source_matcher.hpp; `sink` is a DeltaBuffer.
void add_delta_row(void* sink, Datum key, const Entry& entry);
// One element a lead, in key order, in the current memory context. Leads whose rows cancel out are left out,
// unless their presence changed (entries of signal 0, see MatchSink): those come with an empty tally.
LeadDelta* sum_deltas(DeltaBuffer* buffer, int* count);

}  // namespace lead_scoring
