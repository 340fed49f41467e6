// Fixed-point values of the core and PostgreSQL's numeric.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "utils/numeric.h"
}

namespace lead_scoring {

// A value as tallies count it: in 1/10000, rounded half away from zero. NaN, infinity and more than 10^10
// in either direction are an error, SQLSTATE 22003.
[[nodiscard]] int64 numeric_to_ten_thousandths(Datum value);

// Exact, without trailing zeros: 125000 is 12.5.
[[nodiscard]] Datum ten_thousandths_to_numeric(int64 value);
[[nodiscard]] Datum thousandths_to_numeric(int64 points);
[[nodiscard]] Datum millionths_to_numeric(int64 share);

}  // namespace lead_scoring
