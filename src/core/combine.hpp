// From what the rules say to what is shown: clamps, groups, personas, components, ceiling, verdicts, bands.
#pragma once

#include <span>

#include "evaluate.hpp"
#include "measure.hpp"
#include "model.hpp"

namespace lead_scoring {

// What combining needs of a rule, where it is no standing but a bound of several that next_change computes.
struct Part {
  Points points = 0;   // before the rule's clamp
  bool holds = false;  // for verdicts
  bool caps = false;   // for the ceiling; of a standing the same as holds
};

struct Outcome {
  Evaluation shown;
  Points engagement = 0;
  Points fit = 0;
  Points score = 0;
};

class ExplainRows;

// `roused`: the rules that can have points. `group_sums` receives the clamped sum of each group. `rows`, unless null, receives the explain rows.
[[nodiscard]] Outcome combine(const Model& model, std::span<const std::uint16_t> roused,
                              std::span<const Standing> standings, std::span<Points> group_sums,
                              ExplainRows* rows = nullptr);
[[nodiscard]] Outcome combine(const Model& model, std::span<const std::uint16_t> roused,
                              std::span<const Part> parts, std::span<Points> group_sums);

}  // namespace lead_scoring
