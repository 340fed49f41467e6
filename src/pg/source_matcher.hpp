// A source's signals, compiled for the rows of one table. row_matching.hpp matches with them.
#pragma once

#include "core/tally.hpp"
#include "pg/catalog.hpp"
#include "pg/type_dispatch.hpp"

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
  MemoryContext states;           // of its expressions
  CompiledExpression event_type;  // no state: the dispatch has seen to it
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
  const char* refused;    // why the audience's owner may not see the rows; nullptr: he may
  AttrNumber key_column;  // 0: the column is gone, nothing can match
  Oid key_column_type;
  AttrNumber mirror_columns[2];  // profile: columns that repeat score and band; 0: none
  AttrNumber time_column;        // 0: none, or gone
  Oid time_column_type;
  bool user_functions;  // some expression calls a function that did not come with PostgreSQL
  CompiledSignal* signals;
  TypeDispatch dispatch;
  MemoryContext dispatch_context;
  Bitmapset* columns;  // attribute numbers that matching reads
  ExprContext* econtext;
  // The row that is being matched.
  Entry* entries;  // what it adds, as far as it is known
  int entry_count;
  int at_signal;  // the one being evaluated, or −1
};

// A matcher for rows of `rel` (the source's table or a node of its partition tree), as a child of `parent`.
// Never fails because of the user's expressions: what does not compile is marked broken. The current user
// must be the audience's owner: permissions on functions are checked here.
SourceMatcher* make_matcher(const AudienceDefinition& audience, const SourceDefinition& source, Relation rel,
                            MemoryContext parent);

// Whether the time column is there and of a type that tells one.
[[nodiscard]] bool tells_time(const SourceMatcher& matcher);

// To be called after an expression of this signal has failed: its states may be half evaluated.
void renew_signal(SourceMatcher* matcher, int signal);

}  // namespace lead_scoring
