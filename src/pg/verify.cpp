// verify(audience) → rows (problem, lead, sheet, detail): what does not agree. Each comparison is one
// statement, one snapshot, so it is exact beside live writers. Rows that are due (their next change has
// come, a newer revision is active, or deltas are pending) are not compared: refresh owes them, and any writer brings
// them up.
#include "pg/counting.hpp"
#include "pg/expression.hpp"
#include "pg/model_cache.hpp"
#include "pg/owner.hpp"
#include "pg/pending.hpp"
#include "pg/replicated_rows.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"
}

namespace lead_scoring {

namespace {

struct Names {
  char* lead;
  char* key;
  char* tally;
  char* score;
  char* change;
  char* pending;
};

Names names_of(const AudienceDefinition& a) {
  return {qualified_name(a.lead_table),        const_cast<char*>(quote_identifier(a.lead_key)),
          qualified_name(a.tally_table),       qualified_name(a.score_table),
          qualified_name(a.band_change_table), qualified_name(a.pending_table)};
}

const char* compare_tallies_sql(const AudienceDefinition& audience, const RecountQuery& query, void*) {
  return psprintf(
      "SELECT 'tally differs', coalesce(c.lead, t.lead)::text, NULL::text, "
      "pg_catalog.format('maintained %%s, counted %%s', t.tally, coalesce(c.tally, "
      "'{}'::lead_scoring.tally)) "
      "FROM (%s) AS c FULL JOIN (SELECT coalesce(m.lead, p.lead) AS lead, CASE WHEN p.lead IS NULL "
      "THEN m.base OPERATOR(lead_scoring.+) m.recent WHEN m.lead IS NULL THEN p.delta "
      "ELSE m.base OPERATOR(lead_scoring.+) m.recent OPERATOR(lead_scoring.+) p.delta END AS tally "
      "FROM %s AS m FULL JOIN (%s) AS p ON p.lead OPERATOR(pg_catalog.=) m.lead) AS t "
      "ON t.lead OPERATOR(pg_catalog.=) c.lead "
      "WHERE coalesce(t.tally, '{}'::lead_scoring.tally) OPERATOR(lead_scoring.<>) "
      "coalesce(c.tally, '{}'::lead_scoring.tally)",
      recount_sql(audience, query), qualified_name(audience.tally_table), pending_sums_sql(audience));
}

const char* missing_tallies_sql(const Names& n) {
  return psprintf(
      "SELECT 'lead without a tally row', l.%s::text, NULL::text, NULL::text FROM %s AS l "
      "WHERE NOT EXISTS (SELECT FROM %s AS t WHERE t.lead OPERATOR(pg_catalog.=) l.%s)",
      n.key, n.lead, n.tally, n.key);
}

// $1 sheets, $2 active revisions, $3 models
const char* compare_scores_sql(const Names& n) {
  return psprintf(
      "SELECT CASE WHEN s.lead IS NULL THEN 'score row is missing' WHEN NOT e.in_segment THEN 'score row "
      "outside the segment' "
      "ELSE 'score differs' END, l.%s::text, m.sheet, "
      "pg_catalog.format('shown %%s, evaluated %%s', CASE WHEN s.lead IS NULL THEN 'nothing' ELSE "
      "ROW(s.score, s.engagement, s.fit, s.grade, s.level, s.band, s.disqualified, s.hand_raised, s.persona, "
      "s.last_active_on)::text END, "
      "ROW(e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.disqualified, e.hand_raised, e.persona, "
      "e.last_active_on)::text) "
      "FROM (SELECT pg_catalog.clock_timestamp() AS at) AS now, "
      "%s AS l CROSS JOIN unnest($1, $2, $3) AS m(sheet, revision, model) "
      "JOIN %s AS t ON t.lead OPERATOR(pg_catalog.=) l.%s "
      "LEFT JOIN %s AS s ON s.lead OPERATOR(pg_catalog.=) l.%s AND s.sheet OPERATOR(pg_catalog.=) m.sheet "
      "CROSS JOIN LATERAL lead_scoring.evaluate(m.model, t.base OPERATOR(lead_scoring.+) t.recent, now.at) "
      "AS e "
      "WHERE CASE WHEN s.lead IS NULL THEN e.in_segment AND t.wake_at > now.at "
      "WHEN s.revision <> m.revision OR s.next_change_at <= now.at THEN false "
      "ELSE NOT e.in_segment OR ROW(s.score, s.engagement, s.fit, s.grade, s.level, s.band, s.disqualified, "
      "s.hand_raised, s.persona, s.last_active_on) IS DISTINCT FROM ROW(e.score, e.engagement, e.fit, "
      "e.grade, e.level, "
      "e.band, e.disqualified, e.hand_raised, e.persona, e.last_active_on) END "
      "AND NOT EXISTS (SELECT FROM %s AS p WHERE p.lead OPERATOR(pg_catalog.=) t.lead)",
      n.key, n.lead, n.tally, n.key, n.score, n.key, n.pending);
}

// $1 sheets whose models can be read, $2 those whose cannot, $3 why
const char* stray_scores_sql(const Names& n) {
  return psprintf(
      "SELECT CASE WHEN l.%s IS NULL THEN 'score of a lead that does not exist' "
      "WHEN b.sheet IS NOT NULL THEN 'score of a sheet whose revision cannot be read' "
      "ELSE 'score of a sheet that is not active' END, s.lead::text, s.sheet::text, b.problem "
      "FROM %s AS s LEFT JOIN %s AS l ON l.%s OPERATOR(pg_catalog.=) s.lead "
      "LEFT JOIN unnest($2, $3) AS b(sheet, problem) ON b.sheet OPERATOR(pg_catalog.=) s.sheet "
      "WHERE l.%s IS NULL OR s.sheet OPERATOR(pg_catalog.<>) ALL ($1)",
      n.key, n.score, n.lead, n.key, n.key);
}

// Band changes of a lead and sheet form a chain that ends at the score row.
const char* broken_chains_sql(const Names& n) {
  return psprintf(
      "SELECT 'band changes do not form a chain', c.lead::text, c.sheet::text, "
      "pg_catalog.format('change %%s starts from %%s, the one before ended at %%s', c.id, "
      "coalesce(c.from_band, 'no band'), coalesce(c.previous, 'no band')) "
      "FROM (SELECT id, lead, sheet, from_band, pg_catalog.lag(to_band) OVER (PARTITION BY lead, sheet ORDER "
      "BY id) "
      "AS previous FROM %s) AS c WHERE c.from_band IS DISTINCT FROM c.previous "
      "UNION ALL "
      "SELECT 'last band change is not the band shown', coalesce(c.lead, s.lead)::text, coalesce(c.sheet, "
      "s.sheet)::text, "
      "pg_catalog.format('last change to %%s, shown %%s', coalesce(c.to_band, 'no band'), coalesce(s.band, "
      "'no band')) "
      "FROM (SELECT DISTINCT ON (lead, sheet) lead, sheet, to_band FROM %s ORDER BY lead, sheet, id DESC) AS "
      "c "
      "FULL JOIN %s AS s ON s.lead OPERATOR(pg_catalog.=) c.lead AND s.sheet OPERATOR(pg_catalog.=) c.sheet "
      "WHERE c.to_band IS DISTINCT FROM s.band",
      n.change, n.change, n.score);
}

void take_rows(ReturnSetInfo* result) {
  for (uint64 i = 0; i < SPI_tuptable->numvals; i++) {
    Datum values[4];
    bool nulls[4];
    for (int column = 0; column < 4; column++)
      values[column] =
          SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column + 1, &nulls[column]);
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  SPI_freetuptable(SPI_tuptable);
}

// What active sheets are evaluated with: names, revisions, models; and names of the others with what is wrong.
struct SheetArrays {
  Datum readable[3];
  Datum broken[2];
};

Datum text_array(Datum* texts, int count) {
  return PointerGetDatum(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT));
}

SheetArrays active_models(const AudienceDefinition& audience) {
  List* sheets = read_active_sheets(audience.name);
  const Size size = sizeof(Datum) * static_cast<Size>(list_length(sheets) + 1);
  auto* names = static_cast<Datum*>(palloc(size));
  auto* revisions = static_cast<Datum*>(palloc(size));
  auto* models = static_cast<Datum*>(palloc(size));
  auto* broken = static_cast<Datum*>(palloc(size));
  auto* problems = static_cast<Datum*>(palloc(size));
  int used = 0;
  int broken_count = 0;
  ListCell* cell = nullptr;
  foreach (cell, sheets) {
    const auto* sheet = static_cast<const ActiveSheet*>(lfirst(cell));
    struct varlena* model = read_model(sheet->name, sheet->revision);
    const char* problem = model_problem(model);
    if (problem != nullptr) {
      broken[broken_count] = CStringGetTextDatum(sheet->name);
      problems[broken_count++] = CStringGetTextDatum(problem);
      continue;
    }
    names[used] = CStringGetTextDatum(sheet->name);
    revisions[used] = Int32GetDatum(sheet->revision);
    models[used++] = PointerGetDatum(model);
  }
  return {{text_array(names, used),
           PointerGetDatum(construct_array(revisions, used, INT4OID, 4, true, TYPALIGN_INT)),
           PointerGetDatum(construct_array(models, used, catalog_type("model"), -1, false, TYPALIGN_INT))},
          {text_array(broken, broken_count), text_array(problems, broken_count)}};
}

void compare(ReturnSetInfo* result, const char* sql, int argument_count, Oid* types, Datum* values) {
  run_sql(sql, argument_count, types, values, SPI_OK_SELECT);
  take_rows(result);
}

void verify(const AudienceDefinition& audience, ReturnSetInfo* result) {
  const Names names = names_of(audience);
  SheetArrays sheets = active_models(audience);
  Oid types[] = {TEXTARRAYOID, INT4ARRAYOID, get_array_type(catalog_type("model"))};
  FailureList failures;
  begin_failures(&failures);
  run_counting(audience, {compare_tallies_sql, nullptr, {}, 0, nullptr, nullptr, SPI_OK_SELECT}, &failures);
  take_rows(result);
  compare(result, missing_tallies_sql(names), 0, nullptr, nullptr);
  compare(result, compare_scores_sql(names), 3, types, sheets.readable);
  Oid stray_types[] = {TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
  Datum stray_values[] = {sheets.readable[0], sheets.broken[0], sheets.broken[1]};
  compare(result, stray_scores_sql(names), 3, stray_types, stray_values);
  compare(result, broken_chains_sql(names), 0, nullptr, nullptr);
}

}  // namespace

LS_FUNCTION(ls_verify) {
  AudienceDefinition* audience = require_owned_audience(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  count_replicated_rows();
  begin_rows(fcinfo);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  OwnerSwitch owner;
  become_owner(&owner, audience->owner);
  const int level = enter_safe_settings();
  SPI_connect();
  verify(*audience, result);
  SPI_finish();
  leave_safe_settings(level);
  be_oneself(owner);
  return Datum{0};
}

}  // namespace lead_scoring
