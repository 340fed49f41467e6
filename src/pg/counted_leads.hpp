// What the aggregate tally_rows gives: the tallies of many leads, in the memory of the query that counted them. The
// functions counted_keys and counted_tallies make rows of it.
#pragma once

#include "core/lead_log.hpp"
#include "pg/boundary.hpp"
#include "pg/lead_key.hpp"

extern "C" {
#include "utils/expandeddatum.h"
}

namespace lead_scoring {

struct CountedLeads {
  ExpandedObjectHeader header;  // for the finished one
  Oid key_type;
  LeadLog log;
};

// In `context`, which must live as long as the aggregate's group.
CountedLeads* make_counted_leads(Oid key_type, MemoryContext context);
// Appends what a row adds. `key` is of the log's type.
void count_row(CountedLeads* counted, Datum key, std::span<const Entry> entries);

// What a parallel worker hands over, in the current memory context, and the opposite; `counted` nullptr: make one.
bytea* written_leads(CountedLeads* counted);
CountedLeads* add_written_leads(CountedLeads* counted, const bytea* written, MemoryContext context);

// The finished thing as a value of type bytea that cannot be stored, in the current memory context.
Datum finished_leads(CountedLeads* counted);

}  // namespace lead_scoring
