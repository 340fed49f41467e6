// Lists of entries that are on their way into a tally.
#pragma once

#include <cstddef>
#include <span>

#include "tally.hpp"

namespace lead_scoring {

// Sorts, sums equal places and drops zeros, in place; returns how many entries are left at the front.
// out_of_range when a sum overflows; the entries are then in an unspecified state.
[[nodiscard]] std::size_t sort_and_sum(std::span<Entry> entries);

// invalid_parameter for a signal number out of range.
void check_signal(const Entry& entry);

}  // namespace lead_scoring
