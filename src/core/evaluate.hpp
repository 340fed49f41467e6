// evaluate(model, tally, tick) and explain: pure functions; see docs/concepts.md for the semantics.
#pragma once

#include <cstdint>
#include <limits>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>

#include "model.hpp"
#include "tally.hpp"

namespace lead_scoring {

struct Evaluation {
  std::int32_t score = 0;  // displayed integers: half away from zero of the thousandths
  std::int32_t engagement = 0;
  std::int32_t fit = 0;
  std::int16_t grade = -1;  // indexes into the model's grades(), levels(), bands(), groups(); −1: NULL
  std::int16_t level = -1;
  std::int16_t band = -1;     // the highest-ranked earned or forced band; −1 when disqualified
  std::int16_t persona = -1;  // index of the winning persona group
  bool disqualified = false;  // band is then shown as "disqualified"
  bool hand_raised = false;
  bool in_segment = true;       // false: the lead has no row of this sheet
  Tick last_active = timeless;  // timeless: never active
  Tick next_change = never;     // no output differs at any tick before this one (with the same tally)
};

enum class LookAhead : bool { no, yes };

// `at` is a tick of the years 1400–9999; datetime_out_of_range for others, corrupt_data for bytes that are no
// tally. An empty tally is a lead without history. Without a look ahead, which costs a few evaluations,
// next_change stays `never`.
[[nodiscard]] Evaluation evaluate(const Model& model, Bytes tally, Tick at, LookAhead ahead = LookAhead::yes);

struct ExplainRow {
  std::string_view component;  // engagement, fit, or empty for rows of the whole sheet
  std::string_view group;      // empty: none
  std::string_view rule;  // rule name, or what the row is: rule, group, component, sheet minimum or maximum,
                          // ceiling, persona loss, disqualified, forced band, hand raised
  std::string_view signal;
  std::string_view kind;  // rule | clamp | ceiling | persona | verdict
  bool holds = false;
  std::int64_t counted = 0;
  std::int64_t dropped = 0;
  std::string_view dropped_because;      // why occurrences do not count, with their numbers; see Drops
  std::optional<std::int64_t> weight{};  // average weight of what counted, or share of a cycle, in millionths
  std::int64_t points = 0;               // thousandths; the sum over all rows is the exact total
  std::int64_t running = 0;              // thousandths, the sum up to here
  std::string_view reason;  // why a rule does not hold; of other rows the rule or group that caused them
  // For the words of explain_text; of a rule's row only.
  const Rule* source = nullptr;
  const Tier* tier = nullptr;   // that matched
  Tick quiet_since = timeless;  // inactivity: what its intervals are counted from
};

// Rows in the order of everything: rules by component and group (those without one last), each followed by its
// clamp, then the clamps of group and component, then the sheet's. Errors as for evaluate.
// The rows and their texts come from `memory`; other views point into the model or into static text.
[[nodiscard]] std::span<const ExplainRow> explain(const Model& model, Bytes tally, Tick at,
                                                  std::pmr::memory_resource* memory);

}  // namespace lead_scoring
