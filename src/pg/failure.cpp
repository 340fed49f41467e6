#include "pg/failure.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/spi.h"
}

namespace lead_scoring {

void begin_failures(FailureList* list) {
  list->context = CurrentMemoryContext;
  list->failures = NIL;
}

namespace {
bool same_name(const char* a, const char* b) {
  return a == b || (a != nullptr && b != nullptr && strcmp(a, b) == 0);
}
}  // namespace

void record_failure(FailureList* list, const char* source, const char* signal, int sqlstate,
                    const char* message, const char* sample_key) {
  ListCell* cell = nullptr;
  foreach (cell, list->failures) {
    auto* known = static_cast<Failure*>(lfirst(cell));
    // What is wrong with a row as a whole is told by the message; that of an expression quotes the row's values.
    const bool same_problem =
        known->sqlstate == sqlstate && (signal != nullptr || strcmp(known->message, message) == 0);
    if (same_problem && same_name(known->signal, signal) && same_name(known->source, source)) {
      known->count++;
      return;
    }
  }
  MemoryContext caller = MemoryContextSwitchTo(list->context);
  auto* failure = palloc0_object(Failure);
  failure->source = pstrdup(source);
  failure->signal = signal == nullptr ? nullptr : pstrdup(signal);
  failure->sqlstate = sqlstate;
  failure->message = pstrdup(message);
  failure->count = 1;
  failure->sample_key = sample_key == nullptr ? nullptr : pstrdup(sample_key);
  list->failures = lappend(list->failures, failure);
  MemoryContextSwitchTo(caller);
}

void write_failures(const FailureList& list, const AudienceDefinition& audience) {
  ListCell* cell = nullptr;
  foreach (cell, list.failures) {
    const auto* failure = static_cast<const Failure*>(lfirst(cell));
    Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID};
    Datum values[] = {CStringGetTextDatum(audience.name),
                      CStringGetTextDatum(failure->source),
                      failure->signal ? CStringGetTextDatum(failure->signal) : Datum{0},
                      CStringGetTextDatum(unpack_sql_state(failure->sqlstate)),
                      CStringGetTextDatum(failure->message),
                      Int64GetDatum(failure->count),
                      failure->sample_key ? CStringGetTextDatum(failure->sample_key) : Datum{0}};
    const char nulls[] = {' ', ' ', failure->signal ? ' ' : 'n',     ' ',
                          ' ', ' ', failure->sample_key ? ' ' : 'n', 0};
    SPI_execute_with_args(
        "INSERT INTO lead_scoring.failure_log (audience, source, signal, sqlstate, message, count, "
        "sample_key) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        lengthof(values), types, values, nulls, false, 0);
  }
}

bool must_surface(int sqlstate) {
  const int sql_class = ERRCODE_TO_CATEGORY(sqlstate);
  return sql_class == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE) ||  // 40
         sql_class == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) ||  // 53: out of memory, disk full
         sql_class == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) ||   // 57: cancel, timeout, shutdown
         sql_class == ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR) ||            // 58
         sqlstate == ERRCODE_LOCK_NOT_AVAILABLE || sqlstate == ERRCODE_DATA_CORRUPTED ||
         sqlstate == ERRCODE_INDEX_CORRUPTED;
}

}  // namespace lead_scoring
