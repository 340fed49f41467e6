// A model: the compiled, immutable, published revision of a sheet. Its text form is one JSON document
// (format 1); parsing checks everything that can be checked without a database and reports all errors.
//
// {"format": 1, "time_zone": "Europe/London", "resolution": "day",
//  "signals": {"order": 1, "visit": 2},           name → number in the tally; those the sheet names
//  "activity": ["order"],                         signals that are activity
//  "created": 3,                                  number of the reserved signal `created`; may be missing
//  "min_score": 0, "max_score": 100,              sheet clamp: points with ≤ 3 decimals; max may be missing
//  "components": {"engagement": {"min": 0, "max": 80}, "fit": {"max": 40}},         clamps, may be missing
//  "groups": [{"name": "buying", "component": "engagement", "min": -10, "max": 50, "persona": false}],
//  "rules": [{
//     "name": "orders", "component": "engagement", "group": "buying", "signal": "order",
//     "measure": "occurrences",                   occurrences | value | tiers | inactivity | cycle | season
//     "points": 10,                               |points| ≤ 10^6, ≤ 3 decimals; not with tiers; may be
//                                                 missing where there is a ceiling
//     "min": -50, "max": 100,                     rule clamp
//     "decay": {"kind": "exponential", "half_life": "P30D", "anchor": "occurrence"}
//            | {"kind": "linear", "lifespan": "P90D"} | {"kind": "step", "percent": 50, "every": "P1M"}
//            | {"kind": "expire", "lifespan": "P90D"},             anchor: occurrence (default) | activity
//     "repeat": {"limit": 1, "period": "day", "per_item": true},   period: ever (default), day … year
//     "valid_from": "2026-01-01", "valid_to": "2026-12-31",
//     "count_by": "occurrences",                  tiers: occurrences | items | value
//     "window_anchor": "last",                    tiers: now (default) | last
//     "tiers": [{"min": 3, "max": 9, "points": 10, "within": "P7D", "older_than": "P1D"}],
//     "after": "P1M", "every": "P1M", "max_times": 3, "ceiling": 50,             inactivity
//     "cycle": "P3M", "learned": true, "step": "P1M" | "linear": true, "hold": "P2M",        cycle;
//                                                 linear where there is no step
//     "windows": [["03-01", "05-31"]], "months": [3, 4, 5], "learned": true,     season: one of the three
//     "guard": {"signal": "order", "min": 1, "max": 3, "within": "P30D", "older_than": "P1D"},
//     "since": "rejection", "disqualifies": true, "forces_band": "SQL", "hand_raise": true}],
//  "grades": [{"name": "A", "min": 75}], "levels": [{"name": "1", "min": 75}],
//  "bands": [{"name": "MQL", "rank": 1, "min_score": 60, "exclusive": true, "min_fit": 10,
//             "min_engagement": 20, "min_grade": "B", "min_level": "2"}],
//  "segment": {"signal": "order", "max": 0}}      as a guard; a bare name means min 1
//
// Disabled rules are left out when a sheet is compiled. Keys with default values are not printed, except
// resolution, component and measure; a parsed model prints the same text again, and equal models print equal
// texts: signals in the order of their numbers, bands by rank, grades and levels from the highest; rules and
// groups keep their order, which explain and the choice of a persona follow.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "calendar.hpp"
#include "lapse.hpp"
#include "weight.hpp"

namespace lead_scoring {

using Points = std::int64_t;  // thousandths of a point
inline constexpr Points one_point = 1000;
inline constexpr Points most_points = 1'000'000'000 * one_point;  // at which a contribution saturates

// Index into the model's signals; no_signal where there is none.
using SignalIndex = std::int32_t;
inline constexpr SignalIndex no_signal = -1;

enum class Component : std::uint8_t { engagement, fit };
enum class Measure : std::uint8_t { occurrences, value, tiers, inactivity, cycle, season };
enum class CountBy : std::uint8_t { occurrences, items, value };
enum class WindowAnchor : std::uint8_t { now, last };

struct Signal {
  std::string_view name;     // empty: the reserved signal `created` where the sheet does not name it
  std::uint32_t number = 0;  // in tallies
  bool is_activity = false;
  // For speed only; plan_model fills them in.
  bool is_used = false;  // by a rule, a guard, the segment or as activity: its entries can matter
  bool is_by_row =
      false;  // a rule looks at items or values: entries of one tick are not as good as their sum
};

struct Clamp {
  Points min = std::numeric_limits<Points>::min();  // none
  Points max = std::numeric_limits<Points>::max();  // none

  [[nodiscard]] bool has_min() const { return min != std::numeric_limits<Points>::min(); }
  [[nodiscard]] bool has_max() const { return max != std::numeric_limits<Points>::max(); }
};

// The entries at least `older_than` old and younger than `within`; an interval that is not given is no limit.
struct Window {
  Lapse within{};
  Lapse older_than{};

  [[nodiscard]] bool is_open_ended() const { return !within.given() && !older_than.given(); }
  friend bool operator==(const Window&, const Window&) = default;
};

// Guard and segment: min ≤ number of occurrences in the window ≤ max.
struct Condition {
  SignalIndex signal = no_signal;
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  Window window{};
};

struct Repeat {
  std::int32_t limit = 0;  // 0: none
  Period period = Period::ever;
  bool per_item = false;
};

struct Tier {
  std::int64_t min = 1;  // occurrences or items, or value in 1/10000
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  Points points = 0;
  Window window{};
};

struct Inactivity {
  Lapse after{};
  Lapse every{};
  std::int32_t max_times = 0;  // 0: no limit; 1 without `every`
  std::optional<Points> ceiling{};
};

struct Cycle {
  Lapse length{};
  bool is_learned = false;
  Lapse step{};  // none: linear
  Lapse hold{};
};

struct MonthDay {
  std::uint8_t month = 1;
  std::uint8_t day = 1;
};
struct SeasonWindow {
  MonthDay first;
  MonthDay last;
};
// Days of a leap year, 0 (1 January) … 365.
inline constexpr int days_of_season = 366;
struct Season {
  std::span<const SeasonWindow> windows{};
  std::uint16_t months = 0;  // bit m for month m
  bool is_learned = false;
  std::array<bool, days_of_season> days{};  // what windows and months come to
  // Days from each until one that is in where it is out, or out where it is in; 0 where all are alike.
  std::array<std::uint16_t, days_of_season> until_edge{};
};

struct Rule {
  std::string_view name;
  Component component = Component::engagement;
  Measure measure = Measure::occurrences;
  std::int16_t group = -1;
  SignalIndex signal = no_signal;
  Points points = 0;
  Clamp clamp{};
  Decay decay{};
  Repeat repeat{};
  std::optional<Day> valid_from{};
  std::optional<Day> valid_to{};
  Tick first_valid = std::numeric_limits<Tick>::min() + 1;  // the same in ticks
  Tick last_valid = never;
  CountBy count_by = CountBy::occurrences;
  WindowAnchor window_anchor = WindowAnchor::now;
  std::span<const Tier> tiers{};
  Inactivity inactivity{};
  Cycle cycle{};
  const Season* season = nullptr;
  std::optional<Condition> guard{};
  SignalIndex since = no_signal;
  bool disqualifies = false;
  bool hand_raise = false;
  std::int16_t forces_band = -1;
  // For speed only; plan_model fills them in.
  bool is_filtered = false;         // not every occurrence counts
  bool can_be_idle = false;         // says nothing, now or later, while its signal has not occurred
  bool is_simple = false;           // weighs occurrences of its signal, and has no guard
  bool is_only_limited = false;     // filtered, but neither by dates nor by another signal
  std::uint16_t sum = 0;            // that its points are added to: see combine.hpp
  bool is_limited_by_tick = false;  // the limit's period is a tick, whose occurrences have been summed
};

// Rules that share component and group, in the model's order; group −1 for those without.
struct RuleRun {
  Component component = Component::engagement;
  std::int16_t group = -1;
  std::uint16_t sum = 0;  // of their points: see combine.hpp
  Clamp clamp{};          // of the group
  std::span<const std::uint16_t> rules{};
};

struct Group {
  std::string_view name;
  Component component = Component::engagement;
  Clamp clamp{};
  bool is_persona = false;
};

struct Grade {  // or level
  std::string_view name;
  std::int32_t min = 0;
};

struct Band {
  std::string_view name;
  std::int32_t rank = 0;
  std::optional<std::int32_t> min_score{};
  bool is_exclusive = false;
  std::optional<std::int32_t> min_fit{};
  std::optional<std::int32_t> min_engagement{};
  std::int16_t min_grade = -1;  // indexes; −1: not asked
  std::int16_t min_level = -1;
};

// Plain data without owners: everything it points to came from the memory resource given to parse_model, so
// that a model may be abandoned together with its memory.
struct Model {
  std::string_view zone;
  Calendar calendar{Resolution::day};
  std::span<const Signal> signals{};  // ascending numbers
  SignalIndex created = no_signal;
  Clamp sheet_clamp{0, std::numeric_limits<Points>::max()};  // always has a minimum
  std::array<Clamp, 2> component_clamps{};                   // by Component
  std::span<const Group> groups{};
  std::span<const Rule> rules{};
  std::span<const Grade> grades{};  // descending thresholds
  std::span<const Grade> levels{};
  std::span<const Band> bands{};  // ascending ranks
  std::optional<Condition> segment{};
  // For speed only; plan_model fills them in.
  std::span<const std::uint32_t> numbers{};  // of the signals; behind the last one more than any
  // One that is not used has the number of the one before, which is found first.
  std::span<const std::span<const std::uint16_t>> listeners{};  // by signal: rules that are idle without it
  std::span<const std::int64_t>
      lifetimes{};                           // by signal: how old its last entry is when no listener minds it
  std::span<const std::uint16_t> wakeful{};  // all other rules
  std::span<const std::uint16_t> order{};    // of the rules: by component and group, ungrouped ones last
  std::span<const RuleRun> runs{};           // of that order
  std::span<const std::uint16_t> ceilings{};  // rules that have one
  std::span<const std::uint16_t> verdicts{};  // rules that disqualify, force a band or raise the hand
  std::span<const std::uint16_t> watched{};   // all of these
  bool has_personas = false;

  [[nodiscard]] std::string_view time_zone() const { return zone; }
  [[nodiscard]] Resolution resolution() const { return calendar.resolution(); }
  // Names of the indexes in an Evaluation.
  [[nodiscard]] std::string_view grade_name(int index) const {
    return grades[static_cast<std::size_t>(index)].name;
  }
  [[nodiscard]] std::string_view level_name(int index) const {
    return levels[static_cast<std::size_t>(index)].name;
  }
  [[nodiscard]] std::string_view band_name(int index) const {
    return bands[static_cast<std::size_t>(index)].name;
  }
  [[nodiscard]] std::string_view persona_name(int index) const {
    return groups[static_cast<std::size_t>(index)].name;
  }
};
static_assert(std::is_trivially_destructible_v<Model> && std::is_trivially_destructible_v<Rule>);

// Parses and checks a model as a whole. invalid_text for what is no JSON; invalid_parameter for a model with
// problems: the message is the first of them with its place, the detail lists all, one a line. The result and
// all it points to are allocated from `memory` and never freed one by one; `json` need not outlive the call.
[[nodiscard]] const Model* parse_model(std::string_view json, std::pmr::memory_resource* memory);

// The canonical text: one line, parse_model of it prints it again.
[[nodiscard]] std::string print_model(const Model& model);

}  // namespace lead_scoring
