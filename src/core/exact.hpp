// Integer arithmetic of the scores: 128-bit sums, one rounding, saturation instead of overflow.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace lead_scoring {

__extension__ using Int128 = __int128;

[[nodiscard]] inline std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

// number/divisor, half away from zero; divisor > 0, 2·|number| + divisor within 128 bits.
[[nodiscard]] inline Int128 divide_rounded(Int128 number, Int128 divisor) {
  const Int128 size = number < 0 ? -number : number;
  const Int128 quotient = (2 * size + divisor) / (2 * divisor);
  return number < 0 ? -quotient : quotient;
}

}  // namespace lead_scoring
