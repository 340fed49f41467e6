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
  ExpandedObjectHeader header;  // its context holds all of this
  Oid key_type;
  LeadLog log;
};

// In a memory context of its own below `parent`, which must live as long as the aggregate's group.
CountedLeads* make_counted_leads(Oid key_type, MemoryContext parent);
// Appends what a row adds. `key` is of the log's type.
void count_row(CountedLeads* counted, Datum key, std::span<const Entry> entries);

// A part of the rows that has been counted, as a value of type bytea in the current memory context: it is written as
// bytes where it leaves the process, and only there.
Datum counted_part(CountedLeads* counted);
// Adds a part, of this process or another one; nullptr: nothing has been counted yet. A part of this process is used up.
CountedLeads* add_counted_part(CountedLeads* counted, Datum part, MemoryContext parent);

// The finished thing as a value of type bytea that cannot be stored, in the current memory context.
Datum finished_leads(CountedLeads* counted);

}  // namespace lead_scoring
