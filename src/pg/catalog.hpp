// The catalog tables as plain structures, always read with the latest snapshot and without row-level
// security, whatever the isolation level of the transaction: what decides a write must not be old.
// Everything is allocated in the current memory context.
#pragma once

#include "core/business_time.hpp"
#include "core/calendar.hpp"
#include "pg/lead_key.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "pgtime.h"
}

namespace lead_scoring {

struct SignalDefinition {
  int32 number;
  const char* name;
  const char* event_type;   // nullptr: every row
  const char* condition;    // nullptr: true
  const char* value;        // nullptr: 0
  const char* distinct_by;  // nullptr: no item
  const char* occurred_on;  // profile signals; nullptr: timeless
};

struct SourceDefinition {
  const char* audience;
  const char* name;
  Oid table;
  bool profile;
  const char* lead_key;
  const char* occurred_at;  // nullptr for the profile
  const char* event_type;   // nullptr: none
  int signal_count;
  SignalDefinition* signals;  // those being counted, by number
};

struct AudienceDefinition {
  const char* name;
  const char* broken;  // why nothing can be done with it, key and zone being no good; nullptr: all is well
  Oid lead_table;
  const char* lead_key;
  Oid score_table;
  Oid tally_table;
  Oid band_change_table;
  Oid pending_table;
  bool append_when_busy;  // deltas of leads that somebody holds go to the pending table
  pg_tz* zone;
  Resolution resolution;
  Oid owner;                 // of the lead table, at this moment
  const char* score_column;  // columns of the lead table that repeat score and band; nullptr: none
  const char* band_column;
  const char* score_sheet;  // which sheet's; nullptr: the first active one
  KeyType key;
  Oid tally_type;
};

Oid extension_schema();
// Oid of a table or index of the extension's schema; an error when the extension is not there.
Oid catalog_relation(const char* name);
Oid catalog_type(const char* name);

// nullptr when there is no such audience, or its lead table is gone. It may be broken.
AudienceDefinition* read_audience(const char* name);
// The same, but an error that names it: SQLSTATE 42704, of a broken one 55000.
AudienceDefinition* require_audience(const char* name);
// The same for who sees the audience in the catalog; nobody else learns that it exists.
AudienceDefinition* require_visible_audience(const char* name);
// The audience with this score table, for whoever may read that; SQLSTATE 42704 and 42501.
AudienceDefinition* require_readable_scores(Oid score_table);
// The same as require_visible_audience, for the audience's owner, its members and superusers only; others get SQLSTATE 42501.
AudienceDefinition* require_owned_audience(const char* name);
// Only that: the audience may be broken.
void require_owner(const char* name);
// Sources of one audience, ordered by name, with their signals.
List* read_sources(const char* audience);
// Sources over this table and over the tables it is a partition or child of, ordered by audience and name,
// with their signals.
List* sources_covering(Oid table);

// One source by name; an error that names it, SQLSTATE 42704.
SourceDefinition* require_source(const char* audience, const char* name);

struct ActiveSheet {
  const char* name;
  int32 revision;
};
List* read_active_sheets(const char* audience);  // ordered by name
// Detoasted model value of a revision; nullptr when there is none.
struct varlena* read_model(const char* sheet, int32 revision);

// Takes ACCESS SHARE on a table and its partitions. Relations are locked before tally rows: who asks for a
// table while holding tally rows may deadlock with a TRUNCATE of that table, which waits for them. False: the
// table is gone.
bool lock_for_reading(Oid table);

// What a band asks for when a lead has come up into it.
struct BandRequest {
  const char* next_step;  // nullptr: nothing said; likewise below
  const char* owner_role;
  const char* calendar;  // nullptr: around the clock
  const Interval* follow_up;
  bool notify;
};
BandRequest* read_band_request(const char* sheet, const char* band);  // nullptr: it asks for nothing

// A business calendar; nullptr when there is none of that name.
struct CalendarDefinition {
  const char* name;
  const char* time_zone;
  int hours_count;
  OpeningHours* hours;
  int holiday_count;
  Day* holidays;
};
CalendarDefinition* read_calendar(const char* name);

// "schema"."table", quoted.
char* qualified_name(Oid relation);

}  // namespace lead_scoring
