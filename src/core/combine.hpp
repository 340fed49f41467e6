// From what the rules say to what is shown: clamps, groups, personas, components, ceiling, verdicts, bands.
#pragma once

#include <algorithm>
#include <memory_resource>
#include <span>

#include "evaluate.hpp"
#include "measure.hpp"
#include "model.hpp"

namespace lead_scoring {

// What verdicts and ceilings need of a rule: whether it holds. Of a bound of several ticks, which next_change computes,
// the two may differ.
struct Part {
  bool holds = false;  // for verdicts
  bool caps = false;   // for the ceiling
};

// The rules' points by group, then those of rules without one by component; after the clamps of the rules, before
// those of the groups. So what a rule changes is added to one sum.
[[nodiscard]] inline std::size_t number_of_sums(const Model& model) { return model.groups.size() + 2; }
inline void add_to(std::span<Points> sums, const Rule& rule, Points points) {
  sums.data()[rule.sum] += points;
}
[[nodiscard]] inline Points clamped(Points points, const Clamp& clamp) {
  // Not std::clamp: an impossible clamp is refused when the model is read, but the order is then still defined.
  return std::max(clamp.min, std::min(clamp.max, points));
}

// What the group competes with; 0 for a group that is no persona.
[[nodiscard]] inline Points persona_sum(const Model& model, std::span<const Points> sums, std::size_t group) {
  return model.groups[group].is_persona ? clamped(sums[group], model.groups[group].clamp) : 0;
}

// What the sums and verdicts come to; grades, levels and bands follow from it.
struct Totals {
  Points engagement = 0;
  Points fit = 0;
  Points score = 0;
  std::int16_t persona = -1;
  std::int16_t forced_band = -1;  // the highest that a rule forces
  bool disqualified = false;
  bool hand_raised = false;
};

struct Outcome {
  Evaluation shown;
  Totals totals;
};

// Of the parts, which are by rule, only those of the rules in model.watched are looked at.
[[nodiscard]] Totals totals(const Model& model, std::span<const Points> sums, std::span<const Part> parts);
[[nodiscard]] Outcome shown(const Model& model, const Totals& totals);
// Half away from zero, as shown; saturates. Sums of all rules that a model can have stay far below 2^62.
[[nodiscard]] inline std::int32_t displayed(Points points) {
  const Points size = points < 0 ? -points : points;
  const Points quotient = (size + one_point / 2) / one_point;
  const Points rounded = points < 0 ? -quotient : quotient;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(rounded, std::numeric_limits<std::int32_t>::min(),
                                                            std::numeric_limits<std::int32_t>::max()));
}

// The numbers that are displayed as this one is; without a limit where what is displayed saturates.
struct Alike {
  Points least = std::numeric_limits<Points>::min();
  Points most = std::numeric_limits<Points>::max();
  [[nodiscard]] bool holds(Points points) const { return least <= points && points <= most; }
};
[[nodiscard]] inline Alike alike(Points points) {
  const std::int32_t number = displayed(points);
  const Points middle = number * one_point;
  Alike range;
  if (number > std::numeric_limits<std::int32_t>::min())
    range.least = middle - one_point / 2 + (number > 0 ? 0 : 1);
  if (number < std::numeric_limits<std::int32_t>::max())
    range.most = middle + one_point / 2 - (number < 0 ? 0 : 1);
  return range;
}

class ExplainRows;
// The rows of explain, on the same way. `standings`: of all rules.
void tell(const Model& model, std::span<const Points> sums, std::span<const Part> parts,
          std::span<const Standing> standings, ExplainRows& rows);

}  // namespace lead_scoring
