// Measure `tiers`: the first tier whose count lies between its bounds gives its points.
#include <algorithm>

#include "account.hpp"
#include "measure.hpp"

namespace lead_scoring {
namespace {

constexpr std::int64_t value_unit = 10'000;

std::int64_t clamped(Int128 number) {
  return static_cast<std::int64_t>(std::clamp<Int128>(number, std::numeric_limits<std::int64_t>::min(),
                                                      std::numeric_limits<std::int64_t>::max()));
}

struct Match {
  const Tier* tier = nullptr;
  std::int64_t n = 0;  // of that tier; of the last one when none matches
};

std::span<const Entry> in_order_of_matching(const Rule& rule, const Scene& scene,
                                            std::span<const Entry> entries) {
  if (rule.count_by != CountBy::items) return entries;
  std::pmr::vector<Entry>& copy = scene.scratch.by_item;
  copy.assign(entries.begin(), entries.end());
  std::sort(copy.begin(), copy.end(), [](const Entry& a, const Entry& b) {
    return a.item != b.item ? a.item < b.item : a.tick < b.tick;
  });
  return copy;
}

class TierMatcher {
 public:
  TierMatcher(const Rule& rule, const Scene& scene, const Occurrences& counted)
      : rule_(rule),
        calendar_(scene.calendar()),
        counted_(counted),
        entries_(in_order_of_matching(rule, scene, counted.all)) {}

  // `at`: the tick that windows look back from.
  [[nodiscard]] Match match(Tick at) const {
    Match result;
    for (const Tier& tier : rule_.tiers) {
      result.n = number(tier.window, at);
      if (tier.min <= result.n && result.n <= tier.max) return {&tier, result.n};
    }
    return result;
  }

 private:
  [[nodiscard]] std::int64_t number(const Window& window, Tick at) const {
    if (rule_.count_by == CountBy::items) return distinct_items(window, at);
    const bool is_value = rule_.count_by == CountBy::value;
    if (!is_value && window.is_open_ended()) return counted_.count;
    const Lapse& within = window.within;
    Int128 sum = 0;
    for (const Entry* entry = entries_.data() + entries_.size(); entry != entries_.data();) {
      --entry;
      // What came before is too old as well; timeless ones are the last.
      if (within.given() && std::int64_t{at} - entry->tick >= within.most && !is_timeless(*entry)) break;
      if (is_inside(window, calendar_, *entry, at)) sum += is_value ? entry->value : entry->count;
    }
    return clamped(sum);
  }

  [[nodiscard]] std::int64_t distinct_items(const Window& window, Tick at) const {
    std::int64_t items = 0;
    const Entry* counted = nullptr;
    for (const Entry& entry : entries_) {
      if (counted != nullptr && counted->item == entry.item) continue;
      if (!is_inside(window, calendar_, entry, at)) continue;
      ++items;
      counted = &entry;
    }
    return items;
  }

  const Rule& rule_;
  const Calendar& calendar_;
  const Occurrences& counted_;
  std::span<const Entry>
      entries_;  // in ascending order of ticks, or with distinct items in the order of items
};

// First tick after now at which another tier, or none, matches; it may be too early, never too late.
Tick next_match(const Rule& rule, const Scene& scene, const TierMatcher& matcher, const Match& now,
                std::span<const Entry> counted) {
  std::pmr::vector<Edge>& edges = scene.scratch.edges;
  edges.clear();
  const Window* before = nullptr;  // tiers of one window have its edges in common
  for (const Tier& tier : rule.tiers) {
    if (before == nullptr || !(tier.window == *before)) append_edges(tier.window, scene, counted);
    before = &tier.window;
    if (&tier == now.tier) break;  // later tiers do not matter while this one matches
  }
  sort_edges(edges);
  // Each match reads the entries again: a busy lead gets fewer tries, and looks again where they end. Entries that
  // are too old to matter must not make a difference, or condense would.
  auto tries = std::clamp<std::size_t>(4096 / (edges.size() + 1), 2, 32);
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (i > 0 && edges[i].tick == edges[i - 1].tick) continue;
    if (tries-- == 0 || matcher.match(edges[i].tick).tier != now.tier) return edges[i].tick;
  }
  return never;
}

// n as explain shows it: value sums in whole units.
std::int64_t shown_number(const Rule& rule, std::int64_t n) {
  return rule.count_by == CountBy::value ? static_cast<std::int64_t>(divide_rounded(n, value_unit)) : n;
}

// The tick that windows look back from.
Tick looked_from(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  const bool is_from_last = rule.window_anchor == WindowAnchor::last && !counted.all.empty();
  return is_from_last ? counted.all.back().tick : scene.now();
}

}  // namespace

TierAccount look_at_tiers(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  const Tick at = looked_from(rule, scene, counted);
  const TierMatcher matcher(rule, scene, counted);
  TierAccount account{.tier = matcher.match(at).tier};
  const Tier& looked_at = account.tier != nullptr ? *account.tier : rule.tiers.back();
  for (const Entry& entry : counted.all) {
    if (is_inside(looked_at.window, scene.calendar(), entry, at)) continue;
    account.outside = saturating_add(account.outside, entry.count);
  }
  return account;
}

void measure_tiers(const Rule& rule, const Scene& scene, const Occurrences& counted, Standing& standing) {
  const Tick at = looked_from(rule, scene, counted);
  const TierMatcher matcher(rule, scene, counted);
  const Match match = matcher.match(at);
  standing.counted = shown_number(rule, match.n);
  standing.holds = match.tier != nullptr;
  if (match.tier != nullptr) {
    standing.points = standing.rising = match.tier->points;
  } else {
    standing.reason = why_no_occurrence(rule, scene, counted);
    if (standing.reason == Reason::none) standing.reason = Reason::no_tier;
  }
  // Windows that look back from the last occurrence stay where they are, unless it is a timeless one.
  const bool stays =
      rule.window_anchor == WindowAnchor::last && !counted.all.empty() && !is_timeless(counted.all.back());
  if (scene.looks_ahead && !stays) standing.jumps = next_match(rule, scene, matcher, match, counted.all);
}

}  // namespace lead_scoring
