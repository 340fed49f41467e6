// broken_parts(audience) → rows (kind, name, problem, sqlstate): what the triggers find broken, as they find it. Compiled
// as the audience's owner, as they do it.
#include "pg/model_cache.hpp"
#include "pg/owner.hpp"
#include "pg/source_matcher.hpp"

extern "C" {
#include "access/relation.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
}

namespace lead_scoring {

namespace {

void add_row(ReturnSetInfo* result, const char* kind, const char* name, const char* problem, int sqlstate) {
  Datum values[] = {CStringGetTextDatum(kind), CStringGetTextDatum(name), CStringGetTextDatum(problem),
                    CStringGetTextDatum(unpack_sql_state(sqlstate))};
  bool nulls[] = {false, false, false, false};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

void add_matcher_problems(ReturnSetInfo* result, const SourceMatcher& matcher) {
  const SourceDefinition& source = *matcher.source;
  if (matcher.key_column == 0)
    add_row(result, "source", source.name, psprintf("column \"%s\" no longer names leads", source.lead_key),
            ERRCODE_UNDEFINED_COLUMN);
  if (!source.profile && !tells_time(matcher))
    add_row(result, "source", source.name,
            psprintf("column \"%s\" no longer tells a time", source.occurred_at), ERRCODE_UNDEFINED_COLUMN);
  for (int i = 0; i < source.signal_count; i++) {
    const CompiledSignal& signal = matcher.signals[i];
    if (signal.broken != nullptr)
      add_row(result, "signal", signal.definition->name, signal.broken, signal.broken_sqlstate);
  }
}

void add_source_problems(ReturnSetInfo* result, const AudienceDefinition& audience,
                         const SourceDefinition& source) {
  Relation rel = try_relation_open(source.table, AccessShareLock);
  if (rel == nullptr)
    return add_row(result, "source", source.name, "its table is gone", ERRCODE_UNDEFINED_TABLE);
  OwnerSwitch owner;
  become_owner(&owner, audience.owner);
  SourceMatcher* matcher = make_matcher(audience, source, rel, CurrentMemoryContext);
  be_oneself(owner);
  relation_close(rel, AccessShareLock);
  add_matcher_problems(result, *matcher);
}

void add_sheet_problems(ReturnSetInfo* result, const AudienceDefinition& audience) {
  ListCell* cell = nullptr;
  foreach (cell, read_active_sheets(audience.name)) {
    const auto* sheet = static_cast<const ActiveSheet*>(lfirst(cell));
    const char* problem = model_problem(read_model(sheet->name, sheet->revision));
    if (problem != nullptr)
      add_row(result, "sheet", sheet->name, problem, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE);
  }
}

}  // namespace

}  // namespace lead_scoring

using namespace lead_scoring;

LS_FUNCTION(ls_broken_parts) {
  const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
  require_owner(name);
  begin_rows(fcinfo);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const AudienceDefinition* audience = read_audience(name);
  if (audience->broken != nullptr) {
    add_row(result, "audience", audience->name, audience->broken, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE);
    return Datum{0};
  }
  ListCell* cell = nullptr;
  foreach (cell, read_sources(audience->name))
    add_source_problems(result, *audience, *static_cast<const SourceDefinition*>(lfirst(cell)));
  add_sheet_problems(result, *audience);
  return Datum{0};
}
