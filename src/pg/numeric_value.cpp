#include "pg/numeric_value.hpp"

namespace lead_scoring {

namespace {

constexpr int64 greatest_value = 10'000'000'000;

Datum scaled(int64 value, int decimals) {
  return DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(int64_div_fast_to_numeric(value, decimals)));
}

}  // namespace

namespace {

// The digits of a stored numeric, to the base 10,000, as numeric.c writes them since PostgreSQL 9.1: a header
// of 16 bits with sign, scale and weight, or one of 32 bits with a weight of its own, then the digits. The
// first digit stands for multiples of 10000^weight. Trailing (and all) zero digits are not stored.
struct StoredDigits {
  const char* digits;
  int count;
  int weight;
  bool negative;
};

uint16 read_uint16(const char* at) {
  uint16 number = 0;
  std::memcpy(&number, at, sizeof number);
  return number;
}

// False: NaN or infinity.
bool stored_digits(const struct varlena* value, StoredDigits* stored) {
  const char* data = VARDATA_ANY(value);
  const uint16 header = read_uint16(data);
  const bool is_short = (header & 0x8000) != 0;
  if ((header & 0xC000) == 0xC000) return false;
  const int header_size = is_short ? 2 : 4;
  stored->digits = data + header_size;
  stored->count = (static_cast<int>(VARSIZE_ANY_EXHDR(value)) - header_size) / 2;
  stored->negative = (header & (is_short ? 0x2000 : 0x4000)) != 0;
  if (is_short)
    stored->weight = (header & 0x003F) - ((header & 0x0040) != 0 ? 0x0040 : 0);
  else
    stored->weight = static_cast<int16>(read_uint16(data + 2));
  return true;
}

int64 by_arithmetic(Datum number) {
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

// Below this weight a number is less than 10^8, so it is in range and its sum does not overflow.
constexpr int plain_weight = 2;

}  // namespace

int64 numeric_to_ten_thousandths(Datum value) {
  StoredDigits stored;
  struct varlena* number = PG_DETOAST_DATUM_PACKED(value);
  if (!stored_digits(number, &stored) || stored.weight >= plain_weight)
    return by_arithmetic(NumericGetDatum(DatumGetNumeric(PointerGetDatum(number))));
  // The digit of weight -1 counts 1/10000. The one after it decides on the rounding, half away from zero.
  int64 sum = 0;
  for (int weight = stored.weight, i = 0; weight >= -1; weight--, i++)
    sum = sum * 10'000 + (i < stored.count ? read_uint16(stored.digits + 2 * i) : 0);
  const int rounding = stored.weight + 2;
  if (rounding >= 0 && rounding < stored.count && read_uint16(stored.digits + 2 * rounding) >= 5'000) sum++;
  return stored.negative ? -sum : sum;
}

Datum ten_thousandths_to_numeric(int64 value) { return scaled(value, 4); }
Datum thousandths_to_numeric(int64 points) { return scaled(points, 3); }
Datum millionths_to_numeric(int64 share) { return scaled(share, 6); }

}  // namespace lead_scoring
