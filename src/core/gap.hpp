// What would lift a lead to a band: for each rule how many more occurrences now, and what time alone will do.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>

#include "error.hpp"
#include "evaluate.hpp"

namespace lead_scoring {

// No more occurrences than these are tried.
inline constexpr std::int64_t most_repeats = 1000;

struct GapRow {
  std::string_view way{};        // reached | repeat | value | cannot | time
  std::string_view component{};  // of a rule's row
  std::string_view rule{};
  std::string_view signal{};            // whose occurrences were added
  std::int64_t more = 0;                // occurrences now; 0 where nothing was added
  std::optional<std::int64_t> value{};  // of the one occurrence, in 1/10000
  bool has_result = false;              // score, band and gained tell the result; not with `cannot`
  std::int32_t score = 0;
  std::int16_t band = -1;
  bool disqualified = false;
  std::int64_t gained = 0;    // thousandths of a point, against now
  Tick until = never;         // reached: when that ends; time: when the band changes; never: not at all
  std::string_view reason{};  // cannot: why; reached and time: what happens
};

// When the lead is in the band or a higher one: how long it stays there. Otherwise one row a rule, those that
// lift the lead there first, beginning with the smallest number of occurrences: k occurrences do, and k − 1 do
// not. Occurrences that are added happen at tick `at`, each with a new item. The result is that of the whole
// model: a signal moves all rules that look at it. A rule has a way when it takes part in it, which is when its
// own points grow or it forces a band; with a guard, occurrences of the guard's signal are tried as well, and for
// inactivity those of any activity.
// Rules that count values are given one occurrence, and the smallest value that does; any value
// will do where the row has none.
// The last row is what happens to the band without any new row.
//
// `once`: names of signals that a lead can have once only (those of its profile).
// invalid_parameter for a band that the model does not have; otherwise errors as for evaluate. Throws Cancelled.
[[nodiscard]] std::span<const GapRow> gap(const Model& model, Bytes tally, Tick at, std::string_view band,
                                          std::span<const std::string_view> once,
                                          StopRequested stop_requested, std::pmr::memory_resource* memory);

}  // namespace lead_scoring
