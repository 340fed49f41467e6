// evaluate, score, explain, explain_text and gap over (model, tally, as_of).
#include "core/explain_text.hpp"
#include "core/gap.hpp"
#include "pg/evaluated_row.hpp"
#include "pg/local_time.hpp"
#include "pg/model_cache.hpp"
#include "pg/numeric_value.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace lead_scoring {

namespace {

// What a call site keeps in fn_extra.
struct CallSite {
  ModelCache* models;
  TupleDesc row;  // of the result, for evaluate only
};

CallSite* call_site(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) {
    auto* site = static_cast<CallSite*>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite)));
    site->models = ModelCache::create(fcinfo->flinfo->fn_mcxt);
    fcinfo->flinfo->fn_extra = site;
  }
  return static_cast<CallSite*>(fcinfo->flinfo->fn_extra);
}

// The tick of an instant by the model's clock.
Tick tick_of(const Model* model, pg_tz* zone, TimestampTz as_of) {
  const std::optional<Tick> tick = tick_of_instant(as_of, zone, model->resolution());
  if (!tick) {
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                    errmsg("cannot score as of %s", timestamptz_to_str(as_of)),
                    errdetail("Only the years 1400 to 9999 can be reckoned with.")));
  }
  return *tick;
}

TupleDesc result_row(FunctionCallInfo fcinfo, CallSite* site) {
  if (site->row == nullptr) {
    MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    TupleDesc row;
    if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) {
      elog(ERROR, "return type must be a row type");
    }
    site->row = BlessTupleDesc(row);
    MemoryContextSwitchTo(old);
  }
  return site->row;
}

// The arguments (model, tally, as_of) that all functions share.
struct Question {
  const Model* model;
  Bytes tally;
  TimestampTz as_of;
};

// False when the answer is NULL.
bool ask(FunctionCallInfo fcinfo, Question& question, int as_of = 2) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(as_of)) return false;
  question.as_of = PG_GETARG_TIMESTAMPTZ(as_of);
  if (TIMESTAMP_NOT_FINITE(question.as_of)) return false;
  question.model = call_site(fcinfo)->models->get(PG_GETARG_DATUM(0));
  question.tally = tally_bytes_or_empty(fcinfo, 1);
  return true;
}

// Names are never empty.
void set_name(Datum& value, bool& null, std::string_view name) {
  null = name.empty();
  value = null ? 0 : text_datum(name);
}

void put_row(ReturnSetInfo* result, const ExplainRow& row) {
  Datum values[13];
  bool nulls[13] = {};
  set_name(values[0], nulls[0], row.component);
  set_name(values[1], nulls[1], row.group);
  set_name(values[2], nulls[2], row.rule);
  set_name(values[3], nulls[3], row.signal);
  set_name(values[4], nulls[4], row.kind);
  values[5] = BoolGetDatum(row.holds);
  values[6] = Int64GetDatum(row.counted);
  values[7] = Int64GetDatum(row.dropped);
  set_name(values[8], nulls[8], row.dropped_because);
  nulls[9] = !row.weight;
  values[9] = row.weight ? millionths_to_numeric(*row.weight) : 0;
  values[10] = thousandths_to_numeric(row.points);
  values[11] = thousandths_to_numeric(row.running);
  set_name(values[12], nulls[12], row.reason);
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

// The band as it is shown.
std::string_view band_of(const Model* model, std::int16_t band, bool disqualified) {
  if (disqualified) return "disqualified";
  return band < 0 ? std::string_view() : model->band_name(band);
}

// A list of names, in UTF-8; NULL is an empty one, and so are its elements that are NULL.
std::span<const std::string_view> names_argument(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return {};
  Datum* elements = nullptr;
  bool* nulls = nullptr;
  int count = 0;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls,
                    &count);
  auto* names =
      static_cast<std::string_view*>(palloc0(sizeof(std::string_view) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; ++i) {
    if (nulls[i]) continue;
    const text* name = DatumGetTextPP(elements[i]);
    names[i] = to_utf8(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
  }
  return {names, static_cast<std::size_t>(count)};
}

void put_row(ReturnSetInfo* result, const GapRow& row, const Question& question, pg_tz* zone) {
  const bool is_about_time = row.way == "time" || row.way == "reached";
  const auto instant = [&] {
    return instant_of_tick(row.until, question.as_of, zone, question.model->resolution());
  };
  Datum values[11];
  bool nulls[11] = {};
  set_name(values[0], nulls[0], row.way);
  set_name(values[1], nulls[1], row.component);
  set_name(values[2], nulls[2], row.rule);
  set_name(values[3], nulls[3], row.signal);
  nulls[4] = row.more == 0;
  values[4] = Int32GetDatum(static_cast<int32>(row.more));
  nulls[5] = !row.value;
  values[5] = row.value ? ten_thousandths_to_numeric(*row.value) : 0;
  nulls[6] = !row.has_result;
  values[6] = Int32GetDatum(row.score);
  set_name(values[7], nulls[7], band_of(question.model, row.band, row.disqualified));
  nulls[7] = nulls[7] || !row.has_result;
  nulls[8] = !row.has_result || is_about_time;
  values[8] = nulls[8] ? 0 : thousandths_to_numeric(row.gained);
  nulls[9] = !is_about_time;
  values[9] = nulls[9] ? 0 : TimestampTzGetDatum(instant());
  set_name(values[10], nulls[10], row.reason);
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

void evaluate_datum(const Model* model, Bytes tally, TimestampTz as_of, EvaluatedRow* row) {
  pg_tz* zone = zone_named(model->time_zone());
  const Tick at = tick_of(model, zone, as_of);
  const Evaluation result = run_core([=] { return evaluate(*model, tally, at); });
  row->score = result.score;
  row->engagement = result.engagement;
  row->fit = result.fit;
  row->grade = result.grade < 0 ? std::string_view() : model->grade_name(result.grade);
  row->level = result.level < 0 ? std::string_view() : model->level_name(result.level);
  row->band = band_of(model, result.band, result.disqualified);
  row->persona = result.persona < 0 ? std::string_view() : model->persona_name(result.persona);
  row->disqualified = result.disqualified;
  row->hand_raised = result.hand_raised;
  row->in_segment = result.in_segment;
  row->ever_active = result.last_active != timeless;
  row->last_active_on =
      row->ever_active ? run_core([=] { return model->calendar.day_of(result.last_active); }) : 0;
  row->next_change_at = instant_of_tick(result.next_change, as_of, zone, model->resolution());
}

LS_FUNCTION(ls_evaluate) {
  Question question;
  if (!ask(fcinfo, question)) PG_RETURN_NULL();
  EvaluatedRow row;
  evaluate_datum(question.model, question.tally, question.as_of, &row);
  Datum values[12];
  bool nulls[12] = {};
  values[0] = Int32GetDatum(row.score);
  values[1] = Int32GetDatum(row.engagement);
  values[2] = Int32GetDatum(row.fit);
  set_name(values[3], nulls[3], row.grade);
  set_name(values[4], nulls[4], row.level);
  set_name(values[5], nulls[5], row.band);
  values[6] = BoolGetDatum(row.disqualified);
  values[7] = BoolGetDatum(row.hand_raised);
  set_name(values[8], nulls[8], row.persona);
  values[9] = DateADTGetDatum(row.last_active_on);
  nulls[9] = !row.ever_active;
  values[10] = BoolGetDatum(row.in_segment);
  values[11] = TimestampTzGetDatum(row.next_change_at);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row(fcinfo, call_site(fcinfo)), values, nulls)));
}

LS_FUNCTION(ls_score) {
  Question question;
  if (!ask(fcinfo, question)) PG_RETURN_NULL();
  const Tick at = tick_of(question.model, zone_named(question.model->time_zone()), question.as_of);
  PG_RETURN_INT32(
      run_core([&] { return evaluate(*question.model, question.tally, at, LookAhead::no).score; }));
}

LS_FUNCTION(ls_explain) {
  begin_rows(fcinfo);
  Question question;
  if (!ask(fcinfo, question)) PG_RETURN_NULL();
  const Tick at = tick_of(question.model, zone_named(question.model->time_zone()), question.as_of);
  const std::span<const ExplainRow> rows = run_core([&] {
    ContextResource memory(CurrentMemoryContext);
    return explain(*question.model, question.tally, at, &memory);
  });
  for (const ExplainRow& row : rows) put_row(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), row);
  PG_RETURN_NULL();
}

LS_FUNCTION(ls_explain_text) {
  Question question;
  if (!ask(fcinfo, question)) PG_RETURN_NULL();
  const Tick at = tick_of(question.model, zone_named(question.model->time_zone()), question.as_of);
  const std::string_view text = run_core([&] {
    ContextResource memory(CurrentMemoryContext);
    const Evaluation shown = evaluate(*question.model, question.tally, at, LookAhead::no);
    const std::string words =
        explain_text(*question.model, explain(*question.model, question.tally, at, &memory), shown, at);
    auto* copy = static_cast<char*>(memory.allocate(words.size(), 1));
    std::copy(words.begin(), words.end(), copy);
    return std::string_view(copy, words.size());
  });
  PG_RETURN_DATUM(text_datum(text));
}

// gap(model, tally, band, as_of, once)
LS_FUNCTION(ls_gap) {
  begin_rows(fcinfo);
  Question question;
  if (!ask(fcinfo, question, 3) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  pg_tz* zone = zone_named(question.model->time_zone());
  const Tick at = tick_of(question.model, zone, question.as_of);
  const text* name = PG_GETARG_TEXT_PP(2);
  const std::string_view band = to_utf8(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
  const std::span<const std::string_view> once = names_argument(fcinfo, 4);
  const std::span<const GapRow> rows = run_core([&] {
    ContextResource memory(CurrentMemoryContext);
    return gap(*question.model, question.tally, at, band, once, stop_requested, &memory);
  });
  for (const GapRow& row : rows)
    put_row(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), row, question, zone);
  PG_RETURN_NULL();
}

}  // namespace lead_scoring
