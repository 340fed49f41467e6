// From JSON to a model: everything but the rules, which are in rule_json.cpp.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "error.hpp"
#include "model_reader.hpp"
#include "model_words.hpp"
#include "tally.hpp"

namespace lead_scoring {
namespace {

constexpr std::int64_t most_threshold = std::numeric_limits<std::int32_t>::max();
// Indexes into the lists have 16 bits.
constexpr std::size_t most_elements = 32'000;

// The elements of a list in the model, each read by `read(element, index)`.
template <typename T, typename Read>
std::vector<T> read_list(Fields& fields, std::string_view key, Read read) {
  std::vector<T> result;
  const std::vector<const Json*> elements = fields.list(key);
  if (elements.size() > most_elements) {
    fields.problem(std::string(key) + " has more than " + std::to_string(most_elements) + " elements");
    return result;
  }
  for (std::size_t i = 0; i < elements.size(); ++i) result.push_back(read(*elements[i], i));
  return result;
}

Fields element_fields(ModelReader& reader, std::string_view list, std::size_t index, const Json& json) {
  Fields fields(json, place(list, index, {}), reader.problems, reader.memory);
  return fields;
}

// The name, which from then on is part of the place of the element's problems.
std::string_view read_name(Fields& fields, std::string_view list, std::size_t index) {
  const std::string_view name = fields.name();
  fields.rename(place(list, index, name));
  return name;
}

void read_activity(ModelReader& reader, Fields& fields, std::vector<Signal>& signals) {
  for (const Json* element : fields.list("activity")) {
    const auto is_it = [&](const Signal& signal) { return *element == signal.name; };
    const auto signal = std::find_if(signals.begin(), signals.end(), is_it);
    if (signal == signals.end()) {
      reader.problems.add("activity", "signal " + shown(*element) + " does not exist");
    } else if (signal->is_activity) {
      reader.problems.add("activity", "signal " + shown(*element) + " is listed twice");
    } else {
      signal->is_activity = signal->is_used = true;
    }
  }
}

void read_signals(ModelReader& reader, Fields& fields) {
  std::vector<Signal> signals;
  Fields numbers = fields.object("signals");
  if (const Json* json = fields.value("signals"); json != nullptr && json->is_object()) {
    for (const auto& [name, number] : json->items()) {
      if (name.empty() || name.find('\0') != name.npos)
        numbers.problem("the name of a signal is empty or not a text");
      const std::int64_t value = numbers.integer(name, 1, max_signal).value_or(0);
      signals.push_back(
          {.name = keep_text(name, reader.memory), .number = static_cast<std::uint32_t>(value)});
    }
  }
  if (signals.size() > most_elements) numbers.problem("there are more than " + std::to_string(most_elements));
  read_activity(reader, fields, signals);

  const auto created = static_cast<std::uint32_t>(fields.integer("created", 1, max_signal).value_or(0));
  const auto has_number = [](std::uint32_t number) {
    return [number](const Signal& signal) { return signal.number == number; };
  };
  if (created != 0 && std::none_of(signals.begin(), signals.end(), has_number(created))) {
    signals.push_back({.name = {}, .number = created});
  }
  std::sort(signals.begin(), signals.end(),
            [](const Signal& a, const Signal& b) { return a.number < b.number; });
  for (std::size_t i = 1; i < signals.size(); ++i) {
    if (signals[i].number == signals[i - 1].number && signals[i].number != 0) {
      numbers.problem('"' + std::string(signals[i - 1].name) + "\" and \"" + std::string(signals[i].name) +
                      "\" have the same number " + std::to_string(signals[i].number));
    }
  }
  if (created != 0) {
    const auto signal = std::find_if(signals.begin(), signals.end(), has_number(created));
    reader.model.created = static_cast<SignalIndex>(signal - signals.begin());
  }
  reader.model.signals = reader.signals = keep_list(signals, reader.memory);
}

std::span<const Grade> read_grades(ModelReader& reader, Fields& fields, std::string_view key) {
  auto grades = read_list<Grade>(fields, key, [&](const Json& json, std::size_t i) {
    Fields entry = element_fields(reader, key, i, json);
    Grade grade{.name = read_name(entry, key, i)};
    entry.require("min");
    grade.min = static_cast<std::int32_t>(entry.integer("min", -most_threshold, most_threshold).value_or(0));
    entry.finish();
    return grade;
  });
  std::stable_sort(grades.begin(), grades.end(),
                   [](const Grade& a, const Grade& b) { return a.min > b.min; });
  return keep_list(grades, reader.memory);
}

Band read_band(ModelReader& reader, const Json& json, std::size_t index) {
  Fields fields = element_fields(reader, "bands", index, json);
  Band band{.name = read_name(fields, "bands", index)};
  const auto threshold = [&](std::string_view key) -> std::optional<std::int32_t> {
    const auto number = fields.integer(key, -most_threshold, most_threshold);
    return number ? std::optional(static_cast<std::int32_t>(*number)) : std::nullopt;
  };
  fields.require("rank");
  band.rank = threshold("rank").value_or(0);
  band.min_score = threshold("min_score");
  band.is_exclusive = fields.flag("exclusive");
  band.min_fit = threshold("min_fit");
  band.min_engagement = threshold("min_engagement");
  if (const auto name = fields.text("min_grade")) {
    band.min_grade = find_name(reader.model.grades, *name, fields, "grade");
  }
  if (const auto name = fields.text("min_level")) {
    band.min_level = find_name(reader.model.levels, *name, fields, "level");
  }
  fields.finish();
  return band;
}

void read_bands(ModelReader& reader, Fields& fields) {
  auto bands = read_list<Band>(fields, "bands",
                               [&](const Json& json, std::size_t i) { return read_band(reader, json, i); });
  std::stable_sort(bands.begin(), bands.end(), [](const Band& a, const Band& b) { return a.rank < b.rank; });
  reader.model.bands = keep_list(bands, reader.memory);
}

Group read_group(ModelReader& reader, const Json& json, std::size_t index) {
  Fields fields = element_fields(reader, "groups", index, json);
  Group group{.name = read_name(fields, "groups", index)};
  group.component = fields.word("component", words::components, Component::engagement);
  group.clamp = read_clamp(fields);
  group.is_persona = fields.flag("persona");
  fields.finish();
  return group;
}

void read_clamps(ModelReader& reader, Fields& fields) {
  Model& model = reader.model;
  constexpr std::int64_t most = most_points / one_point;
  if (const auto min = fields.decimal("min_score", 3, most)) model.sheet_clamp.min = *min;
  if (const auto max = fields.decimal("max_score", 3, most)) model.sheet_clamp.max = *max;
  Fields components = fields.object("components");
  for (std::size_t i = 0; i < words::components.size(); ++i) {
    Fields component = components.object(words::components[i]);
    model.component_clamps[i] = read_clamp(component);
    component.finish();
  }
  components.finish();
}

void read_model(ModelReader& reader, const Json& json) {
  Model& model = reader.model;
  Fields fields(json, "model", reader.problems, reader.memory);
  fields.require("format");
  if (fields.has("format") && *fields.value("format") != 1) {
    fields.problem("format " + shown(*fields.value("format")) + " is not known; this release reads format 1");
  }
  (void)fields.value("format");
  fields.require("time_zone");
  model.zone = fields.text("time_zone").value_or(std::string_view());
  model.calendar = Calendar(fields.word("resolution", words::resolutions, Resolution::day));
  read_signals(reader, fields);
  read_clamps(reader, fields);
  model.grades = read_grades(reader, fields, "grades");
  model.levels = read_grades(reader, fields, "levels");
  read_bands(reader, fields);
  model.groups = keep_list(
      read_list<Group>(fields, "groups",
                       [&](const Json& group, std::size_t i) { return read_group(reader, group, i); }),
      reader.memory);
  model.rules = reader.rules =
      keep_list(read_list<Rule>(fields, "rules",
                                [&](const Json& rule, std::size_t i) { return read_rule(reader, rule, i); }),
                reader.memory);
  model.segment = read_condition(reader, fields, "segment");
  fields.finish();
  check_model(model, reader.problems);
}

}  // namespace

std::string place(std::string_view list, std::size_t index, std::string_view name) {
  std::string text = std::string(list) + '[' + std::to_string(index) + ']';
  if (!name.empty()) text += " \"" + excerpt(name) + '"';
  return text;
}

SignalIndex read_signal(ModelReader& reader, Fields& fields, std::string_view key) {
  const auto name = fields.text(key);
  return name ? find_name(reader.model.signals, *name, fields, "signal") : no_signal;
}

Clamp read_clamp(Fields& fields) {
  constexpr std::int64_t most = most_points / one_point;
  Clamp clamp;
  if (const auto min = fields.decimal("min", 3, most)) clamp.min = *min;
  if (const auto max = fields.decimal("max", 3, most)) clamp.max = *max;
  return clamp;
}

Window read_window(ModelReader& reader, Fields& fields) {
  return {.within = fields.interval("within", reader.calendar()),
          .older_than = fields.interval("older_than", reader.calendar())};
}

std::optional<Condition> read_condition(ModelReader& reader, Fields& fields, std::string_view key) {
  const Json* json = fields.value(key);
  if (json == nullptr) return std::nullopt;
  Condition condition;
  if (json->is_string()) {
    condition.signal = read_signal(reader, fields, key);
    condition.min = 1;
    return condition;
  }
  Fields entry = fields.object(key);
  entry.require("signal");
  condition.signal = read_signal(reader, entry, "signal");
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() - 1;
  if (json->is_object() && !entry.has("min") && !entry.has("max")) {
    entry.problem("min or max is missing", "A signal's name alone, instead of an object, means min 1.");
  }
  if (const auto min = entry.integer("min", 0, most)) condition.min = *min;
  if (const auto max = entry.integer("max", 0, most)) condition.max = *max;
  if (condition.min > condition.max) entry.problem("min is above max: it is never met");
  condition.window = read_window(reader, entry);
  entry.finish();
  return condition;
}

const Model* parse_model(std::string_view json, std::pmr::memory_resource* memory) {
  const Json document = parse_json(json);
  Model* model = new (std::pmr::polymorphic_allocator<Model>(memory).allocate(1)) Model{};
  Problems problems;
  ModelReader reader{*model, problems, memory};
  read_model(reader, document);
  problems.raise_if_any();
  plan_model(reader);
  return model;
}

}  // namespace lead_scoring
