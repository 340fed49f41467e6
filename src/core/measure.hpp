// What one rule says about a lead at one tick. evaluate, explain and next_change all ask here.
#pragma once

#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "exact.hpp"
#include "history.hpp"
#include "model.hpp"

namespace lead_scoring {

// Why a rule does not hold.
namespace reason {
inline constexpr std::string_view guard = "guard";
inline constexpr std::string_view not_valid = "not valid";
inline constexpr std::string_view not_yet = "not yet";
inline constexpr std::string_view no_occurrence = "no occurrence";
inline constexpr std::string_view decayed = "decayed";
inline constexpr std::string_view no_tier = "no tier";
inline constexpr std::string_view active = "active";
inline constexpr std::string_view never_active = "never active";
inline constexpr std::string_view cycle_unknown = "cycle unknown";
inline constexpr std::string_view cycle_just_begun = "cycle just begun";
inline constexpr std::string_view hold_over = "hold over";
inline constexpr std::string_view out_of_season = "out of season";
}  // namespace reason

struct Standing {
  Points points = 0;  // rounded contribution, before the rule's clamp
  bool holds = false;
  std::int64_t counted =
      0;  // occurrences that survive validity, since and limit; tiers, inactivity: n; learned
          // season: years
  std::int64_t dropped = 0;  // occurrences that do not survive
  std::string_view reason{};

  // The future, with no arrival of a new entry; filled when looking ahead. Between now and `jumps` the
  // contribution is the sum of two parts that each only grow or only shrink, `holds` changes at most once, and
  // neither moves before `moves`.
  Points rising = 0;      // the part of positive values; the rest of `points` is the part of negative ones
  bool is_mixed = false;  // there are both parts: each was rounded by itself and may be off by a thousandth
  Tick moves = never;
  Tick jumps = never;
};

struct Edge {  // at this tick entries come into a window (change > 0) or leave it
  Tick tick;
  std::int64_t change;
};

// Memory that one rule after the other uses.
struct Scratch {
  explicit Scratch(std::pmr::memory_resource* memory)
      : entries(memory), by_item(memory), edges(memory), days(memory) {}
  std::pmr::vector<Entry> entries;
  std::pmr::vector<Entry> by_item;
  std::pmr::vector<Edge> edges;
  std::pmr::vector<Day> days;
};

struct Scene {
  const Model& model;
  const History& history;
  Scratch& scratch;
  bool looks_ahead = false;

  [[nodiscard]] Tick now() const { return history.now(); }
  [[nodiscard]] const Calendar& calendar() const { return model.calendar; }
};

// Overwrites `standing`.
void stand(const Rule& rule, const Scene& scene, Standing& standing);

// The rule's own occurrences that count: valid, later than the `since` signal's last, within the repeat limit.
// Ascending ticks; timeless ones stand at the end, with the tick of now and signal 0. They may lie in the
// scratch.
struct Occurrences {
  std::span<const Entry> all{};
  std::int64_t count = 0;  // their sum, saturating
};
[[nodiscard]] Occurrences counted_occurrences(const Rule& rule, const Scene& scene);
[[nodiscard]] inline bool is_timeless(const Entry& counted) { return counted.signal == 0; }
// Of a rule whose signal has timeless entries: first tick after now at which one begins or ceases to count, or
// counts in another period.
[[nodiscard]] Tick timeless_edge(const Rule& rule, const Scene& scene);
// Why the rule has no counted occurrence; empty when it has.
[[nodiscard]] std::string_view why_no_occurrence(const Rule& rule, const Scene& scene,
                                                 const Occurrences& counted);

[[nodiscard]] bool is_met(const Condition& condition, const Scene& scene);
// First tick after now at which is_met changes with no arrival; `never` when it stays.
[[nodiscard]] Tick next_flip(const Condition& condition, const Scene& scene);
// Whether a counted entry lies in the window seen from `at`. A timeless one is inside every `within` and outside
// every `older_than`.
[[nodiscard]] inline bool is_inside(const Window& window, const Calendar& calendar, const Entry& entry,
                                    Tick at) {
  if (is_timeless(entry)) return !window.older_than.given();
  if (window.older_than.given() && !is_over(calendar, entry.tick, window.older_than, at)) return false;
  return !window.within.given() || !is_over(calendar, entry.tick, window.within, at);
}
// Of entries in ascending order of ticks, those that can still be in the window at `at` or later.
[[nodiscard]] std::span<const Entry> recent(std::span<const Entry> entries, const Window& window, Tick at);
// Appends the edges after now of these entries, in any order.
void append_edges(const Window& window, const Scene& scene, std::span<const Entry> entries);
// Ascending ticks.
void sort_edges(std::pmr::vector<Edge>& edges);

// The measures; without guard and timeless edges, which `stand` adds. `counted` and `dropped` of measures that
// count occurrences are preset.
void measure_occurrences(const Rule& rule, const Scene& scene, const Occurrences& counted,
                         Standing& standing);
void measure_tiers(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing);
void measure_inactivity(const Rule& rule, const Scene& scene, Standing& standing);
void measure_cycle(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing);
void measure_season(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing);

// points · sum / unit, rounded once half away from zero to a thousandth, saturating at ±10^9 points; unit > 0.
[[nodiscard]] Points contribution(Points points, Int128 sum, Int128 unit);

}  // namespace lead_scoring
