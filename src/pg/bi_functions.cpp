// Functions for any table, with no set-up: decay_*, decayed_sum, cycle_points, classify.
//
// The core turns moments and intervals into an exact share; what is left here is share × points in numeric. Three
// kinds of time have one meaning: a timestamp is a wall-clock time as it stands, a date is its midnight, and a
// timestamptz is read in UTC, so that no setting of a session has a say.
#include "core/age.hpp"
#include "core/weight.hpp"
#include "pg/boundary.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// Of results, unless the points have more.
constexpr int32 least_decimals = 4;

static_assert(DT_NOBEGIN == std::numeric_limits<Moment>::min() &&
              DT_NOEND == std::numeric_limits<Moment>::max());

Moment moment_of_date(DateADT date) {
  if (DATE_IS_NOBEGIN(date)) return DT_NOBEGIN;
  if (DATE_IS_NOEND(date)) return DT_NOEND;
  return static_cast<Moment>(date) * USECS_PER_DAY;  // dates end long before 2^63 microseconds do
}

// A time argument: of one type in all functions that end in _date, of one of two that look the same in the others.
enum class TimeType { timestamp, date };
Moment moment_argument(FunctionCallInfo fcinfo, int argument, TimeType type) {
  return type == TimeType::date ? moment_of_date(PG_GETARG_DATEADT(argument)) : PG_GETARG_TIMESTAMP(argument);
}
bool is_infinite(Moment moment) { return TIMESTAMP_NOT_FINITE(moment); }

// Refuses what is no length, with the interval as the session writes it.
Duration duration_from(const Interval* interval, const char* name, Grain grain) {
  const Duration duration{interval->month, interval->day, interval->time};
  const Flaw flaw = flaw_of(duration, grain);
  if (flaw == Flaw::none) return duration;
  const char* shown = DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)));
  ereport(
      ERROR,
      (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
       flaw == Flaw::not_positive ? errmsg("%s must be a positive interval, not \"%s\"", name, shown)
       : flaw == Flaw::too_long   ? errmsg("%s must be at most 1000 years, not \"%s\"", name, shown)
                                : errmsg("%s must be whole months, days and hours, not \"%s\"", name, shown),
       flaw == Flaw::not_positive ? errhint("Write it as '30 days', '3 months' or '36 hours'.") : 0));
  pg_unreachable();
}
Duration duration_argument(FunctionCallInfo fcinfo, int argument, const char* name, Grain grain) {
  return duration_from(PG_GETARG_INTERVAL_P(argument), name, grain);
}

Numeric finite_argument(FunctionCallInfo fcinfo, int argument, const char* name) {
  Numeric value = PG_GETARG_NUMERIC(argument);
  if (numeric_is_nan(value) || numeric_is_inf(value)) {
    const char* shown = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value)));
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s must be a finite number, not %s", name, shown)));
  }
  return value;
}

Datum multiply(Datum a, Datum b) { return DirectFunctionCall2(numeric_mul, a, b); }
Datum from_integer(int64 number) { return NumericGetDatum(int64_to_numeric(number)); }

// points · part / whole, rounded once, half away from zero, to four decimals or to as many as the points have;
// without trailing zeros.
Datum share_of_points(Datum points, const Share& share) {
  const int32 decimals =
      std::max(DatumGetInt32(DirectFunctionCall1(numeric_min_scale, points)), least_decimals);
  const Datum unit = NumericGetDatum(int64_div_fast_to_numeric(1, decimals));
  const Datum whole = multiply(from_integer(share.whole), unit);
  const Datum twice =
      multiply(multiply(DirectFunctionCall1(numeric_abs, points), from_integer(share.part)), from_integer(2));
  // Division of whole numbers of units truncates exactly, so nothing is rounded twice.
  const Datum units = DirectFunctionCall2(numeric_div_trunc, DirectFunctionCall2(numeric_add, twice, whole),
                                          multiply(whole, from_integer(2)));
  const Datum sign = DirectFunctionCall1(numeric_sign, points);
  return DirectFunctionCall1(numeric_trim_scale, multiply(multiply(units, unit), sign));
}

// decay_…(points, at, as_of, …). `share` is asked with finite as_of.
template <class ShareOf>
Datum decay(FunctionCallInfo fcinfo, TimeType type, ShareOf share_of) {
  Numeric points = finite_argument(fcinfo, 0, "points");
  const Moment at = moment_argument(fcinfo, 1, type);
  const Moment as_of = moment_argument(fcinfo, 2, type);
  if (is_infinite(as_of)) PG_RETURN_NULL();
  const Share share = run_core([&] { return share_of(at, as_of); });
  PG_RETURN_DATUM(share_of_points(NumericGetDatum(points), share));
}

Datum decay_exponential(FunctionCallInfo fcinfo, TimeType type) {
  const Duration half_life = duration_argument(fcinfo, 3, "half_life", Grain::microsecond);
  return decay(fcinfo, type,
               [&](Moment at, Moment as_of) { return exponential_share(at, as_of, half_life); });
}

Datum decay_linear(FunctionCallInfo fcinfo, TimeType type) {
  const Duration lifespan = duration_argument(fcinfo, 3, "lifespan", Grain::microsecond);
  return decay(fcinfo, type, [&](Moment at, Moment as_of) { return linear_share(at, as_of, lifespan); });
}

// In thousandths.
int32 percent_argument(FunctionCallInfo fcinfo, int argument) {
  const Datum percent = PG_GETARG_DATUM(argument);
  const char* shown = DatumGetCString(DirectFunctionCall1(numeric_out, percent));
  const auto at_most = [&](Datum a, Datum b) { return DatumGetBool(DirectFunctionCall2(numeric_le, a, b)); };
  // NaN sorts above all numbers.
  if (at_most(percent, from_integer(0)) || !at_most(percent, from_integer(100))) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("percent must be above 0 and at most 100, not %s", shown),
                    errhint("It is the part of the original points that each step takes away.")));
  }
  if (DatumGetInt32(DirectFunctionCall1(numeric_min_scale, percent)) > 3) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("percent must have at most three decimals, not %s", shown)));
  }
  return DatumGetInt32(DirectFunctionCall1(numeric_int4, multiply(percent, from_integer(1000))));
}

Datum decay_step(FunctionCallInfo fcinfo, TimeType type) {
  const int32 percent = percent_argument(fcinfo, 3);
  const Duration every = duration_argument(fcinfo, 4, "every", Grain::hour);
  return decay(fcinfo, type, [&](Moment at, Moment as_of) { return step_share(at, as_of, percent, every); });
}

// cycle_points(last_order, as_of, cycle, step, points, hold): only step and hold may be NULL.
Datum cycle_points(FunctionCallInfo fcinfo, TimeType type) {
  for (const int argument : {0, 1, 2, 4}) {
    if (PG_ARGISNULL(argument)) PG_RETURN_NULL();
  }
  BuyingCycle cycle;
  cycle.length = duration_argument(fcinfo, 2, "cycle", Grain::hour);
  if (!PG_ARGISNULL(3)) cycle.step = duration_argument(fcinfo, 3, "step", Grain::hour);
  if (!PG_ARGISNULL(5)) cycle.hold = duration_argument(fcinfo, 5, "hold", Grain::hour);
  Numeric points = finite_argument(fcinfo, 4, "points");
  const Moment last = moment_argument(fcinfo, 0, type);
  const Moment as_of = moment_argument(fcinfo, 1, type);
  if (is_infinite(as_of)) PG_RETURN_NULL();
  const Share share = run_core([&] { return cycle_share(last, as_of, cycle); });
  PG_RETURN_DATUM(share_of_points(NumericGetDatum(points), share));
}

// Transition function of decayed_sum. The state is Σ points · weight in units of 2^-30: an exact number, so that
// neither the order of the rows nor parallel workers make a difference, and only the end is rounded.
Datum decayed_sum(FunctionCallInfo fcinfo, TimeType type) {
  const auto same = [&]() -> Datum {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    PG_RETURN_DATUM(PG_GETARG_DATUM(0));
  };
  for (int argument = 1; argument <= 4; ++argument) {
    if (PG_ARGISNULL(argument)) return same();
  }
  Numeric points = finite_argument(fcinfo, 1, "points");
  const Duration half_life = duration_argument(fcinfo, 4, "half_life", Grain::microsecond);
  const Moment at = moment_argument(fcinfo, 2, type);
  const Moment as_of = moment_argument(fcinfo, 3, type);
  if (is_infinite(as_of)) return same();
  const Share share = run_core([&] { return exponential_share(at, as_of, half_life); });
  const Datum term = multiply(NumericGetDatum(points), from_integer(share.part));
  if (PG_ARGISNULL(0)) PG_RETURN_DATUM(term);
  PG_RETURN_DATUM(DirectFunctionCall2(numeric_add, PG_GETARG_DATUM(0), term));
}

// A list of classify's: one dimension, no NULL.
int list_argument(FunctionCallInfo fcinfo, int argument, const char* name, Oid type, int16 length,
                  bool by_value, Datum** elements) {
  ArrayType* list = PG_GETARG_ARRAYTYPE_P(argument);
  if (ARR_NDIM(list) > 1) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be a plain list", name),
                    errdetail("It has %d dimensions.", ARR_NDIM(list))));
  }
  bool* nulls = nullptr;
  int count = 0;
  deconstruct_array(list, type, length, by_value, TYPALIGN_INT, elements, &nulls, &count);
  for (int i = 0; i < count; ++i) {
    if (!nulls[i]) continue;
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not contain NULL", name),
                    errdetail("Element %d is NULL.", i + 1)));
  }
  return count;
}

int compare(Datum a, Datum b) { return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b)); }
const char* shown(Datum number) { return DatumGetCString(DirectFunctionCall1(numeric_out, number)); }

}  // namespace

LS_FUNCTION(ls_decay_exponential) { return decay_exponential(fcinfo, TimeType::timestamp); }
LS_FUNCTION(ls_decay_exponential_date) { return decay_exponential(fcinfo, TimeType::date); }
LS_FUNCTION(ls_decay_linear) { return decay_linear(fcinfo, TimeType::timestamp); }
LS_FUNCTION(ls_decay_linear_date) { return decay_linear(fcinfo, TimeType::date); }
LS_FUNCTION(ls_decay_step) { return decay_step(fcinfo, TimeType::timestamp); }
LS_FUNCTION(ls_decay_step_date) { return decay_step(fcinfo, TimeType::date); }
LS_FUNCTION(ls_cycle_points) { return cycle_points(fcinfo, TimeType::timestamp); }
LS_FUNCTION(ls_cycle_points_date) { return cycle_points(fcinfo, TimeType::date); }
LS_FUNCTION(ls_decayed_sum) { return decayed_sum(fcinfo, TimeType::timestamp); }
LS_FUNCTION(ls_decayed_sum_date) { return decayed_sum(fcinfo, TimeType::date); }

LS_FUNCTION(ls_decayed_sum_combine) {
  if (PG_ARGISNULL(0) && PG_ARGISNULL(1)) PG_RETURN_NULL();
  if (PG_ARGISNULL(0)) PG_RETURN_DATUM(PG_GETARG_DATUM(1));
  if (PG_ARGISNULL(1)) PG_RETURN_DATUM(PG_GETARG_DATUM(0));
  PG_RETURN_DATUM(DirectFunctionCall2(numeric_add, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)));
}

LS_FUNCTION(ls_decayed_sum_final) { PG_RETURN_DATUM(share_of_points(PG_GETARG_DATUM(0), {1, full_weight})); }

LS_FUNCTION(ls_classify) {
  const Datum score = PG_GETARG_DATUM(0);
  if (numeric_is_nan(DatumGetNumeric(score))) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("score must be a number, not NaN")));
  }
  Datum* thresholds = nullptr;
  Datum* names = nullptr;
  const int count = list_argument(fcinfo, 1, "thresholds", NUMERICOID, -1, false, &thresholds);
  const int name_count = list_argument(fcinfo, 2, "names", TEXTOID, -1, false, &names);
  if (count != name_count) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("thresholds and names must have the same length"),
                    errdetail("Their lengths are %d and %d.", count, name_count)));
  }
  int reached = -1;
  for (int i = 0; i < count; ++i) {
    if (numeric_is_nan(DatumGetNumeric(thresholds[i]))) {
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("thresholds must be numbers, not NaN"),
                      errdetail("Element %d is NaN.", i + 1)));
    }
    const int step = i == 0 ? 1 : compare(thresholds[i], thresholds[i - 1]);
    if (step <= 0) {
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      step == 0 ? errmsg("threshold %s is given twice", shown(thresholds[i]))
                                : errmsg("thresholds must ascend, but %s follows %s", shown(thresholds[i]),
                                         shown(thresholds[i - 1])),
                      errdetail("The place is element %d.", i + 1)));
    }
    if (compare(score, thresholds[i]) >= 0) reached = i;
  }
  if (reached < 0) PG_RETURN_NULL();
  PG_RETURN_DATUM(names[reached]);
}

}  // namespace lead_scoring
