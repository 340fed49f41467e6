#include "pg/numeric_value.hpp"

namespace lead_scoring {

namespace {

constexpr int64 greatest_value = 10'000'000'000;

Datum scaled(int64 value, int decimals) {
  return DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(int64_div_fast_to_numeric(value, decimals)));
}

}  // namespace

int64 numeric_to_ten_thousandths(Numeric value) {
  const Datum number = NumericGetDatum(value);
  // NaN sorts after every number and so fails this test like infinity does.
  const Datum magnitude = DirectFunctionCall1(numeric_abs, number);
  if (!DatumGetBool(
          DirectFunctionCall2(numeric_le, magnitude, NumericGetDatum(int64_to_numeric(greatest_value))))) {
    ereport(ERROR,
            (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
             errmsg("value %s cannot be tallied", DatumGetCString(DirectFunctionCall1(numeric_out, number))),
             errdetail("A value is a number from -10000000000 to 10000000000.")));
  }
  const Datum scale = NumericGetDatum(int64_to_numeric(10'000));
  // numeric_int8 rounds half away from zero.
  return DatumGetInt64(DirectFunctionCall1(numeric_int8, DirectFunctionCall2(numeric_mul, number, scale)));
}

Datum ten_thousandths_to_numeric(int64 value) { return scaled(value, 4); }
Datum thousandths_to_numeric(int64 points) { return scaled(points, 3); }
Datum millionths_to_numeric(int64 share) { return scaled(share, 6); }

}  // namespace lead_scoring
