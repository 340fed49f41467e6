// A score in words: one line that somebody who has never seen the sheet can read.
#pragma once

#include <span>
#include <string>

#include "evaluate.hpp"

namespace lead_scoring {

// "3 x pricing visits in 7 days: +30; no activity for 45 days: -10; total 20 (MQL from 30)". The rows are those of
// explain, `shown` the evaluation, both at tick `at`. Rules come in their order, those without points and
// effect are left out; the points add up to the total.
[[nodiscard]] std::string explain_text(const Model& model, std::span<const ExplainRow> rows,
                                       const Evaluation& shown, Tick at);

}  // namespace lead_scoring
