// What evaluating would otherwise have to look for each time, found once when a model is read.
#include <algorithm>
#include <numeric>
#include <tuple>
#include <vector>

#include "model_reader.hpp"

namespace lead_scoring {
namespace {

// The order of explain: by component, then group, what has no group last.
std::vector<std::uint16_t> evaluation_order(const Model& model) {
  std::vector<std::uint16_t> order(model.rules.size());
  std::iota(order.begin(), order.end(), std::uint16_t{0});
  const auto place_of = [&](std::uint16_t index) {
    const Rule& rule = model.rules[index];
    return std::pair(rule.component, static_cast<std::uint16_t>(rule.group));  // −1 becomes the greatest
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint16_t a, std::uint16_t b) { return place_of(a) < place_of(b); });
  return order;
}

std::uint16_t sum_of(const Model& model, const Rule& rule) {
  if (rule.group >= 0) return static_cast<std::uint16_t>(rule.group);
  return static_cast<std::uint16_t>(model.groups.size() + static_cast<std::size_t>(rule.component));
}

std::vector<RuleRun> runs_of(const Model& model) {
  std::vector<RuleRun> runs;
  const auto begins_run = [&](std::size_t i) {
    const Rule& before = model.rules[model.order[i - 1]];
    const Rule& rule = model.rules[model.order[i]];
    return before.component != rule.component || before.group != rule.group;
  };
  for (std::size_t i = 0; i < model.order.size();) {
    const std::size_t first = i++;
    while (i < model.order.size() && !begins_run(i)) ++i;
    const Rule& rule = model.rules[model.order[first]];
    const Clamp clamp = rule.group < 0 ? Clamp{} : model.groups[static_cast<std::size_t>(rule.group)].clamp;
    runs.push_back({rule.component, rule.group, rule.sum, clamp, model.order.subspan(first, i - first)});
  }
  return runs;
}

template <typename Property>
std::span<const std::uint16_t> rules_with(const ModelReader& reader, Property has_it) {
  std::vector<std::uint16_t> rules;
  for (std::size_t i = 0; i < reader.rules.size(); ++i) {
    if (has_it(reader.rules[i])) rules.push_back(static_cast<std::uint16_t>(i));
  }
  return keep_list(rules, reader.memory);
}

void mark_signals(const Model& model, std::span<Signal> signals) {
  const auto mark = [&](SignalIndex signal) {
    if (signal != no_signal) signals[static_cast<std::size_t>(signal)].is_used = true;
  };
  for (const Rule& rule : model.rules) {
    mark(rule.signal);
    mark(rule.since);
    if (rule.guard) mark(rule.guard->signal);
    if (rule.measure == Measure::inactivity) mark(model.created);
    const bool looks_at_rows =
        rule.measure == Measure::value || rule.repeat.per_item || rule.count_by != CountBy::occurrences;
    if (rule.signal != no_signal && looks_at_rows) {
      signals[static_cast<std::size_t>(rule.signal)].is_by_row = true;
    }
  }
  if (model.segment) mark(model.segment->signal);
}

std::vector<std::uint32_t> numbers_of(const Model& model) {
  std::vector<std::uint32_t> numbers;
  for (const Signal& signal : model.signals) {
    const std::uint32_t before = numbers.empty() ? 0 : numbers.back();
    numbers.push_back(signal.is_used ? signal.number : before);
  }
  numbers.push_back(std::numeric_limits<std::uint32_t>::max());
  return numbers;
}

// Rules that decay alike share their table.
void make_tables(std::span<Rule> rules, const Calendar& calendar, std::pmr::memory_resource* memory) {
  const auto key = [](const Decay& decay) {
    const Span& span = decay.lapse.span;
    return std::tuple(decay.kind, decay.half_life, decay.percent, span.months, span.days, span.hours);
  };
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Decay& decay = rules[i].decay;
    const auto alike = std::find_if(rules.begin(), rules.begin() + static_cast<std::ptrdiff_t>(i),
                                    [&](const Rule& rule) { return key(rule.decay) == key(decay); });
    if (alike - rules.begin() == static_cast<std::ptrdiff_t>(i)) {
      make_tables(decay, calendar, memory);
    } else {
      decay.table = alike->decay.table;
      decay.last_tabled = alike->decay.last_tabled;
      decay.lifetime = alike->decay.lifetime;
    }
  }
}

// A guard may be closed without the rule's own signal, and the reason is then another.
bool is_wakeful(const Rule& rule) { return !rule.can_be_idle || rule.guard; }

// From this age of its signal's last entry on the rule has no points and does not hold, whatever else is there.
std::int64_t lifetime_of(const Rule& rule) {
  constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();
  const bool is_weighed = rule.measure == Measure::occurrences || rule.measure == Measure::value;
  if (is_weighed && rule.decay.kind != DecayKind::none && rule.decay.anchor == Anchor::occurrence)
    return rule.decay.lifetime;
  if (rule.measure != Measure::tiers || rule.window_anchor == WindowAnchor::last) return endless;
  std::int64_t longest = 0;
  for (const Tier& tier : rule.tiers)
    longest = std::max(longest, tier.window.within.given() ? std::int64_t{tier.window.within.most} : endless);
  return longest;
}

void plan_listeners(ModelReader& reader) {
  std::vector<std::span<const std::uint16_t>> listeners;
  for (std::size_t signal = 0; signal < reader.signals.size(); ++signal) {
    listeners.push_back(rules_with(reader, [&](const Rule& rule) {
      return !is_wakeful(rule) && rule.signal == static_cast<SignalIndex>(signal);
    }));
  }
  std::vector<std::int64_t> lifetimes;
  for (const std::span<const std::uint16_t> rules : listeners) {
    std::int64_t longest = 0;
    for (const std::uint16_t i : rules) longest = std::max(longest, lifetime_of(reader.rules[i]));
    lifetimes.push_back(longest);
  }
  reader.model.lifetimes = keep_list(lifetimes, reader.memory);
  reader.model.listeners = keep_list(listeners, reader.memory);
  reader.model.wakeful = rules_with(reader, is_wakeful);
}

}  // namespace

void plan_model(ModelReader& reader) {
  Model& model = reader.model;
  mark_signals(model, reader.signals);
  model.numbers = keep_list(numbers_of(model), reader.memory);
  make_tables(reader.rules, model.calendar, reader.memory);
  for (Rule& rule : reader.rules) {
    rule.sum = sum_of(model, rule);
    rule.is_filtered = rule.valid_from || rule.valid_to || rule.since != no_signal || rule.repeat.limit > 0;
    rule.is_simple = !rule.guard && (rule.measure == Measure::occurrences || rule.measure == Measure::value);
    rule.is_only_limited =
        rule.repeat.limit > 0 && !rule.valid_from && !rule.valid_to && rule.since == no_signal;
    rule.is_limited_by_tick = rule.repeat.limit > 0 && rule.repeat.period == Period::day &&
                              model.resolution() == Resolution::day && rule.signal != no_signal &&
                              !model.signals[static_cast<std::size_t>(rule.signal)].is_by_row;
    rule.can_be_idle = rule.signal != no_signal && rule.measure != Measure::inactivity &&
                       std::none_of(rule.tiers.begin(), rule.tiers.end(),
                                    [](const Tier& tier) { return tier.min <= 0 && tier.max >= 0; });
  }
  plan_listeners(reader);
  model.order = keep_list(evaluation_order(model), reader.memory);
  model.runs = keep_list(runs_of(model), reader.memory);
  const auto has_ceiling = [](const Rule& rule) { return rule.inactivity.ceiling.has_value(); };
  const auto has_verdict = [](const Rule& rule) {
    return rule.disqualifies || rule.hand_raise || rule.forces_band >= 0;
  };
  model.ceilings = rules_with(reader, has_ceiling);
  model.verdicts = rules_with(reader, has_verdict);
  model.watched =
      rules_with(reader, [&](const Rule& rule) { return has_ceiling(rule) || has_verdict(rule); });
  model.has_personas = std::any_of(model.groups.begin(), model.groups.end(),
                                   [](const Group& group) { return group.is_persona; });
}

}  // namespace lead_scoring
