// Matching: one row of a source → the entries it adds to a lead's tally. The trigger, the rebuild and
// verify all come through here.
//
// Expressions are the audience owner's and may fail on a row. The caller then loses that one signal of
// that one row, never the row: match_rows() below runs the matching in a subtransaction, records the
// failure and goes on. Matching reads and writes nothing, so the subtransaction never gets an xid.
#pragma once

#include "core/tally.hpp"
#include "pg/catalog.hpp"
#include "pg/failure.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
}

namespace lead_scoring {

struct CompiledExpression {
  Node* tree;        // planned; nullptr: none
  ExprState* state;  // made anew after an error
};

struct CompiledSignal {
  const SignalDefinition* definition;
  CompiledExpression event_type;
  CompiledExpression condition;
  CompiledExpression value;
  CompiledExpression item;
  CompiledExpression occurred_on;
  Oid occurred_on_type;
  const char* broken;  // why its expressions no longer fit the table; nullptr: they do
  int broken_sqlstate;
};

struct SourceMatcher {
  MemoryContext context;  // everything below lives here
  const SourceDefinition* source;
  KeyType key;
  pg_tz* zone;
  Resolution resolution;
  TupleDesc desc;
  AttrNumber key_column;  // 0: the column is gone, nothing can match
  Oid key_column_type;
  AttrNumber mirror_columns[2];  // profile: columns that repeat score and band; 0: none
  AttrNumber time_column;        // 0: none, or gone
  Oid time_column_type;
  bool user_functions;  // some expression calls a function that did not come with PostgreSQL
  CompiledSignal* signals;
  Bitmapset* columns;  // attribute numbers that matching reads
  ExprContext* econtext;
  MemoryContext expressions;  // the expression states
  int at_signal;              // the one being evaluated, or −1
};

// A matcher for rows of `rel` (the source's table or a node of its partition tree), as a child of `parent`.
// Never fails because of the user's expressions: what does not compile is marked broken. The current user
// must be the audience's owner: permissions on functions are checked here.
SourceMatcher* make_matcher(const AudienceDefinition& audience, const SourceDefinition& source, Relation rel,
                            MemoryContext parent);

// Receives what a row adds. `key` points into the row: copy it.
using EmitEntry = void (*)(void* sink, Datum key, const Entry& entry);

struct MatchSink {
  EmitEntry emit;
  void* target;
  FailureList* failures;
  int sign;  // +1 rows that came, −1 rows that went
  // Profile: also emit an entry of signal 0, so that new and vanished keys are seen. Its item stands for the
  // values of the mirror columns, so that a write to them is seen too.
  bool mark_presence;
};

// The next row of the statement, false at the end.
using NextRow = bool (*)(void* rows, TupleTableSlot* slot);

// Matches all rows. Runs as whoever is the current user: the caller has switched to the audience's owner.
void match_rows(SourceMatcher* matcher, TupleTableSlot* slot, NextRow next, void* rows,
                const MatchSink& sink);
// Matches one row without protection: an error propagates. For parallel workers, which cannot have
// subtransactions; their leader tries again with match_rows.
void match_row(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink);

}  // namespace lead_scoring
