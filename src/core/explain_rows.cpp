#include "explain_rows.hpp"

#include "model_words.hpp"

namespace lead_scoring {

void ExplainRows::enter_component(Component component) {
  component_ = words::of(words::components, component);
  group_ = {};
}

void ExplainRows::enter_group(int group) {
  group_ = group < 0 ? std::string_view() : model_->groups[static_cast<std::size_t>(group)].name;
}

void ExplainRows::enter_sheet() { component_ = group_ = {}; }

void ExplainRows::add_rule(std::size_t index) {
  const Rule& rule = model_->rules[index];
  const Standing& standing = standings_[index];
  const Account& account = accounts_[index];
  running_ += standing.points;
  rows_.push_back({
      .component = component_,
      .group = group_,
      .rule = rule.name,
      .signal = rule.signal == no_signal ? std::string_view()
                                         : model_->signals[static_cast<std::size_t>(rule.signal)].name,
      .kind = "rule",
      .holds = standing.holds,
      .counted = standing.counted,
      .dropped = standing.dropped,
      .dropped_because = text_of(account.drops, memory_),
      .weight = account.weight,
      .points = standing.points,
      .running = running_,
      .reason = lead_scoring::text_of(standing.reason),
      .source = &rule,
      .tier = account.tier,
      .quiet_since = account.quiet_since,
  });
}

void ExplainRows::add(std::string_view kind, std::string_view what, Points change, std::string_view cause) {
  running_ += change;
  rows_.push_back({.component = component_,
                   .group = group_,
                   .rule = what,
                   .signal = {},
                   .kind = kind,
                   .holds = true,
                   .counted = 0,
                   .dropped = 0,
                   .dropped_because = {},
                   .points = change,
                   .running = running_,
                   .reason = cause});
}

}  // namespace lead_scoring
