// A smaller tally that no model given can tell from the whole one any more: for leads with so many entries that even
// reading them takes long.
#pragma once

#include <memory_resource>
#include <span>

#include "model.hpp"
#include "tally.hpp"

namespace lead_scoring {

// For every model given, every tick T ≥ `from` and every tally r whose counts are all positive,
//   evaluate(model, merge(condensed, r), T) = evaluate(model, merge(tally, r), T)
// in every field, next_change included. It says nothing about explain, which tells of all entries, nor about a tally r
// that takes something back: then condense the whole tally again.
[[nodiscard]] Bytes condense(std::span<const Model* const> models, Bytes tally, Tick from,
                             std::pmr::memory_resource* memory);

// Whether all counts are positive.
[[nodiscard]] bool only_adds(Bytes tally);

}  // namespace lead_scoring
