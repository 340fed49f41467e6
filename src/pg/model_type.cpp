// The type model: text and binary form, comparison.
#include "pg/local_time.hpp"
#include "pg/model_cache.hpp"

extern "C" {
#include "common/hashfn.h"
#include "libpq/pqformat.h"
}

namespace lead_scoring {

namespace {

// Number of the binary form; the JSON text follows it.
constexpr int binary_version = 1;

// Checks a text from a client and brings it into the core's own form.
Datum checked_model(const char* given, std::size_t length) {
  struct Checked {
    std::string_view json;
    std::string_view time_zone;
  };
  const std::string_view utf8 = to_utf8(given, length);
  const Checked checked = run_core([utf8] {
    ContextResource memory(CurrentMemoryContext);
    const Model* model = parse_model(utf8, &memory);
    const std::string printed = print_model(*model);
    auto* copy = static_cast<char*>(memory.allocate(printed.size() + 1, 1));
    std::memcpy(copy, printed.data(), printed.size());
    return Checked{{copy, printed.size()}, model->time_zone()};
  });
  (void)zone_named(TextDatumGetCString(text_datum(checked.time_zone)));  // an unknown zone is an error
  return model_datum_from(checked.json);
}

bool same_model(Datum a, Datum b) { return model_text(a) == model_text(b); }

}  // namespace

LS_FUNCTION(ls_model_in) {
  const char* text = PG_GETARG_CSTRING(0);
  PG_RETURN_DATUM(checked_model(text, std::strlen(text)));
}

LS_FUNCTION(ls_model_out) {
  PG_RETURN_CSTRING(TextDatumGetCString(text_datum(model_text(PG_GETARG_DATUM(0)))));
}

LS_FUNCTION(ls_model_recv) {
  auto message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  const int version = pq_getmsgint(message, 1);
  if (version != binary_version) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                    errmsg("unknown version %d of the binary form of type model", version),
                    errdetail("This release of lead_scoring reads version %d.", binary_version)));
  }
  int length;
  const char* text = pq_getmsgtext(message, message->len - message->cursor, &length);
  PG_RETURN_DATUM(checked_model(text, length));
}

LS_FUNCTION(ls_model_send) {
  auto* json = DatumGetTextPP(text_datum(model_text(PG_GETARG_DATUM(0))));
  StringInfoData message;
  pq_begintypsend(&message);
  pq_sendint8(&message, binary_version);
  pq_sendtext(&message, VARDATA_ANY(json), VARSIZE_ANY_EXHDR(json));
  PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

LS_FUNCTION(ls_model_eq) { PG_RETURN_BOOL(same_model(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1))); }

LS_FUNCTION(ls_model_ne) { PG_RETURN_BOOL(!same_model(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1))); }

LS_FUNCTION(ls_model_hash) {
  const std::string_view json = model_text(PG_GETARG_DATUM(0));
  return hash_any(reinterpret_cast<const unsigned char*>(json.data()), static_cast<int>(json.size()));
}

LS_FUNCTION(ls_model_hash_extended) {
  const std::string_view json = model_text(PG_GETARG_DATUM(0));
  return hash_any_extended(reinterpret_cast<const unsigned char*>(json.data()), static_cast<int>(json.size()),
                           PG_GETARG_INT64(1));
}

}  // namespace lead_scoring
