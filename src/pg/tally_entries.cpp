// entries(tally): one row an entry, in the order of the tally. Rows are made one by one as they are asked
// for, so that a LIMIT over a long tally is cheap.
#include "pg/numeric_value.hpp"
#include "pg/tally_datum.hpp"

namespace lead_scoring {

namespace {

struct EntriesScan {
  TallyReader reader;
  bool in_signal;
};
static_assert(std::is_trivially_destructible_v<EntriesScan>);

bool next_entry(EntriesScan& scan, Entry& entry) {
  for (;;) {
    if (scan.in_signal && scan.reader.next(entry)) return true;
    scan.in_signal = scan.reader.next_signal();
    if (!scan.in_signal) return false;
  }
}

EntriesScan* begin_scan(Datum tally) {
  // The bytes must outlive this call, and a toasted argument is unpacked into the current context.
  const Bytes bytes = tally_bytes(PointerGetDatum(PG_DETOAST_DATUM_COPY(tally)));
  void* memory = palloc(sizeof(EntriesScan));
  return run_core([bytes, memory] { return new (memory) EntriesScan{TallyReader(bytes), false}; });
}

Datum row_of(const Entry& entry, TupleDesc row) {
  bool nulls[5] = {};
  Datum values[5];
  values[0] = Int32GetDatum(static_cast<int32>(entry.signal));
  values[1] = Int32GetDatum(entry.tick);
  nulls[1] = entry.tick == timeless;
  char digits[17];
  snprintf(digits, sizeof digits, "%016" INT64_MODIFIER "x", entry.item);
  values[2] = CStringGetTextDatum(digits);
  nulls[2] = entry.item == 0;
  values[3] = Int64GetDatum(entry.count);
  values[4] = ten_thousandths_to_numeric(entry.value);
  return HeapTupleGetDatum(heap_form_tuple(row, values, nulls));
}

}  // namespace

LS_FUNCTION(ls_tally_entries) {
  if (SRF_IS_FIRSTCALL()) {
    FuncCallContext* first = SRF_FIRSTCALL_INIT();
    MemoryContext old = MemoryContextSwitchTo(first->multi_call_memory_ctx);
    if (get_call_result_type(fcinfo, nullptr, &first->tuple_desc) != TYPEFUNC_COMPOSITE) {
      elog(ERROR, "return type must be a row type");
    }
    BlessTupleDesc(first->tuple_desc);
    first->user_fctx = begin_scan(PG_GETARG_DATUM(0));
    MemoryContextSwitchTo(old);
  }
  FuncCallContext* call = SRF_PERCALL_SETUP();
  auto* scan = static_cast<EntriesScan*>(call->user_fctx);
  Entry entry;
  if (!run_core([scan, &entry] { return next_entry(*scan, entry); })) SRF_RETURN_DONE(call);
  SRF_RETURN_NEXT(call, row_of(entry, call->tuple_desc));
}

}  // namespace lead_scoring
