// The type tally: text and binary form, comparison, arithmetic.
#include "core/tally.hpp"

#include "pg/tally_datum.hpp"

extern "C" {
#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
}

namespace lead_scoring {

namespace {

bool same_bytes(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Signal numbers, ascending. There is no signal below 1, so such numbers select nothing.
std::span<const std::uint32_t> signals_of(ArrayType* array) {
  if (array_contains_nulls(array)) {
    ereport(ERROR,
            (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a list of signals must not contain NULL")));
  }
  const int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
  const auto* given = reinterpret_cast<const int32*>(ARR_DATA_PTR(array));
  auto* signals = static_cast<std::uint32_t*>(palloc(sizeof(std::uint32_t) * (count + 1)));
  std::size_t kept = 0;
  for (int i = 0; i < count; ++i) {
    if (given[i] > 0) signals[kept++] = static_cast<std::uint32_t>(given[i]);
  }
  std::sort(signals, signals + kept);
  return {signals, static_cast<std::size_t>(std::unique(signals, signals + kept) - signals)};
}

}  // namespace

// '{1@9811:1, 2@9811#00c0ffee00c0ffee:3=12.5}' → tally
LS_FUNCTION(ls_tally_in) {
  const char* given = PG_GETARG_CSTRING(0);
  const std::string_view text = to_utf8(given, std::strlen(given));
  const Bytes bytes = run_core([text] {
    ContextResource memory(CurrentMemoryContext);
    return parse_tally(text, &memory);
  });
  PG_RETURN_DATUM(tally_datum_from(bytes));
}

LS_FUNCTION(ls_tally_out) {
  const Bytes bytes = tally_bytes(PG_GETARG_DATUM(0));
  char* text = run_core([bytes] {
    const std::string printed = to_text(bytes);
    ContextResource memory(CurrentMemoryContext);
    auto* copy = static_cast<char*>(memory.allocate(printed.size() + 1, 1));
    std::memcpy(copy, printed.c_str(), printed.size() + 1);
    return copy;
  });
  PG_RETURN_CSTRING(text);
}

// The binary form is the canonical bytes themselves, the first of which is the format's number.
LS_FUNCTION(ls_tally_recv) {
  auto message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  const int length = message->len - message->cursor;
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(pq_getmsgbytes(message, length)), length);
  run_core([bytes] { check_canonical(bytes); });
  PG_RETURN_DATUM(tally_datum_from(bytes));
}

LS_FUNCTION(ls_tally_send) {
  const Bytes bytes = tally_bytes(PG_GETARG_DATUM(0));
  StringInfoData message;
  pq_begintypsend(&message);
  pq_sendbytes(&message, reinterpret_cast<const char*>(bytes.data()), static_cast<int>(bytes.size()));
  PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

LS_FUNCTION(ls_tally_eq) {
  PG_RETURN_BOOL(same_bytes(tally_bytes(PG_GETARG_DATUM(0)), tally_bytes(PG_GETARG_DATUM(1))));
}

LS_FUNCTION(ls_tally_ne) {
  PG_RETURN_BOOL(!same_bytes(tally_bytes(PG_GETARG_DATUM(0)), tally_bytes(PG_GETARG_DATUM(1))));
}

LS_FUNCTION(ls_tally_hash) {
  const Bytes bytes = tally_bytes(PG_GETARG_DATUM(0));
  return hash_any(bytes.data(), static_cast<int>(bytes.size()));
}

LS_FUNCTION(ls_tally_hash_extended) {
  const Bytes bytes = tally_bytes(PG_GETARG_DATUM(0));
  return hash_any_extended(bytes.data(), static_cast<int>(bytes.size()), PG_GETARG_INT64(1));
}

LS_FUNCTION(ls_tally_plus) { PG_RETURN_DATUM(tally_sum(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1))); }

LS_FUNCTION(ls_tally_minus) {
  const Bytes a = tally_bytes(PG_GETARG_DATUM(0));
  const Bytes b = tally_bytes(PG_GETARG_DATUM(1));
  const Bytes difference = run_core([a, b] {
    ContextResource memory(CurrentMemoryContext);
    return merge(a, negate(b, &memory), &memory);
  });
  PG_RETURN_DATUM(tally_datum_from(difference));
}

LS_FUNCTION(ls_tally_uminus) {
  const Bytes bytes = tally_bytes(PG_GETARG_DATUM(0));
  const Bytes negative = run_core([bytes] {
    ContextResource memory(CurrentMemoryContext);
    return negate(bytes, &memory);
  });
  PG_RETURN_DATUM(tally_datum_from(negative));
}

LS_FUNCTION(ls_tally_is_empty) { PG_RETURN_BOOL(tally_bytes(PG_GETARG_DATUM(0)).empty()); }

LS_FUNCTION(ls_tally_entry_count) {
  const Bytes bytes = tally_bytes(PG_GETARG_DATUM(0));
  PG_RETURN_INT64(static_cast<int64>(run_core([bytes] { return entry_count(bytes); })));
}

LS_FUNCTION(ls_tally_only_signals) {
  const Bytes bytes = tally_bytes(PG_GETARG_DATUM(0));
  const auto signals = signals_of(PG_GETARG_ARRAYTYPE_P(1));
  const Bytes part = run_core([bytes, signals] {
    ContextResource memory(CurrentMemoryContext);
    return only(bytes, signals, &memory);
  });
  PG_RETURN_DATUM(tally_datum_from(part));
}

LS_FUNCTION(ls_tally_without_signals) {
  const Bytes bytes = tally_bytes(PG_GETARG_DATUM(0));
  const auto signals = signals_of(PG_GETARG_ARRAYTYPE_P(1));
  const Bytes part = run_core([bytes, signals] {
    ContextResource memory(CurrentMemoryContext);
    return without(bytes, signals, &memory);
  });
  PG_RETURN_DATUM(tally_datum_from(part));
}

}  // namespace lead_scoring
