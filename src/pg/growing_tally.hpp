// The tally of a lead while many rows of many leads are read: states of this process only, which no query ever
// sees. (The open states of tally_datum.hpp are values, for aggregates that a distributed database may carry.)
//
// With many leads every state that a row comes to is outside the CPU's caches. So a state is a chain of small
// blocks, of which only the last is written: two cache lines, known before the row is matched, and nothing is
// ever copied to make room.
#pragma once

#include "core/open_tally.hpp"
#include "pg/boundary.hpp"

namespace lead_scoring {

struct GrowingTally {
  GrowingTally* earlier;     // nullptr: this is the first block
  std::uint32_t words;       // in the earlier blocks
  std::uint32_t compact_at;  // words in all, from which on equal places are summed
};

// To be called as early as possible before growing_tally_add.
inline void prefetch(const GrowingTally* tally) {
  constexpr int line = 64;
  __builtin_prefetch(tally, 1);
  __builtin_prefetch(reinterpret_cast<const char*>(tally) + line, 1);
}

// The sum, which takes the place of `tally` (nullptr: nothing yet); new blocks come from `context`, always the
// same one. An entry's count and value may be zero.
[[nodiscard]] GrowingTally* growing_tally_add(GrowingTally* tally, std::span<const Entry> entries,
                                              MemoryContext context);
// As a value of type tally, in the current memory context; what it needs on the way is left in `scratch`. Does
// not change the tally.
[[nodiscard]] Datum growing_tally_value(const GrowingTally* tally, MemoryContext scratch);

}  // namespace lead_scoring
