// Guards and the segment: raw counts in a window, and when they will change.
#include <algorithm>

#include "measure.hpp"

namespace lead_scoring {
namespace {

bool is_between(const Condition& condition, Int128 count) {
  return condition.min <= count && count <= condition.max;
}

Int128 count_now(const Condition& condition, const Scene& scene) {
  const Past& past = scene.history.of(condition.signal);
  if (condition.window.is_open_ended()) return past.count;
  Int128 count = 0;
  if (!condition.window.older_than.given()) {  // as is_inside says of timeless ones
    for (const Entry& entry : past.timeless()) count += entry.count;
  }
  for (const Entry& entry : recent(past.come(), condition.window, scene.now())) {
    if (is_inside(condition.window, scene.calendar(), entry, scene.now())) count += entry.count;
  }
  return count;
}

}  // namespace

std::span<const Entry> recent(std::span<const Entry> entries, const Window& window, Tick at) {
  if (!window.within.given()) return entries;
  const std::int64_t before = std::int64_t{at} - window.within.most;
  if (entries.empty() || entries.front().tick > before) return entries;
  const auto begin = std::partition_point(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.tick <= before && !is_timeless(entry);
  });
  return {begin, entries.end()};
}

void append_edges(const Window& window, const Scene& scene, std::span<const Entry> entries) {
  const auto append = [&](const Lapse& lapse, const Entry& entry, std::int64_t change) {
    if (!lapse.given() || is_timeless(entry) || is_over(scene.calendar(), entry.tick, lapse, scene.now()))
      return;
    const Tick edge = end_of(scene.calendar(), entry.tick, lapse);
    if (edge != never) scene.scratch.edges.push_back({edge, change});
  };
  for (const Entry& entry : recent(entries, window, scene.now())) {
    append(window.older_than, entry, entry.count);
    append(window.within, entry, -entry.count);
  }
}

void sort_edges(std::pmr::vector<Edge>& edges) {
  const auto is_earlier = [](const Edge& a, const Edge& b) { return a.tick < b.tick; };
  if (!std::is_sorted(edges.begin(), edges.end(), is_earlier))
    std::sort(edges.begin(), edges.end(), is_earlier);
}

bool is_met(const Condition& condition, const Scene& scene) {
  return is_between(condition, count_now(condition, scene));
}

Tick next_flip(const Condition& condition, const Scene& scene) {
  if (condition.window.is_open_ended()) return never;
  std::pmr::vector<Edge>& edges = scene.scratch.edges;
  edges.clear();
  append_edges(condition.window, scene, scene.history.of(condition.signal).come());
  sort_edges(edges);
  // An entry whose month-long edges fall on one tick comes and goes there; it was never inside.
  Int128 count = count_now(condition, scene);
  const bool is_met_now = is_between(condition, count);
  for (std::size_t i = 0; i < edges.size(); ++i) {
    count += edges[i].change;
    const bool is_last_of_tick = i + 1 == edges.size() || edges[i + 1].tick != edges[i].tick;
    if (is_last_of_tick && is_between(condition, count) != is_met_now) return edges[i].tick;
  }
  return never;
}

}  // namespace lead_scoring
