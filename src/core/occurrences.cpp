// Which of a rule's occurrences count: validity, since, repeat limit.
#include <algorithm>
#include <bit>
#include <vector>

#include "measure.hpp"

namespace lead_scoring {
namespace {

// Ticks that count for the rule now, as far as validity and `since` go.
struct Range {
  Tick first;
  Tick last;
  [[nodiscard]] bool holds(Tick tick) const { return first <= tick && tick <= last; }
};

Range counting_range(const Rule& rule, const Scene& scene) {
  Range range{rule.first_valid, rule.last_valid};
  if (rule.since == no_signal) return range;
  const Tick last = scene.history.last_of(rule.since);
  if (last != timeless) range.first = std::max(range.first, last + 1);
  return range;
}

// First day after `day` in another period; `never` beyond year 9999.
Day next_period(Day day, Period period) {
  if (period == Period::ever) return never;
  if (period == Period::day) return day + 1;
  if (period == Period::week) {  // a Monday, as 2000-01-03 is
    const int since_monday = (day - 2) % 7;
    return day + 7 - (since_monday < 0 ? since_monday + 7 : since_monday);
  }
  CivilDate date = civil(day);
  const int months = period == Period::month ? 1 : period == Period::quarter ? 3 : 12;
  date.month = (date.month - 1) / months * months + 1 + months;
  if (date.month > 12) {
    date.month -= 12;
    ++date.year;
  }
  date.day = 1;
  return date.year > 9999 ? never : day_of(date);
}

// What is left of a limit in the period up to `end`.
struct Left {
  std::int64_t count = 0;
  Tick end = timeless;  // no period yet
};

// Of entries in ascending order of ticks, what each period has left.
class Limit {
 public:
  Limit(const Repeat& repeat, const Calendar& calendar)
      : repeat_(repeat), calendar_(calendar), last_day_(calendar.day_of(calendar.last_tick())) {}

  [[nodiscard]] std::int64_t take(const Entry& entry) { return take(entry, left_); }
  [[nodiscard]] std::int64_t take(const Entry& entry, Left& left) const {
    if (entry.tick >= left.end) {
      const Day next = next_period(calendar_.day_of(entry.tick), repeat_.period);
      left = {repeat_.limit, next > last_day_ ? never : calendar_.start_of(next)};
    }
    const std::int64_t taken = std::min(left.count, entry.count);
    left.count -= taken;
    return taken;
  }

 private:
  const Repeat& repeat_;
  const Calendar& calendar_;
  Day last_day_;
  Left left_;
};

// The same for each item by itself, in a hash table.
class LimitByItem {
 public:
  LimitByItem(const Limit& limit, std::size_t entries, std::pmr::memory_resource* memory)
      : limit_(limit), places_(std::bit_ceil(2 * entries + 1), memory) {}

  [[nodiscard]] std::int64_t take(const Entry& entry) {
    const std::size_t mask = places_.size() - 1;
    // Items are hashes, but whoever writes a tally by hand may choose them.
    std::size_t at = (entry.item * 0x9E3779B97F4A7C15 >> 32) & mask;
    while (places_[at].left.end != timeless && places_[at].item != entry.item) at = (at + 1) & mask;
    places_[at].item = entry.item;
    return limit_.take(entry, places_[at].left);
  }

 private:
  struct Place {
    std::uint64_t item = 0;
    Left left{};  // without a period where no item is
  };
  const Limit& limit_;
  std::pmr::vector<Place> places_;
};

// Keeps what the limit lets pass; returns the new end.
template <typename AnyLimit>
Entry* keep_taken(AnyLimit limit, Entry* first, Entry* last) {
  Entry* end = first;
  for (Entry* entry = first; entry != last; ++entry) {
    const std::int64_t taken = limit.take(*entry);
    if (taken == 0) continue;
    *end = *entry;
    end->count = taken;
    ++end;
  }
  return end;
}

// The entries with a tick in the range, of a list in ascending order of ticks.
std::span<const Entry> within_range(std::span<const Entry> entries, const Range& range) {
  const auto begin = std::partition_point(entries.begin(), entries.end(),
                                          [&](const Entry& entry) { return entry.tick < range.first; });
  const auto end = std::partition_point(begin, entries.end(),
                                        [&](const Entry& entry) { return entry.tick <= range.last; });
  return {begin, end};
}

}  // namespace

Occurrences counted_occurrences(const Rule& rule, const Scene& scene) {
  const Past& past = scene.history.of(rule.signal);
  if (!rule.is_filtered) {
    if (past.timeless.empty()) return {past.come(), past.count};
    if (past.present == 0) return {past.timeless, past.count};
  }
  const Range range = counting_range(rule, scene);
  const std::span<const Entry> dated = within_range(past.come(), range);
  const std::span<const Entry> timeless = range.holds(scene.now()) ? past.timeless : std::span<Entry>();
  Occurrences counted{dated, 0};
  if (rule.repeat.limit > 0 || !timeless.empty()) {
    // Timeless entries come after the dated ones of now, which will be the earlier ones tomorrow.
    Entry* first = scene.scratch.entries.room(dated.size() + timeless.size());
    Entry* last = std::copy(dated.begin(), dated.end(), first);
    last = std::copy(timeless.begin(), timeless.end(), last);
    const Limit limit(rule.repeat, scene.calendar());
    if (rule.repeat.per_item) {
      const auto size = static_cast<std::size_t>(last - first);
      last = keep_taken(LimitByItem(limit, size, scene.scratch.memory), first, last);
    } else if (rule.repeat.limit > 0) {
      last = keep_taken(limit, first, last);
    }
    counted.all = {first, last};
  }
  for (const Entry& entry : counted.all) counted.count = saturating_add(counted.count, entry.count);
  return counted;
}

Tick timeless_edge(const Rule& rule, const Scene& scene) {
  const Tick now = scene.now();
  // The dated entries of now's tick may be a later `since`; on the next tick they are earlier.
  Tick edge = rule.since != no_signal && scene.history.last_of(rule.since) == now ? now + 1 : never;
  if (now < rule.first_valid) edge = std::min(edge, rule.first_valid);
  if (now <= rule.last_valid && rule.last_valid != never) edge = std::min(edge, rule.last_valid + 1);
  if (rule.repeat.limit > 0) {
    const Day next = next_period(scene.calendar().day_of(now), rule.repeat.period);
    if (next <= scene.calendar().day_of(scene.calendar().last_tick())) {
      edge = std::min(edge, scene.calendar().start_of(next));
    }
  }
  return edge;
}

Reason why_no_occurrence(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  if (!counted.all.empty()) return Reason::none;
  const Past& past = scene.history.of(rule.signal);
  // Entries up to `since` are as if they were not there; what is later was dropped for its date.
  Tick since = timeless;
  if (rule.since != no_signal) since = scene.history.last_of(rule.since);
  const bool has_timeless = !past.timeless.empty() && scene.now() > since;
  if (has_timeless || (past.present > 0 && past.dated[past.present - 1].tick > since))
    return Reason::not_valid;
  return past.has_future() ? Reason::not_yet : Reason::no_occurrence;
}

}  // namespace lead_scoring
