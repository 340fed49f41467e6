// The words of a model's JSON for its enumerations, in the order of their values; used by parser and printer.
#pragma once

#include <array>
#include <string_view>

namespace lead_scoring::words {

inline constexpr std::array<std::string_view, 2> resolutions{"day", "hour"};
inline constexpr std::array<std::string_view, 2> components{"engagement", "fit"};
inline constexpr std::array<std::string_view, 6> measures{"occurrences", "value", "tiers",
                                                          "inactivity",  "cycle", "season"};
inline constexpr std::array<std::string_view, 5> decays{"none", "exponential", "linear", "step", "expire"};
inline constexpr std::array<std::string_view, 2> anchors{"occurrence", "activity"};
inline constexpr std::array<std::string_view, 6> periods{"ever", "day", "week", "month", "quarter", "year"};
inline constexpr std::array<std::string_view, 3> counts{"occurrences", "items", "value"};
inline constexpr std::array<std::string_view, 2> window_anchors{"now", "last"};

template <typename Enum, std::size_t size>
[[nodiscard]] constexpr std::string_view of(const std::array<std::string_view, size>& list, Enum value) {
  return list[static_cast<std::size_t>(value)];
}

}  // namespace lead_scoring::words
