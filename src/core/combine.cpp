// The order is that of the semantics: rule clamp → group sum, clamp → persona choice → component sum, clamp →
// total → lowest ceiling → sheet clamp → disqualification → displayed integers → grade, level → band.
#include "combine.hpp"

#include <algorithm>
#include <array>

#include "exact.hpp"
#include "explain_rows.hpp"

namespace lead_scoring {
namespace {

struct ClampNames {
  std::string_view min;
  std::string_view max;
};
constexpr ClampNames rule_clamp{"rule minimum", "rule maximum"};
constexpr ClampNames group_clamp{"group minimum", "group maximum"};
constexpr ClampNames component_clamp{"component minimum", "component maximum"};
constexpr ClampNames sheet_clamp{"sheet minimum", "sheet maximum"};

// Rows are written only where somebody reads them: evaluating does not even ask whether.
template <bool tells>
class Combiner {
 public:
  Combiner(const Model& model, std::span<const Points> sums, std::span<const Part> parts)
      : model_(model), sums_(sums), parts_(parts) {}
  // Of all rules.
  void tell_to(ExplainRows& rows, std::span<const Standing> standings) {
    rows_ = &rows;
    standings_ = standings;
  }

  Totals totals() {
    out_.engagement = component_sum(Component::engagement);
    out_.fit = component_sum(Component::fit);
    if constexpr (tells) rows_->enter_sheet();
    Points total = out_.engagement + out_.fit;
    if (!model_.ceilings.empty()) total = under_ceiling(total);
    out_.score = clamped(total, model_.sheet_clamp, sheet_clamp, {});
    if (!model_.verdicts.empty()) look_at_verdicts();
    return out_;
  }

  // What the totals do not show is told last.
  void tell_verdicts(const Outcome& outcome, std::int16_t earned) {
    if (!outcome.shown.disqualified && out_.forced_band > earned)
      add_row("verdict", "forced band", 0, forces_->name);
    if (out_.hand_raised) add_row("verdict", "hand raised", 0, raises_->name);
  }

 private:
  void add_row(std::string_view kind, std::string_view what, Points change, std::string_view cause) {
    if constexpr (tells) rows_->add(kind, what, change, cause);
  }

  Points clamped(Points points, const Clamp& clamp, const ClampNames& names, std::string_view cause) {
    const Points result = lead_scoring::clamped(points, clamp);
    if constexpr (!tells) return result;
    if (result != points) add_row("clamp", result > points ? names.min : names.max, result - points, cause);
    return result;
  }

  void tell_rules(const RuleRun& run) {
    rows_->enter_group(run.group);
    for (const std::uint16_t i : run.rules) {
      rows_->add_rule(i);
      (void)clamped(standings_[i].points, model_.rules[i].clamp, rule_clamp, model_.rules[i].name);
    }
  }

  Points component_sum(Component component) {
    if constexpr (tells) rows_->enter_component(component);
    Points sum = 0;
    const RuleRun* const end = model_.runs.data() + model_.runs.size();
    for (; run_ != end && run_->component == component; ++run_) {
      if constexpr (tells) tell_rules(*run_);
      sum += clamped(sums_.data()[run_->sum], run_->clamp, group_clamp, {});
    }
    if constexpr (tells) rows_->enter_group(-1);
    if (component == Component::fit && model_.has_personas) sum -= persona_losses();
    return clamped(sum, model_.component_clamps[static_cast<std::size_t>(component)], component_clamp, {});
  }

  // Chooses the persona; what the others had is taken away again.
  Points persona_losses() {
    std::int16_t& winner = out_.persona;
    Points most = 0;
    for (std::size_t i = 0; i < model_.groups.size(); ++i) {
      const Points sum = persona_sum(model_, sums_, i);
      if (sum == 0 || (winner >= 0 && sum <= most)) continue;
      winner = static_cast<std::int16_t>(i);
      most = sum;
    }
    Points losses = 0;
    for (std::size_t i = 0; i < model_.groups.size(); ++i) {
      const Points sum = persona_sum(model_, sums_, i);
      if (sum == 0 || static_cast<std::int16_t>(i) == winner) continue;
      losses += sum;
      if constexpr (tells) rows_->enter_group(static_cast<int>(i));
      add_row("persona", "persona loss", -sum, model_.persona_name(winner));
    }
    if constexpr (tells) rows_->enter_group(-1);
    return losses;
  }

  Points under_ceiling(Points total) {
    const Rule* lowest = nullptr;
    for (const std::uint16_t i : model_.ceilings) {
      if (!parts_[i].caps) continue;
      const Rule& rule = model_.rules[i];
      if (lowest == nullptr || *rule.inactivity.ceiling < *lowest->inactivity.ceiling) lowest = &rule;
    }
    if (lowest == nullptr || total <= *lowest->inactivity.ceiling) return total;
    add_row("ceiling", "ceiling", *lowest->inactivity.ceiling - total, lowest->name);
    return *lowest->inactivity.ceiling;
  }

  // Of several rules that hold, the first in the model's order is the cause.
  void look_at_verdicts() {
    for (const std::uint16_t i : model_.verdicts) {
      if (!parts_[i].holds) continue;
      const Rule& rule = model_.rules[i];
      if (rule.disqualifies && !out_.disqualified) {
        out_.disqualified = true;
        add_row("verdict", "disqualified", model_.sheet_clamp.min - out_.score, rule.name);
        out_.score = model_.sheet_clamp.min;
      }
      if (rule.forces_band > out_.forced_band) {
        out_.forced_band = rule.forces_band;
        forces_ = &rule;
      }
      if (rule.hand_raise && !out_.hand_raised) {
        out_.hand_raised = true;
        raises_ = &rule;
      }
    }
  }

  const Model& model_;
  std::span<const Points> sums_;
  std::span<const Part> parts_;
  ExplainRows* rows_ = nullptr;
  std::span<const Standing> standings_{};
  const RuleRun* run_ = model_.runs.data();  // the next one
  const Rule* forces_ = nullptr;
  const Rule* raises_ = nullptr;
  Totals out_;
};

// Thresholds descend.
std::int16_t highest(std::span<const Grade> grades, std::int32_t number) {
  for (std::size_t i = 0; i < grades.size(); ++i) {
    if (grades[i].min <= number) return static_cast<std::int16_t>(i);
  }
  return -1;
}

bool is_earned(const Band& band, const Evaluation& shown) {
  if (band.min_score && (band.is_exclusive ? shown.score <= *band.min_score : shown.score < *band.min_score))
    return false;
  if (band.min_fit && shown.fit < *band.min_fit) return false;
  if (band.min_engagement && shown.engagement < *band.min_engagement) return false;
  // The better grade has the smaller index; no grade meets no minimum.
  if (band.min_grade >= 0 && (shown.grade < 0 || shown.grade > band.min_grade)) return false;
  return band.min_level < 0 || (shown.level >= 0 && shown.level <= band.min_level);
}

// The highest of them; ranks ascend.
std::int16_t earned_band(const Model& model, const Evaluation& shown) {
  std::size_t i = model.bands.size();
  while (i > 0 && !is_earned(model.bands.data()[i - 1], shown)) --i;
  return static_cast<std::int16_t>(static_cast<int>(i) - 1);
}

}  // namespace

Totals totals(const Model& model, std::span<const Points> sums, std::span<const Part> parts) {
  return Combiner<false>(model, sums, parts).totals();
}

Outcome shown(const Model& model, const Totals& totals) {
  Outcome outcome{{}, totals};
  Evaluation& shown = outcome.shown;
  shown.score = displayed(totals.score);
  shown.engagement = displayed(totals.engagement);
  shown.fit = displayed(totals.fit);
  shown.grade = highest(model.grades, shown.fit);
  shown.level = highest(model.levels, shown.engagement);
  shown.persona = totals.persona;
  shown.disqualified = totals.disqualified;
  shown.hand_raised = totals.hand_raised;
  // Disqualified beats every band.
  if (!totals.disqualified) shown.band = std::max(earned_band(model, shown), totals.forced_band);
  return outcome;
}

void tell(const Model& model, std::span<const Points> sums, std::span<const Part> parts,
          std::span<const Standing> standings, ExplainRows& rows) {
  Combiner<true> combiner(model, sums, parts);
  combiner.tell_to(rows, standings);
  const Outcome outcome = shown(model, combiner.totals());
  combiner.tell_verdicts(outcome, earned_band(model, outcome.shown));
}

}  // namespace lead_scoring
