// add_business_time and business_time_between.
#include "pg/business_clock.hpp"

extern "C" {
#include "access/xact.h"
}

using namespace lead_scoring;

namespace {

// The last calendar of a call site, kept in fn_extra for the rest of the statement, as long as the transaction
// itself has changed nothing.
struct CallSite {
  MemoryContext context;
  BusinessClock clock;
  TimestampTz statement;
  CommandId command;
};

bool is_current(const CallSite& site, const char* name) {
  return site.context != nullptr && site.statement == GetCurrentStatementStartTimestamp() &&
         site.command == GetCurrentCommandId(false) && strcmp(site.clock.name, name) == 0;
}

BusinessClock clock_named(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return {nullptr, nullptr};
  const char* name = text_to_cstring(PG_GETARG_TEXT_PP(argument));
  if (fcinfo->flinfo->fn_extra == nullptr)
    fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
  auto* site = static_cast<CallSite*>(fcinfo->flinfo->fn_extra);
  if (is_current(*site, name)) return site->clock;
  if (site->context == nullptr)
    site->context =
        AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "lead_scoring calendar", ALLOCSET_SMALL_SIZES);
  MemoryContextReset(site->context);
  site->statement = 0;
  MemoryContext caller = MemoryContextSwitchTo(site->context);
  site->clock = read_business_clock(name);
  MemoryContextSwitchTo(caller);
  site->statement = GetCurrentStatementStartTimestamp();
  site->command = GetCurrentCommandId(false);
  return site->clock;
}

}  // namespace

// add_business_time(calendar, at, duration) → timestamptz
LS_FUNCTION(ls_add_business_time) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  const TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
  if (TIMESTAMP_NOT_FINITE(at)) PG_RETURN_TIMESTAMPTZ(at);
  const BusinessClock clock = clock_named(fcinfo, 0);
  TimestampTz end = 0;
  ErrorReport problem;
  if (!add_business_time(clock, at, *PG_GETARG_INTERVAL_P(2), &end, &problem)) raise(problem);
  PG_RETURN_TIMESTAMPTZ(end);
}

// business_time_between(calendar, from, to) → interval
LS_FUNCTION(ls_business_time_between) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  const TimestampTz from = PG_GETARG_TIMESTAMPTZ(1);
  const TimestampTz to = PG_GETARG_TIMESTAMPTZ(2);
  if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                    errmsg("the business time from or to infinity has no length")));
  const BusinessClock clock = clock_named(fcinfo, 0);
  auto* open_time = palloc0_object(Interval);
  ErrorReport problem;
  if (!business_time_between(clock, from, to, &open_time->time, &problem)) raise(problem);
  PG_RETURN_INTERVAL_P(open_time);
}
