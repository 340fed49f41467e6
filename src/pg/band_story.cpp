#include "pg/band_story.hpp"

#include "pg/model_cache.hpp"
#include "pg/tally_datum.hpp"

namespace lead_scoring {

namespace {

// Models of earlier revisions that were needed so far.
struct OldModel {
  const char* sheet;
  int32 revision;
  const Model* model;  // nullptr: it is gone, or cannot be read
};

// The model a row was made with; nullptr when it is gone or cannot be read.
const Model* model_of_row(ScoringBatch* batch, const CachedSheet& sheet, int32 revision) {
  if (revision == sheet.revision) return sheet.model;
  ListCell* cell = nullptr;
  foreach (cell, batch->old_models) {
    const auto* known = static_cast<const OldModel*>(lfirst(cell));
    if (known->revision == revision && strcmp(known->sheet, sheet.name) == 0) return known->model;
  }
  MemoryContext caller = MemoryContextSwitchTo(batch->context);
  struct varlena* stored = read_model(sheet.name, revision);
  auto* read = palloc0_object(OldModel);
  ErrorReport unreadable;
  *read = {pstrdup(sheet.name), revision,
           stored == nullptr ? nullptr
                             : try_load_model(PointerGetDatum(stored), CurrentMemoryContext, &unreadable)};
  batch->old_models = lappend(batch->old_models, read);
  MemoryContextSwitchTo(caller);
  return read->model;
}

bool same_band(Datum a, Datum b) {
  if (a == 0 || b == 0) return a == b;
  return same_text(a, b);
}

// Below all ranks: no band, disqualified, or a band that nobody knows any more.
constexpr int64 no_rank = std::numeric_limits<int64>::min();

int64 rank_of(ScoringBatch* batch, const CachedSheet& sheet, int32 revision, Datum band) {
  if (band == 0) return no_rank;
  const Model* model = model_of_row(batch, sheet, revision);
  if (model == nullptr) return no_rank;
  const struct varlena* packed = PG_DETOAST_DATUM_PACKED(band);
  const std::string_view name = to_utf8(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
  for (const Band& one : model->bands)
    if (one.name == name) return one.rank;
  return no_rank;
}

// From another revision's band by the ranks of each. A sheet's new name moves nobody.
bool is_upward(ScoringBatch* batch, const CachedSheet& sheet, const Standing& from, const Standing& to,
               const char* cause) {
  if (to.band == 0 || strcmp(cause, "sheet renamed") == 0) return false;
  return rank_of(batch, sheet, to.revision, to.band) > rank_of(batch, sheet, from.revision, from.band);
}

}  // namespace

Datum text_or_zero(std::string_view name) { return name.data() == nullptr ? Datum{0} : text_datum(name); }

Standing standing_of(const ScoreRow* row) {
  if (row == nullptr) return {0, 0, 0};
  return {row->nulls[band_column] ? Datum{0} : row->values[band_column],
          DatumGetTimestampTz(row->values[band_since_column]), revision_of(*row)};
}

void move_to_band(ScoringBatch* batch, Datum key, const CachedSheet& sheet, Standing* standing,
                  const Standing& to, const int32* score, const char* cause) {
  if (same_band(standing->band, to.band)) return;
  BandChange change = {key,
                       sheet.name,
                       standing->band,
                       to.band,
                       score == nullptr ? 0 : *score,
                       score != nullptr,
                       to.since,
                       to.revision,
                       cause,
                       false,
                       {}};
  change.upward = is_upward(batch, sheet, *standing, to, cause);
  const KeyType& type = batch->audience->definition->key;
  MemoryContext caller = MemoryContextSwitchTo(batch->context);
  if (change.upward)
    change.follow_up = follow_up_of(&batch->hand_offs, pstrdup(sheet.name), to.band, to.since,
                                    batch->failures, key_text(type, key));
  append_change(&batch->writes, type, change);
  MemoryContextSwitchTo(caller);
  *standing = to;
}

namespace {

Bytes tally_before(const LeadState& lead) {
  const Bytes now = whole_tally(lead.tally_row);
  if (lead.tally_row.added == 0) return now;
  const Bytes delta = tally_bytes(lead.tally_row.added);
  ContextResource memory(CurrentMemoryContext);
  std::pmr::memory_resource* resource = &memory;
  return run_core([=] { return merge(now, negate(delta, resource), resource); });
}

}  // namespace

bool replay(ScoringBatch* batch, int i, const CachedSheet& sheet, TimestampTz due, int32 revision,
            Standing* standing, EvaluatedRow* last) {
  if (due > batch->now) return false;
  const Model* model = model_of_row(batch, sheet, revision);
  if (model == nullptr) return false;
  const Bytes before = tally_before(batch->lead);
  for (TimestampTz at = due; at <= batch->now;) {
    CHECK_FOR_INTERRUPTS();
    evaluate_datum(model, before, at, last);
    const Datum band = last->in_segment ? text_or_zero(last->band) : Datum{0};
    move_to_band(batch, batch->leads[i].key, sheet, standing, {band, at, revision}, &last->score, "time");
    if (last->next_change_at <= at) return false;
    at = last->next_change_at;
  }
  return true;
}

}  // namespace lead_scoring
