// Combinations in a model that cannot be meant.
#include <algorithm>
#include <tuple>

#include "error.hpp"
#include "model_reader.hpp"

namespace lead_scoring {
namespace {

void check_clamp(const Clamp& clamp, const std::string& path, Problems& problems) {
  constexpr std::string_view hint =
      "A minimum is 0 or less and a maximum 0 or more, so that a lead without history has 0.";
  if (clamp.has_min() && clamp.min > 0) problems.add(path, "min is above 0", hint);
  if (clamp.has_max() && clamp.max < 0) problems.add(path, "max is below 0", hint);
}

void check_window(const Window& window, const std::string& path, Problems& problems) {
  if (!window.within.given() || !window.older_than.given()) return;
  const Span& within = window.within.span;
  const Span& older = window.older_than.span;
  if (older.months >= within.months && older.days >= within.days && older.hours >= within.hours) {
    problems.add(path, "the window is empty: older_than " + to_text(older) + " is not shorter than within " +
                           to_text(within));
  }
}

template <typename List>
void check_names(const List& list, std::string_view key, Problems& problems) {
  std::vector<std::string_view> names;
  for (const auto& element : list) names.push_back(element.name);
  std::sort(names.begin(), names.end());
  for (std::size_t i = 1; i < names.size(); ++i) {
    const bool is_first_repeat = names[i] == names[i - 1] && (i == 1 || names[i] != names[i - 2]);
    if (is_first_repeat && !names[i].empty()) {
      problems.add(key, "the name \"" + excerpt(names[i]) + "\" stands more than once");
    }
  }
}

void check_rule(const Model& model, const Rule& rule, const std::string& path, Problems& problems) {
  check_clamp(rule.clamp, path, problems);
  if (rule.group >= 0 && model.groups[static_cast<std::size_t>(rule.group)].component != rule.component) {
    problems.add(path, "the rule and its group belong to different components");
  }
  if (rule.repeat.limit > 0 && rule.count_by == CountBy::items && !rule.repeat.per_item) {
    problems.add(path, "a repeat limit goes with distinct items only per item", R"(Say "per_item": true.)");
  }
  if (rule.repeat.limit > 0 && rule.count_by == CountBy::value) {
    // Inside a tick there is no order, so it is not known which of its values the limit would keep.
    problems.add(path, "a repeat limit does not go with count_by value");
  }
  if (rule.guard) check_window(rule.guard->window, path + " guard", problems);
  for (std::size_t i = 0; i < rule.tiers.size(); ++i) {
    check_window(rule.tiers[i].window, path + ' ' + place("tiers", i, {}), problems);
  }
}

// Grades stand in descending order of thresholds.
void check_grades(std::span<const Grade> grades, const std::string& key, Problems& problems) {
  check_names(grades, key, problems);
  for (std::size_t i = 1; i < grades.size(); ++i) {
    if (grades[i].min != grades[i - 1].min) continue;
    problems.add(key, '"' + excerpt(grades[i - 1].name) + "\" and \"" + excerpt(grades[i].name) +
                          "\" have the same min " + std::to_string(grades[i].min));
  }
}

void check_bands(const Model& model, Problems& problems) {
  check_names(model.bands, "bands", problems);
  const auto minima = [](const Band& band) {
    return std::tuple(band.min_score, band.min_score && band.is_exclusive, band.min_fit, band.min_engagement,
                      band.min_grade, band.min_level);
  };
  for (std::size_t i = 0; i < model.bands.size(); ++i) {
    const Band& band = model.bands[i];
    if (band.name == "disqualified") {
      problems.add("bands", "\"disqualified\" is the band of disqualified leads",
                   "Give the band another name.");
    }
    if (band.is_exclusive && !band.min_score) {
      problems.add("bands \"" + excerpt(band.name) + '"', "exclusive needs min_score");
    }
    for (std::size_t j = 0; j < i; ++j) {
      const std::string both = '"' + excerpt(model.bands[j].name) + "\" and \"" + excerpt(band.name) + '"';
      if (model.bands[j].rank == band.rank) {
        problems.add("bands", both + " have the same rank " + std::to_string(band.rank),
                     "Every band needs its own rank; a higher one is better.");
      }
      if (minima(model.bands[j]) == minima(band)) {
        problems.add("bands", both + " have the same minima", "The lower of the two could never be seen.");
      }
    }
  }
}

}  // namespace

void check_model(const Model& model, Problems& problems) {
  if (model.sheet_clamp.min > model.sheet_clamp.max) {
    problems.add("model", "min_score is above max_score", "Without min_score it is 0.");
  }
  check_clamp(model.component_clamps[0], "components engagement", problems);
  check_clamp(model.component_clamps[1], "components fit", problems);
  check_names(model.groups, "groups", problems);
  for (std::size_t i = 0; i < model.groups.size(); ++i) {
    const Group& group = model.groups[i];
    check_clamp(group.clamp, place("groups", i, group.name), problems);
    if (group.is_persona && group.component != Component::fit) {
      problems.add(place("groups", i, group.name), "a persona is a group of component fit");
    }
  }
  check_names(model.rules, "rules", problems);
  for (std::size_t i = 0; i < model.rules.size(); ++i) {
    check_rule(model, model.rules[i], place("rules", i, model.rules[i].name), problems);
  }
  check_grades(model.grades, "grades", problems);
  check_grades(model.levels, "levels", problems);
  check_bands(model, problems);
  if (model.segment) check_window(model.segment->window, "segment", problems);
}

}  // namespace lead_scoring
