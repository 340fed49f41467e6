// The aggregates sum(tally) and tally_of(signal, tick …). Their state is an open tally: see tally_datum.hpp.
//
// Argument 0 of a transition function may be changed in place only when an aggregate calls it; the same
// function called by hand gets a value that belongs to somebody else. A final function never changes the
// state: two aggregates of one query may share it, and a window goes on with it.
#include "pg/numeric_value.hpp"
#include "pg/tally_datum.hpp"

namespace lead_scoring {

namespace {

bool in_aggregate(FunctionCallInfo fcinfo) { return AggCheckCallContext(fcinfo, nullptr) != 0; }

// Argument 0 as something that may be changed; 0 when it is NULL. Closed tallies are never changed.
Datum own_state(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) return 0;
  const Datum state = PG_GETARG_DATUM(0);
  return in_aggregate(fcinfo) ? state : close_tally(state);
}

Datum finished(FunctionCallInfo fcinfo, Datum state) {
  return in_aggregate(fcinfo) ? state : close_tally(state);
}

[[noreturn]] void out_of_range(const char* what, int32 number, const char* range) {
  ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("%s %d is out of range", what, number),
                  errdetail("%s", range)));
  pg_unreachable();
}

// The entry that the arguments after the state describe: signal, tick, item, value, count, as many as
// there are. False when the row adds nothing.
bool entry_of_row(FunctionCallInfo fcinfo, Entry& entry) {
  const auto given = [fcinfo](int argument) { return argument < PG_NARGS() && !PG_ARGISNULL(argument); };
  if (!given(1)) return false;
  const int32 signal = PG_GETARG_INT32(1);
  if (signal < 1) out_of_range("signal number", signal, "Signal numbers begin at 1.");
  entry.signal = static_cast<std::uint32_t>(signal);
  if (given(2)) {
    entry.tick = PG_GETARG_INT32(2);
    if (entry.tick == timeless) {
      out_of_range("tick", entry.tick, "The smallest integer is no tick. NULL stands for a timeless entry.");
    }
  }
  if (given(3)) entry.item = item_of(PG_GETARG_TEXT_PP(3));
  if (given(4)) entry.value = numeric_to_ten_thousandths(PG_GETARG_DATUM(4));
  entry.count = 1;
  if (PG_NARGS() > 5) {
    if (PG_ARGISNULL(5)) return false;
    entry.count = PG_GETARG_INT64(5);
  }
  return true;
}

}  // namespace

// Transition and combine function: state + tally, where either may be NULL and either may be open.
LS_FUNCTION(ls_tally_accumulate) {
  if (PG_ARGISNULL(1)) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    PG_RETURN_DATUM(PG_GETARG_DATUM(0));
  }
  // The first tally stays closed: most groups of a query over stored tallies have one row.
  if (PG_ARGISNULL(0)) {
    PG_RETURN_DATUM(finished(fcinfo, PointerGetDatum(PG_DETOAST_DATUM(PG_GETARG_DATUM(1)))));
  }
  const Datum state = open_tally_add_all(own_state(fcinfo), PG_GETARG_DATUM(1), CurrentMemoryContext);
  PG_RETURN_DATUM(finished(fcinfo, state));
}

// Transition function of tally_of, whatever the number of its arguments.
LS_FUNCTION(ls_tally_add_row) {
  Entry entry;
  if (!entry_of_row(fcinfo, entry)) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    PG_RETURN_DATUM(PG_GETARG_DATUM(0));
  }
  const Datum state = open_tally_add(own_state(fcinfo), {&entry, 1}, CurrentMemoryContext);
  PG_RETURN_DATUM(finished(fcinfo, state));
}

LS_FUNCTION(ls_tally_close) { PG_RETURN_DATUM(close_tally(PG_GETARG_DATUM(0))); }

}  // namespace lead_scoring
