// Which signals a row concerns, by one look-up of its event type instead of one comparison a signal.
//
// Only where a look-up is provably the same as the comparison: equal bytes for text and varchar under a
// deterministic collation, equal numbers for integers and enums. With any other type or operator (char(n),
// citext, a collation for which different strings are equal) the signals go on comparing for themselves.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "access/attnum.h"
#include "nodes/nodes.h"
}

namespace lead_scoring {

struct SignalList {  // indices, ascending
  int count;
  int* signals;
};

struct EventType {
  Datum value;  // the number, or the hash of the text
  const char* text;
  Size length;
  SignalList signals;
};

struct TypeDispatch {
  AttrNumber column;  // 0: no look-up, every row concerns all signals
  bool is_text;
  int16 width;        // of a number
  SignalList others;  // signals of rows of any other type, and of no type
  int mask;           // size of the table − 1
  EventType* types;   // an open hash table; an empty place has no signals
};

// What is said of one signal.
struct TypeWanted {
  Node* event_type;  // the comparison; nullptr: the signal is for rows of every type
  bool always;       // for rows of every type, whatever the comparison says
};

// In the current memory context. False: the signals must compare for themselves; the dispatch is valid still.
bool make_dispatch(TypeDispatch* dispatch, const TypeWanted* wanted, int count);

// The signals of a row with this event type.
const SignalList& signals_of_type(const TypeDispatch& dispatch, Datum type, bool is_null);

}  // namespace lead_scoring
