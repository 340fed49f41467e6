// From a model to its canonical JSON.
#include <nlohmann/json.hpp>

#include "model.hpp"
#include "model_words.hpp"

namespace lead_scoring {
namespace {

// Writes one document from front to back; hand-made because decimals must print exactly as they are.
class Writer {
 public:
  void open(char bracket) {
    separate();
    text_ += bracket;
    is_first_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    is_first_ = false;
  }
  Writer& key(std::string_view name) {
    separate();
    append_quoted(name);
    text_ += ": ";
    is_first_ = true;  // no comma before the value
    return *this;
  }
  void value(std::string_view text) {
    separate();
    append_quoted(text);
  }
  void value(std::int64_t number) {
    separate();
    text_ += std::to_string(number);
  }
  void value(bool flag) {
    separate();
    text_ += flag ? "true" : "false";
  }
  // number / 10^decimals, without trailing zeros
  void decimal(std::int64_t number, int decimals) {
    separate();
    if (number < 0) text_ += '-';
    std::string digits = std::to_string(number < 0 ? -number : number);
    const auto places = static_cast<std::size_t>(decimals);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    std::string fraction = digits.substr(digits.size() - places);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text_ += digits.substr(0, digits.size() - places);
    if (!fraction.empty()) text_ += '.' + fraction;
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!is_first_) text_ += ", ";
    is_first_ = false;
  }
  void append_quoted(std::string_view text) { text_ += nlohmann::json(text).dump(); }

  std::string text_;
  bool is_first_ = true;
};

void print(Writer& out, std::string_view key, Points points) { out.key(key).decimal(points, 3); }
void print_flag(Writer& out, std::string_view key, bool flag) {
  if (flag) out.key(key).value(true);
}
void print(Writer& out, std::string_view key, const Lapse& lapse) {
  if (lapse.given()) out.key(key).value(std::string_view(to_text(lapse.span)));
}
void print(Writer& out, const Clamp& clamp) {
  if (clamp.has_min()) print(out, "min", clamp.min);
  if (clamp.has_max()) print(out, "max", clamp.max);
}
void print(Writer& out, const Window& window) {
  print(out, "within", window.within);
  print(out, "older_than", window.older_than);
}

std::string_view signal_name(const Model& model, SignalIndex signal) {
  return model.signals[static_cast<std::size_t>(signal)].name;
}

void print(Writer& out, const Model& model, std::string_view key, const Condition& condition) {
  out.key(key).open('{');
  out.key("signal").value(signal_name(model, condition.signal));
  const bool has_max = condition.max != std::numeric_limits<std::int64_t>::max();
  if (condition.min != 0 || !has_max) out.key("min").value(condition.min);
  if (has_max) out.key("max").value(condition.max);
  print(out, condition.window);
  out.close('}');
}

std::string half_life_text(std::int64_t minutes) {
  if (minutes % (24 * 60) == 0) return "P" + std::to_string(minutes / (24 * 60)) + "D";
  if (minutes % 60 == 0) return "PT" + std::to_string(minutes / 60) + "H";
  return "PT" + std::to_string(minutes) + "M";
}

void print(Writer& out, const Decay& decay) {
  if (decay.kind == DecayKind::none) return;
  out.key("decay").open('{');
  out.key("kind").value(words::of(words::decays, decay.kind));
  if (decay.kind == DecayKind::exponential) {
    out.key("half_life").value(std::string_view(half_life_text(decay.half_life)));
  } else if (decay.kind == DecayKind::step) {
    out.key("percent").decimal(decay.percent, 3);
    print(out, "every", decay.lapse);
  } else {
    print(out, "lifespan", decay.lapse);
  }
  if (decay.anchor == Anchor::activity) out.key("anchor").value(words::of(words::anchors, decay.anchor));
  out.close('}');
}

void print(Writer& out, const Repeat& repeat) {
  if (repeat.limit == 0) return;
  out.key("repeat").open('{');
  out.key("limit").value(std::int64_t{repeat.limit});
  if (repeat.period != Period::ever) out.key("period").value(words::of(words::periods, repeat.period));
  print_flag(out, "per_item", repeat.per_item);
  out.close('}');
}

void print_tiers(Writer& out, const Rule& rule) {
  const bool is_value = rule.count_by == CountBy::value;
  const auto bound = [&](std::string_view key, std::int64_t number) {
    out.key(key).decimal(number, is_value ? 4 : 0);
  };
  if (rule.count_by != CountBy::occurrences)
    out.key("count_by").value(words::of(words::counts, rule.count_by));
  if (rule.window_anchor == WindowAnchor::last) {
    out.key("window_anchor").value(words::of(words::window_anchors, rule.window_anchor));
  }
  out.key("tiers").open('[');
  for (const Tier& tier : rule.tiers) {
    out.open('{');
    if (tier.min != (is_value ? 10'000 : 1)) bound("min", tier.min);
    if (tier.max != std::numeric_limits<std::int64_t>::max()) bound("max", tier.max);
    print(out, "points", tier.points);
    print(out, tier.window);
    out.close('}');
  }
  out.close(']');
}

void print(Writer& out, const Inactivity& inactivity) {
  print(out, "after", inactivity.after);
  print(out, "every", inactivity.every);
  if (inactivity.max_times != 0) out.key("max_times").value(std::int64_t{inactivity.max_times});
  if (inactivity.ceiling) print(out, "ceiling", *inactivity.ceiling);
}

void print(Writer& out, const Cycle& cycle) {
  print(out, "cycle", cycle.length);
  print_flag(out, "learned", cycle.is_learned);
  print(out, "step", cycle.step);
  print_flag(out, "linear", !cycle.step.given());
  print(out, "hold", cycle.hold);
}

std::string month_day_text(MonthDay at) {
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(at.month) + '-' + two(at.day);
}

void print(Writer& out, const Season& season) {
  if (!season.windows.empty()) {
    out.key("windows").open('[');
    for (const SeasonWindow& window : season.windows) {
      out.open('[');
      out.value(std::string_view(month_day_text(window.first)));
      out.value(std::string_view(month_day_text(window.last)));
      out.close(']');
    }
    out.close(']');
  }
  if (season.months != 0) {
    out.key("months").open('[');
    for (std::int64_t month = 1; month <= 12; ++month) {
      if ((season.months >> month & 1) != 0) out.value(month);
    }
    out.close(']');
  }
  print_flag(out, "learned", season.is_learned);
}

void print_measure(Writer& out, const Rule& rule) {
  switch (rule.measure) {
    case Measure::occurrences:
    case Measure::value:
      return print(out, rule.decay);
    case Measure::tiers:
      return print_tiers(out, rule);
    case Measure::inactivity:
      return print(out, rule.inactivity);
    case Measure::cycle:
      return print(out, rule.cycle);
    case Measure::season:
      return print(out, *rule.season);
  }
}

void print(Writer& out, const Model& model, const Rule& rule) {
  out.open('{');
  out.key("name").value(rule.name);
  out.key("component").value(words::of(words::components, rule.component));
  if (rule.group >= 0) out.key("group").value(model.groups[static_cast<std::size_t>(rule.group)].name);
  if (rule.signal != no_signal) out.key("signal").value(signal_name(model, rule.signal));
  out.key("measure").value(words::of(words::measures, rule.measure));
  const bool has_points = rule.measure != Measure::tiers && (rule.points != 0 || !rule.inactivity.ceiling);
  if (has_points) print(out, "points", rule.points);
  print(out, rule.clamp);
  print_measure(out, rule);
  print(out, rule.repeat);
  if (rule.valid_from) out.key("valid_from").value(std::string_view(to_text(civil(*rule.valid_from))));
  if (rule.valid_to) out.key("valid_to").value(std::string_view(to_text(civil(*rule.valid_to))));
  if (rule.guard) print(out, model, "guard", *rule.guard);
  if (rule.since != no_signal) out.key("since").value(signal_name(model, rule.since));
  print_flag(out, "disqualifies", rule.disqualifies);
  if (rule.forces_band >= 0) out.key("forces_band").value(model.band_name(rule.forces_band));
  print_flag(out, "hand_raise", rule.hand_raise);
  out.close('}');
}

void print_signals(Writer& out, const Model& model) {
  out.key("signals").open('{');
  for (const Signal& signal : model.signals) {
    if (!signal.name.empty()) out.key(signal.name).value(std::int64_t{signal.number});
  }
  out.close('}');
  bool is_any = false;
  for (const Signal& signal : model.signals) {
    if (!signal.is_activity) continue;
    if (!is_any) out.key("activity").open('[');
    is_any = true;
    out.value(signal.name);
  }
  if (is_any) out.close(']');
  if (model.created != no_signal) {
    out.key("created").value(std::int64_t{model.signals[static_cast<std::size_t>(model.created)].number});
  }
}

void print_clamps(Writer& out, const Model& model) {
  if (model.sheet_clamp.min != 0) print(out, "min_score", model.sheet_clamp.min);
  if (model.sheet_clamp.has_max()) print(out, "max_score", model.sheet_clamp.max);
  const auto has_any = [](const Clamp& clamp) { return clamp.has_min() || clamp.has_max(); };
  if (!has_any(model.component_clamps[0]) && !has_any(model.component_clamps[1])) return;
  out.key("components").open('{');
  for (std::size_t i = 0; i < words::components.size(); ++i) {
    if (!has_any(model.component_clamps[i])) continue;
    out.key(words::components[i]).open('{');
    print(out, model.component_clamps[i]);
    out.close('}');
  }
  out.close('}');
}

// The key with its list, unless that is empty.
template <typename List, typename Print>
void print_list(Writer& out, std::string_view key, const List& list, Print print_element) {
  if (list.empty()) return;
  out.key(key).open('[');
  for (const auto& element : list) print_element(element);
  out.close(']');
}

void print(Writer& out, const Group& group) {
  out.open('{');
  out.key("name").value(group.name);
  out.key("component").value(words::of(words::components, group.component));
  print(out, group.clamp);
  print_flag(out, "persona", group.is_persona);
  out.close('}');
}

void print(Writer& out, const Grade& grade) {
  out.open('{');
  out.key("name").value(grade.name);
  out.key("min").value(std::int64_t{grade.min});
  out.close('}');
}

void print(Writer& out, const Model& model, const Band& band) {
  const auto threshold = [&](std::string_view key, const std::optional<std::int32_t>& min) {
    if (min) out.key(key).value(std::int64_t{*min});
  };
  out.open('{');
  out.key("name").value(band.name);
  threshold("rank", band.rank);
  threshold("min_score", band.min_score);
  print_flag(out, "exclusive", band.is_exclusive);
  threshold("min_fit", band.min_fit);
  threshold("min_engagement", band.min_engagement);
  if (band.min_grade >= 0) out.key("min_grade").value(model.grade_name(band.min_grade));
  if (band.min_level >= 0) out.key("min_level").value(model.level_name(band.min_level));
  out.close('}');
}

}  // namespace

std::string print_model(const Model& model) {
  Writer out;
  out.open('{');
  out.key("format").value(std::int64_t{1});
  out.key("time_zone").value(model.time_zone());
  out.key("resolution").value(words::of(words::resolutions, model.resolution()));
  print_signals(out, model);
  print_clamps(out, model);
  print_list(out, "groups", model.groups, [&](const Group& group) { print(out, group); });
  print_list(out, "rules", model.rules, [&](const Rule& rule) { print(out, model, rule); });
  print_list(out, "grades", model.grades, [&](const Grade& grade) { print(out, grade); });
  print_list(out, "levels", model.levels, [&](const Grade& level) { print(out, level); });
  print_list(out, "bands", model.bands, [&](const Band& band) { print(out, model, band); });
  if (model.segment) print(out, model, "segment", *model.segment);
  out.close('}');
  return out.take();
}

}  // namespace lead_scoring
