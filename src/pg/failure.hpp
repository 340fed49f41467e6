// Rows that could not be counted. Collected in memory while a statement runs, then appended to
// lead_scoring.failure_log: one line a statement, signal and SQLSTATE.
#pragma once

#include "pg/catalog.hpp"

namespace lead_scoring {

struct Failure {
  const char* source;  // empty: not about rows, but about what is written
  const char* signal;  // nullptr: the row itself (no lead key, no usable time)
  int sqlstate;
  const char* message;
  int64 count;
  const char* sample_key;  // nullptr: none
};

struct FailureList {
  MemoryContext context;
  List* failures;
};

void begin_failures(FailureList* list);  // in the current memory context
void record_failure(FailureList* list, const char* source, const char* signal, int sqlstate,
                    const char* message, const char* sample_key);
// For work that may be tried again: what it has recorded by itself.
void add_failures(FailureList* list, const FailureList& more);
// Writes them as the current user, who must be the audience's owner. Needs an SPI connection. Where the log cannot take
// them, or somebody else has locked it, they go to the server's log as a warning: the log must never cost an event.
void write_failures(const FailureList& list, const AudienceDefinition& audience);

// Errors that are about the session or the server and never about a row: they must surface.
bool must_surface(int sqlstate);

}  // namespace lead_scoring
