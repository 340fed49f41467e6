// The order is that of the semantics: rule clamp → group sum, clamp → persona choice → component sum, clamp →
// total → lowest ceiling → sheet clamp → disqualification → displayed integers → grade, level → band.
#include "combine.hpp"

#include <algorithm>
#include <array>

#include "exact.hpp"
#include "explain_rows.hpp"

namespace lead_scoring {
namespace {

// Half away from zero; saturates. Sums of all rules that a model can have stay far below 2^62.
std::int32_t displayed(Points points) {
  const Points size = points < 0 ? -points : points;
  const Points quotient = (size + one_point / 2) / one_point;
  const Points rounded = points < 0 ? -quotient : quotient;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(rounded, std::numeric_limits<std::int32_t>::min(),
                                                            std::numeric_limits<std::int32_t>::max()));
}

struct ClampNames {
  std::string_view min;
  std::string_view max;
};
constexpr ClampNames rule_clamp{"rule minimum", "rule maximum"};
constexpr ClampNames group_clamp{"group minimum", "group maximum"};
constexpr ClampNames component_clamp{"component minimum", "component maximum"};
constexpr ClampNames sheet_clamp{"sheet minimum", "sheet maximum"};

bool caps(const Standing& standing) { return standing.holds; }
bool caps(const Part& part) { return part.caps; }

// Rows are written only where somebody reads them: evaluating does not even ask whether.
template <typename Part, bool tells>  // Part or Standing
class Combiner {
 public:
  Combiner(const Model& model, std::span<const std::uint16_t> roused, std::span<const Part> parts,
           std::span<Points> group_sums, ExplainRows* rows)
      : model_(model), roused_(roused), parts_(parts), group_sums_(group_sums), rows_(rows) {}

  Outcome run() {
    std::fill(group_sums_.begin(), group_sums_.end(), 0);
    if constexpr (!tells) sum_up();
    out_.engagement = component_sum(Component::engagement);
    out_.fit = component_sum(Component::fit);
    if constexpr (tells) rows_->enter_sheet();
    Points total = under_ceiling(out_.engagement + out_.fit);
    total = clamped(total, model_.sheet_clamp, sheet_clamp, {});
    out_.score = after_disqualification(total);
    Evaluation& shown = out_.shown;
    shown.score = displayed(out_.score);
    shown.engagement = displayed(out_.engagement);
    shown.fit = displayed(out_.fit);
    shown.grade = highest(model_.grades, shown.fit);
    shown.level = highest(model_.levels, shown.engagement);
    choose_band();
    raise_hand();
    return out_;
  }

 private:
  void add_row(std::string_view kind, std::string_view what, Points change, std::string_view cause) {
    if constexpr (tells) rows_->add(kind, what, change, cause);
  }

  Points clamped(Points points, const Clamp& clamp, const ClampNames& names, std::string_view cause) {
    // Not std::clamp: an impossible clamp is refused when the model is read, but the order is then still defined.
    const Points result = std::max(clamp.min, std::min(clamp.max, points));
    if constexpr (!tells) return result;
    if (result != points) add_row("clamp", result > points ? names.min : names.max, result - points, cause);
    return result;
  }

  Points rule_points(std::size_t index) {
    if constexpr (tells) rows_->add_rule(index);
    const Points points = parts_[index].points;
    if (points == 0) return 0;  // which lies in every clamp
    const Rule& rule = model_.rules[index];
    return clamped(points, rule.clamp, rule_clamp, rule.name);
  }

  Points component_sum(Component component) {
    if constexpr (tells) rows_->enter_component(component);
    Points sum = 0;
    for (; run_ < model_.runs.size() && model_.runs[run_].component == component; ++run_)
      sum += run_sum(model_.runs[run_]);
    if constexpr (tells) rows_->enter_group(-1);
    if (component == Component::fit && model_.has_personas) sum -= persona_losses();
    return clamped(sum, model_.component_clamps[static_cast<std::size_t>(component)], component_clamp, {});
  }

  // Rows come in the order of the runs; without them nobody minds the order.
  void sum_up() {
    const Rule* const rules = model_.rules.data();
    for (const std::uint16_t i : roused_) {
      if (parts_[i].points != 0) sum_of(rules[i].component, rules[i].group) += rule_points(i);
    }
  }
  Points& sum_of(Component component, std::int16_t group) {
    if (group < 0) return ungrouped_[static_cast<std::size_t>(component)];
    return group_sums_[static_cast<std::size_t>(group)];
  }

  // Sum of the rules that share a group, or of those that have none.
  Points run_sum(const RuleRun& run) {
    Points& sum = sum_of(run.component, run.group);
    if constexpr (tells) {
      rows_->enter_group(run.group);
      for (const std::uint16_t rule : run.rules) sum += rule_points(rule);
    }
    if (run.group < 0) return sum;
    const auto group = static_cast<std::size_t>(run.group);
    return sum = clamped(sum, model_.groups[group].clamp, group_clamp, {});
  }

  // Chooses the persona; what the others had is taken away again.
  Points persona_losses() {
    std::int16_t& winner = out_.shown.persona;
    for (std::size_t i = 0; i < model_.groups.size(); ++i) {
      if (!model_.groups[i].is_persona || group_sums_[i] == 0) continue;
      if (winner < 0 || group_sums_[i] > group_sums_[static_cast<std::size_t>(winner)]) {
        winner = static_cast<std::int16_t>(i);
      }
    }
    Points losses = 0;
    for (std::size_t i = 0; i < model_.groups.size(); ++i) {
      if (!model_.groups[i].is_persona || group_sums_[i] == 0 || static_cast<std::int16_t>(i) == winner)
        continue;
      losses += group_sums_[i];
      if constexpr (tells) rows_->enter_group(static_cast<int>(i));
      add_row("persona", "persona loss", -group_sums_[i], model_.persona_name(winner));
    }
    if constexpr (tells) rows_->enter_group(-1);
    return losses;
  }

  Points under_ceiling(Points total) {
    const Rule* lowest = nullptr;
    for (const std::uint16_t i : model_.ceilings) {
      if (!caps(parts_[i])) continue;
      const Rule& rule = model_.rules[i];
      if (lowest == nullptr || *rule.inactivity.ceiling < *lowest->inactivity.ceiling) lowest = &rule;
    }
    if (lowest == nullptr || total <= *lowest->inactivity.ceiling) return total;
    add_row("ceiling", "ceiling", *lowest->inactivity.ceiling - total, lowest->name);
    return *lowest->inactivity.ceiling;
  }

  // First rule that holds and has the property; null when there is none.
  template <typename Property>
  const Rule* first_holding(Property has_it) const {
    for (const std::uint16_t i : model_.verdicts) {
      if (parts_[i].holds && has_it(model_.rules[i])) return &model_.rules[i];
    }
    return nullptr;
  }

  Points after_disqualification(Points total) {
    const Rule* cause = first_holding([](const Rule& rule) { return rule.disqualifies; });
    out_.shown.disqualified = cause != nullptr;
    if (cause == nullptr) return total;
    add_row("verdict", "disqualified", model_.sheet_clamp.min - total, cause->name);
    return model_.sheet_clamp.min;
  }

  // Thresholds descend.
  static std::int16_t highest(std::span<const Grade> grades, std::int32_t number) {
    for (std::size_t i = 0; i < grades.size(); ++i) {
      if (grades[i].min <= number) return static_cast<std::int16_t>(i);
    }
    return -1;
  }

  [[nodiscard]] bool is_earned(const Band& band) const {
    const Evaluation& shown = out_.shown;
    if (band.min_score &&
        (band.is_exclusive ? shown.score <= *band.min_score : shown.score < *band.min_score))
      return false;
    if (band.min_fit && shown.fit < *band.min_fit) return false;
    if (band.min_engagement && shown.engagement < *band.min_engagement) return false;
    // The better grade has the smaller index; no grade meets no minimum.
    if (band.min_grade >= 0 && (shown.grade < 0 || shown.grade > band.min_grade)) return false;
    return band.min_level < 0 || (shown.level >= 0 && shown.level <= band.min_level);
  }

  void choose_band() {
    if (out_.shown.disqualified) return;  // that beats every band
    std::int16_t& band = out_.shown.band;
    for (std::size_t i = model_.bands.size(); i-- > 0 && band < 0;) {
      if (is_earned(model_.bands[i])) band = static_cast<std::int16_t>(i);
    }
    const Rule* force = nullptr;
    for (const std::uint16_t i : model_.verdicts) {
      if (!parts_[i].holds || model_.rules[i].forces_band <= band) continue;
      band = model_.rules[i].forces_band;
      force = &model_.rules[i];
    }
    if (force != nullptr) add_row("verdict", "forced band", 0, force->name);
  }

  void raise_hand() {
    const Rule* cause = first_holding([](const Rule& rule) { return rule.hand_raise; });
    out_.shown.hand_raised = cause != nullptr;
    if (cause != nullptr) add_row("verdict", "hand raised", 0, cause->name);
  }

  const Model& model_;
  std::span<const std::uint16_t> roused_;
  std::span<const Part> parts_;
  std::span<Points> group_sums_;
  ExplainRows* rows_;
  std::size_t run_ = 0;                // the next one of the model
  std::array<Points, 2> ungrouped_{};  // by Component
  Outcome out_;
};

}  // namespace

Outcome combine(const Model& model, std::span<const std::uint16_t> roused,
                std::span<const Standing> standings, std::span<Points> group_sums, ExplainRows* rows) {
  if (rows != nullptr) return Combiner<Standing, true>(model, roused, standings, group_sums, rows).run();
  return Combiner<Standing, false>(model, roused, standings, group_sums, nullptr).run();
}

Outcome combine(const Model& model, std::span<const std::uint16_t> roused, std::span<const Part> parts,
                std::span<Points> group_sums) {
  return Combiner<Part, false>(model, roused, parts, group_sums, nullptr).run();
}

}  // namespace lead_scoring
