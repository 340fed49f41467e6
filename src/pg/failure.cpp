#include "pg/failure.hpp"

#include "pg/subtransaction.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
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

namespace {

void add_failure(FailureList* list, const Failure& more) {
  ListCell* cell = nullptr;
  foreach (cell, list->failures) {
    auto* known = static_cast<Failure*>(lfirst(cell));
    // What is wrong with a row as a whole is told by the message; that of an expression quotes the row's values.
    const bool same_problem = known->sqlstate == more.sqlstate &&
                              (more.signal != nullptr || strcmp(known->message, more.message) == 0);
    if (same_problem && same_name(known->signal, more.signal) && same_name(known->source, more.source)) {
      known->count += more.count;
      return;
    }
  }
  MemoryContext caller = MemoryContextSwitchTo(list->context);
  auto* failure = palloc0_object(Failure);
  *failure = more;
  failure->source = pstrdup(more.source);
  failure->signal = more.signal == nullptr ? nullptr : pstrdup(more.signal);
  failure->message = pstrdup(more.message);
  failure->sample_key = more.sample_key == nullptr ? nullptr : pstrdup(more.sample_key);
  list->failures = lappend(list->failures, failure);
  MemoryContextSwitchTo(caller);
}

}  // namespace

void record_failure(FailureList* list, const char* source, const char* signal, int sqlstate,
                    const char* message, const char* sample_key) {
  add_failure(list, {source, signal, sqlstate, message, 1, sample_key});
}

void add_failures(FailureList* list, const FailureList& more) {
  ListCell* cell = nullptr;
  foreach (cell, more.failures) add_failure(list, *static_cast<const Failure*>(lfirst(cell)));
}

namespace {

void append_to_log(const List* failures, const char* audience) {
  // Whoever has locked the log holds up nobody's events.
  if (!ConditionalLockRelationOid(catalog_relation("failure_log"), RowExclusiveLock))
    ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("lead_scoring.failure_log is locked")));
  ListCell* cell = nullptr;
  foreach (cell, failures) {
    const auto* failure = static_cast<const Failure*>(lfirst(cell));
    Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID};
    Datum values[] = {CStringGetTextDatum(audience),
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

// A full disk, or a lock, is the log's own trouble.
bool must_surface_from_log(int sqlstate) {
  return must_surface(sqlstate) && sqlstate != ERRCODE_DISK_FULL && sqlstate != ERRCODE_LOCK_NOT_AVAILABLE;
}

int64 count_of(const List* failures) {
  int64 count = 0;
  ListCell* cell = nullptr;
  foreach (cell, failures) count += static_cast<const Failure*>(lfirst(cell))->count;
  return count;
}

}  // namespace

void write_failures(const FailureList& list, const AudienceDefinition& audience) {
  if (list.failures == NIL) return;
  ErrorData* error = nullptr;
  if (guarded(
          &error, [&] { append_to_log(list.failures, audience.name); }, must_surface_from_log))
    return;
  const auto* first = static_cast<const Failure*>(linitial(list.failures));
  ereport(WARNING,
          (errmsg("lead_scoring: failures of audience \"%s\" could not be recorded: %s", audience.name,
                  error->message),
           errdetail("Rows: %lld. The first: %s%s%s: %s", static_cast<long long>(count_of(list.failures)),
                     first->source, first->signal == nullptr ? "" : ", ",
                     first->signal == nullptr ? "" : first->signal, first->message)));
  FreeErrorData(error);
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
