// Matching: one row of a source → the entries it adds to a lead's tally. The trigger, the rebuild and
// verify all come through here.
//
// Expressions are the audience owner's and may fail on a row. The caller then loses that one signal of
// that one row, never the row: match_rows() below runs the matching in a subtransaction, records the
// failure and goes on. Matching reads and writes nothing, so the subtransaction never gets an xid.
#pragma once

#include "pg/failure.hpp"
#include "pg/source_matcher.hpp"

namespace lead_scoring {

// Receives all that a row adds, at least one entry. `key` points into the row: copy it.
using EmitRow = void (*)(void* sink, Datum key, std::span<const Entry> entries);

struct MatchSink {
  EmitRow emit;
  void* target;
  FailureList* failures;
  int sign;  // +1 rows that came, −1 rows that went
  // Profile: also emit an entry of signal 0, so that new and vanished keys are seen. Its item stands for the
  // values of the mirror columns, so that a write to them is seen too.
  bool mark_presence;
  // A sum that overflows leaves the target as it was, and loses the row. Otherwise it is an error.
  bool may_lose_row;
};

// The next row of the statement, false at the end.
using NextRow = bool (*)(void* rows, TupleTableSlot* slot);

// Matches all rows, if the audience's owner may see them. Runs as whoever is the current user: the caller has switched
// to the audience's owner.
void match_rows(SourceMatcher* matcher, TupleTableSlot* slot, NextRow next, void* rows,
                const MatchSink& sink);
// Matches one row without protection: an error propagates. For parallel workers, which cannot have
// subtransactions; their leader tries again with match_rows.
void match_row(SourceMatcher* matcher, TupleTableSlot* slot, const MatchSink& sink);

}  // namespace lead_scoring
