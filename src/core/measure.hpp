// What one rule says about a lead at one tick. evaluate, explain and next_change all ask here.
#pragma once

#include <algorithm>
#include <functional>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "exact.hpp"
#include "history.hpp"
#include "model.hpp"

namespace lead_scoring {

// Why a rule does not hold.
enum class Reason : std::uint8_t {
  none,
  guard,
  not_valid,
  not_yet,
  no_occurrence,
  decayed,
  no_tier,
  active,
  never_active,
  cycle_unknown,
  cycle_just_begun,
  hold_over,
  out_of_season,
};
[[nodiscard]] std::string_view text_of(Reason reason);

struct Standing {
  Points points = 0;  // rounded contribution, before the rule's clamp
  std::int64_t counted =
      0;  // occurrences that survive validity, since and limit; tiers, inactivity: n; learned
          // season: years
  std::int64_t dropped = 0;  // occurrences that do not survive

  // The future, with no arrival of a new entry; filled when looking ahead. Between now and `jumps` the
  // contribution is the sum of two parts that each only grow or only shrink, `holds` changes at most once, and
  // neither moves before `moves`.
  Points rising = 0;  // the part of positive values; the rest of `points` is the part of negative ones
  Tick moves = never;
  Tick jumps = never;
  bool is_mixed = false;  // there are both parts: each was rounded by itself and may be off by a thousandth

  bool holds = false;
  Reason reason = Reason::none;
};

struct Edge {  // at this tick entries come into a window (change > 0) or leave it
  Tick tick;
  std::int64_t change;
};

// Room for lists that one rule after the other makes anew.
template <typename T>
class Reused {
 public:
  explicit Reused(std::pmr::memory_resource* memory) : allocator_(memory) {}
  // Room for so many; what it held is lost.
  [[nodiscard]] T* room(std::size_t size) {
    if (size > size_) {
      size_ = std::max(2 * size_, size);  // the smaller one is left to the memory resource
      room_ = allocator_.allocate(size_);
    }
    return room_;
  }
  [[nodiscard]] bool holds(std::span<const T> list) const {
    return !list.empty() && std::less_equal<>()(room_, list.data()) &&
           std::less<>()(list.data(), room_ + size_);
  }

 private:
  static_assert(std::is_trivially_copyable_v<T>);
  std::pmr::polymorphic_allocator<T> allocator_;
  T* room_ = nullptr;
  std::size_t size_ = 0;
};

// Memory that one rule after the other uses.
struct Scratch {
  explicit Scratch(std::pmr::memory_resource* memory)
      : memory(memory), entries(memory), by_item(memory), edges(memory), days(memory) {}
  std::pmr::memory_resource* memory;
  Reused<Entry> entries;
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

// The rule's own occurrences that count: valid, later than the `since` signal's last, within the repeat limit.
// Ascending ticks; timeless ones stand at the end, with the tick of now and signal 0. They may lie in the
// scratch.
struct Occurrences {
  std::span<const Entry> all{};
  std::int64_t count = 0;  // their sum, saturating
};
[[nodiscard]] Occurrences filtered_occurrences(const Rule& rule, const Scene& scene);
[[nodiscard]] inline Occurrences counted_occurrences(const Rule& rule, const Past& past, const Scene& scene) {
  if (rule.is_only_limited) {
    const bool is_within_limit =
        past.count <= rule.repeat.limit ||
        // One occurrence each on different ticks: no tick can have too many.
        (rule.is_limited_by_tick && past.count == static_cast<std::int64_t>(past.present));
    if (is_within_limit && !past.has_timeless()) return {past.come(), past.count};
  } else if (!rule.is_filtered) {
    if (!past.has_timeless()) return {past.come(), past.count};
    if (past.present == 0) return {past.timeless(), past.count};
  }
  return filtered_occurrences(rule, scene);
}
[[nodiscard]] inline Occurrences counted_occurrences(const Rule& rule, const Scene& scene) {
  return counted_occurrences(rule, scene.history.of(rule.signal), scene);
}
[[nodiscard]] inline bool is_timeless(const Entry& counted) { return counted.signal == 0; }
// Of a rule whose signal has timeless entries: first tick after now at which one begins or ceases to count, or
// counts in another period.
[[nodiscard]] Tick timeless_edge(const Rule& rule, const Scene& scene);
// Why the rule has no counted occurrence; none when it has.
[[nodiscard]] Reason why_no_occurrence(const Rule& rule, const Scene& scene, const Occurrences& counted);

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
[[nodiscard]] Points large_contribution(Points points, Int128 sum, Int128 unit);
[[nodiscard]] inline Points contribution(Points points, std::int64_t sum, std::int64_t unit) {
  // Products within 61 bits, which nearly all are, need no long division.
  constexpr std::uint64_t most = std::uint64_t{1} << 61;
  std::int64_t product = 0;
  if (__builtin_mul_overflow(points, sum, &product)) [[unlikely]]
    return large_contribution(points, sum, unit);
  const std::uint64_t size =
      product < 0 ? -static_cast<std::uint64_t>(product) : static_cast<std::uint64_t>(product);
  if (size >= most) [[unlikely]]
    return large_contribution(points, sum, unit);
  const auto whole = static_cast<std::uint64_t>(unit);
  const auto quotient = static_cast<Points>((2 * size + whole) / (2 * whole));
  const Points rounded = std::min(quotient, most_points);
  return product < 0 ? -rounded : rounded;
}
[[nodiscard]] inline Points contribution(Points points, Int128 sum, std::int64_t unit) {
  if (sum != static_cast<std::int64_t>(sum)) [[unlikely]]
    return large_contribution(points, sum, unit);
  return contribution(points, static_cast<std::int64_t>(sum), unit);
}

// Measure `occurrences` without decay: there is no weight to look up.
[[nodiscard]] inline bool is_constant(const Rule& rule) {
  return rule.decay.kind == DecayKind::none && rule.measure == Measure::occurrences;
}
inline void measure_constant(const Rule& rule, const Scene& scene, const Occurrences& counted,
                             Standing& standing) {
  standing.points = standing.rising = contribution(rule.points, counted.count, 1);
  standing.holds = !counted.all.empty();
  if (!standing.holds) standing.reason = why_no_occurrence(rule, scene, counted);
}

// Whether all that counts is so old that it weighs nothing, now and later; nothing is if nothing counts.
[[nodiscard]] inline bool is_dead(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  if (counted.all.empty()) return false;
  Tick start = counted.all.back().tick;
  if (rule.decay.anchor == Anchor::activity) start = std::max(start, scene.history.last_activity());
  return std::int64_t{scene.now()} - start >= rule.decay.lifetime;
}

// Of a rule whose signal has never occurred, and never will as far as the tally knows.
inline constexpr Standing idle_standing{.reason = Reason::no_occurrence};

// Of any rule, and of one that listens to the past of its signal and has no guard. Both overwrite `standing`.
void stand(const Rule& rule, const Scene& scene, Standing& standing);
inline void stand_on(const Past& past, const Rule& rule, const Scene& scene, Standing& standing) {
  if (!rule.is_simple || past.is_empty()) return stand(rule, scene, standing);
  standing = {};
  const Occurrences counted = counted_occurrences(rule, past, scene);
  standing.counted = counted.count;
  standing.dropped = past.count - counted.count;
  if (scene.looks_ahead && rule.is_filtered && past.has_timeless())
    standing.jumps = timeless_edge(rule, scene);
  if (is_constant(rule)) return measure_constant(rule, scene, counted, standing);
  if (!is_dead(rule, scene, counted)) return measure_occurrences(rule, scene, counted, standing);
  standing.reason = Reason::decayed;
}
[[nodiscard]] inline bool counts_occurrences(const Rule& rule) {
  return rule.signal != no_signal && rule.measure != Measure::inactivity;
}
[[nodiscard]] inline bool weighs_occurrences(const Rule& rule) {
  return rule.measure == Measure::occurrences || rule.measure == Measure::value;
}
// Points and holds of a rule that has begun to move and moves on, given what it counts. No guard is asked: it would
// not move, but jump.
void move_on(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing);

}  // namespace lead_scoring
