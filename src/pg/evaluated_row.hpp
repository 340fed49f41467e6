// One evaluation with names and instants in place of the core's indexes and ticks: what evaluate() returns
// and what the triggers write.
#pragma once

#include "core/evaluate.hpp"
#include "pg/boundary.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "utils/date.h"
}

namespace lead_scoring {

// Names are UTF-8 and belong to the model; data() is null for NULL. text_datum() makes them Datums.
struct EvaluatedRow {
  int32 score;
  int32 engagement;
  int32 fit;
  std::string_view grade;
  std::string_view level;
  std::string_view band;  // "disqualified" for a disqualified lead
  std::string_view persona;
  bool disqualified;
  bool hand_raised;
  bool in_segment;
  bool ever_active;
  DateADT last_active_on;      // when ever_active
  TimestampTz next_change_at;  // infinity for never
};
static_assert(std::is_trivially_destructible_v<EvaluatedRow>);

// Evaluates at an instant. ±infinity and years outside 1400–9999 are an error, SQLSTATE 22008.
void evaluate_datum(const Model* model, Bytes tally, TimestampTz as_of, EvaluatedRow* row);

}  // namespace lead_scoring
