// What the files that read and check a model share.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "json_fields.hpp"
#include "model.hpp"

namespace lead_scoring {

struct ModelReader {
  Model& model;
  Problems& problems;
  std::pmr::memory_resource* memory;
  // Those of the model, to be completed.
  std::span<Signal> signals{};
  std::span<Rule> rules{};

  [[nodiscard]] const Calendar& calendar() const { return model.calendar; }
};

// 'rules[2] "orders"': where a problem is, for a person.
[[nodiscard]] std::string place(std::string_view list, std::size_t index, std::string_view name);

// Index of the named element; −1, a problem, when there is none.
template <typename List>
[[nodiscard]] std::int16_t find_name(const List& list, std::string_view name, const Fields& fields,
                                     std::string_view what) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].name == name) return static_cast<std::int16_t>(i);
  }
  fields.problem(std::string(what) + " \"" + std::string(name) + "\" does not exist");
  return -1;
}

[[nodiscard]] SignalIndex read_signal(ModelReader& reader, Fields& fields, std::string_view key);
[[nodiscard]] Clamp read_clamp(Fields& fields);
[[nodiscard]] Window read_window(ModelReader& reader, Fields& fields);
// A guard or the segment: an object, or a signal's bare name, which means min 1.
[[nodiscard]] std::optional<Condition> read_condition(ModelReader& reader, Fields& fields,
                                                      std::string_view key);
[[nodiscard]] Rule read_rule(ModelReader& reader, const Json& json, std::size_t index);

// Problems that take more than one value to see.
void check_model(const Model& model, Problems& problems);
// What the parts of the model that are "for speed only" hold. The model has no problems.
void plan_model(ModelReader& reader);

}  // namespace lead_scoring
