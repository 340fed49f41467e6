// The type `tally` as a Datum, and the open states of aggregates, which are values of the same type.
//
// A varlena of type tally holds one of
//   nothing                        the empty tally
//   0x01 …                         the canonical bytes of the core
//   0xFF, 3 bytes, OpenTally …     an aggregate's state: entries in any order, with room for more
// An open state is changed in place as long as it fits; that, and being an ordinary value, is what lets
// PostgreSQL's parallel workers and distributed databases carry partial sums without serialization
// functions. So any function may meet one: all of them read tallies through tally_bytes().
#pragma once

#include "core/tally.hpp"
#include "pg/boundary.hpp"

namespace lead_scoring {

// The canonical bytes of a value, in the value itself when possible, else in CurrentMemoryContext.
[[nodiscard]] Bytes tally_bytes(Datum tally);
// As an argument that may be NULL; NULL is the empty tally.
[[nodiscard]] Bytes tally_bytes_or_empty(FunctionCallInfo fcinfo, int argument);
// Of an ordinary value, such as close_tally returns.
[[nodiscard]] inline bool is_empty_tally(Datum closed) {
  return VARSIZE_ANY_EXHDR(DatumGetPointer(closed)) == 0;
}
// A new value in CurrentMemoryContext.
[[nodiscard]] Datum tally_datum_from(Bytes canonical);

// In CurrentMemoryContext.
[[nodiscard]] Datum tally_sum(Datum a, Datum b);

// `state` + entries. `state` is 0 (nothing yet), a closed tally or an open state; an open one is changed
// in place, so it must belong to the caller: an aggregate's argument 0, or what open_tally_add returned.
// When it is too small a larger one is made in `context` and the old one is left alone (nodeAgg frees it).
[[nodiscard]] Datum open_tally_add(Datum state_or_0, std::span<const Entry> entries, MemoryContext context);
// `state` + all entries of `tally`; otherwise the same.
[[nodiscard]] Datum open_tally_add_all(Datum state_or_0, Datum tally, MemoryContext context);
// The state as an ordinary value, in CurrentMemoryContext. Does not change the state. An ordinary value is
// returned as it is.
[[nodiscard]] Datum close_tally(Datum state);

// The item of a text; the same text is the same item whatever the server's encoding.
[[nodiscard]] std::uint64_t item_of(text* value);

}  // namespace lead_scoring
