// A part of a whole as an exact fraction.
#pragma once

#include <algorithm>
#include <cstdint>

#include "calendar.hpp"

namespace lead_scoring {

struct Share {
  std::int64_t part = 0;
  std::int64_t whole = 1;  // > 0
  friend bool operator==(const Share&, const Share&) = default;
};
inline constexpr Share no_share{0, 1};
inline constexpr Share full_share{1, 1};

// The share of a buying cycle after so many steps: the steps are the calendar's, their ratio to the cycle is that
// of nominal lengths, so that in a cycle of three months each monthly step is exactly a third.
[[nodiscard]] inline Share stepped_share(std::int64_t steps, const Span& step, const Span& length) {
  const std::int64_t whole = nominal_hours(length);
  return {std::min(steps * nominal_hours(step), whole), whole};
}

}  // namespace lead_scoring
