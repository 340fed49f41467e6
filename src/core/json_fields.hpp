// Reading one JSON object key by key: every value is checked where it is read, what nobody asked for is
// unknown, and all problems are collected with their places instead of stopping at the first.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "calendar.hpp"
#include "lapse.hpp"

namespace lead_scoring {

using Json = nlohmann::json;

class Problems {
 public:
  // `hint` says how to mend it; the error as a whole carries the first one.
  void add(std::string_view path, const std::string& problem, std::string_view hint = {});
  // Throws Error(invalid_parameter) when there is any.
  void raise_if_any() const;

 private:
  std::string first_;
  std::string lines_;
  std::string hint_;
  int count_ = 0;
};

// A copy in `memory` that nobody frees.
[[nodiscard]] std::string_view keep_text(std::string_view text, std::pmr::memory_resource* memory);
template <typename T>
[[nodiscard]] std::span<T> keep_list(const std::vector<T>& list, std::pmr::memory_resource* memory) {
  static_assert(std::is_trivially_destructible_v<T>);
  T* copy = std::pmr::polymorphic_allocator<T>(memory).allocate(list.size());
  std::uninitialized_copy(list.begin(), list.end(), copy);
  return {copy, list.size()};
}

class Fields {
 public:
  // A value that is no object is a problem, and reads as one without keys.
  Fields(const Json& value, std::string path, Problems& problems, std::pmr::memory_resource* memory);

  [[nodiscard]] const std::string& path() const { return path_; }
  void rename(std::string path) { path_ = std::move(path); }
  [[nodiscard]] Problems& problems() const { return *problems_; }
  void problem(const std::string& text, std::string_view hint = {}) const {
    problems_->add(path_, text, hint);
  }

  [[nodiscard]] bool has(std::string_view key) const;
  // The value as it is, null pointer when missing; it counts as asked for.
  [[nodiscard]] const Json* value(std::string_view key);
  [[nodiscard]] Fields object(std::string_view key);
  // The elements of a list; none when it is missing, or no list, which is a problem.
  [[nodiscard]] std::vector<const Json*> list(std::string_view key);
  void require(std::string_view key);

  // Each returns nothing (or the default) when the key is missing or its value is wrong, which is a problem.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view key);  // not empty; kept in memory
  [[nodiscard]] std::string_view name();                                     // required text under "name"
  [[nodiscard]] bool flag(std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::int64_t least,
                                                    std::int64_t most);
  // An exact decimal number times 10^decimals; |number| ≤ most.
  [[nodiscard]] std::optional<std::int64_t> decimal(std::string_view key, int decimals, std::int64_t most);
  [[nodiscard]] std::optional<Day> date(std::string_view key);
  // Positive, whole ticks of the calendar, at most 1000 years.
  [[nodiscard]] Lapse interval(std::string_view key, const Calendar& calendar);
  // In minutes; a month is 30 days.
  [[nodiscard]] std::optional<std::int64_t> half_life(std::string_view key);
  template <typename Enum, std::size_t size>
  [[nodiscard]] Enum word(std::string_view key, const std::array<std::string_view, size>& words,
                          Enum otherwise) {
    return static_cast<Enum>(word_index(key, words, static_cast<std::size_t>(otherwise)));
  }

  // Reports the keys that nobody asked for.
  void finish() const;

 private:
  [[nodiscard]] std::size_t word_index(std::string_view key, std::span<const std::string_view> words,
                                       std::size_t otherwise);
  // The string under the key, null when it is missing or no string.
  [[nodiscard]] const std::string* string(std::string_view key);

  const Json* object_;
  std::string path_;
  Problems* problems_;
  std::pmr::memory_resource* memory_;
  std::vector<std::string> known_;
};

// What a message shows of a JSON value.
[[nodiscard]] std::string shown(const Json& value);

// The document of a model; invalid_text, with the place, when it is no JSON or has a key twice in one object.
[[nodiscard]] Json parse_json(std::string_view text);

}  // namespace lead_scoring
