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
  Limit(const Repeat& repeat, const Calendar& calendar) : repeat_(repeat), calendar_(calendar) {}

  [[nodiscard]] std::int64_t take(const Entry& entry) { return take(entry, left_); }
  [[nodiscard]] std::int64_t take(const Entry& entry, Left& left) const {
    if (entry.tick >= left.end) left = {repeat_.limit, end_of_period(entry.tick)};
    const std::int64_t taken = std::min(left.count, entry.count);
    left.count -= taken;
    return taken;
  }

 private:
  [[nodiscard]] Tick end_of_period(Tick tick) const {
    if (repeat_.period == Period::ever) return never;
    if (repeat_.period == Period::day && calendar_.ticks_per_day() == 1) return tick + 1;
    const Day next = next_period(calendar_.day_of(tick), repeat_.period);
    return next > calendar_.day_of(calendar_.last_tick()) ? never : calendar_.start_of(next);
  }

  const Repeat& repeat_;
  const Calendar& calendar_;
  Left left_;
};

// The same for each item by itself, in a hash table.
class LimitByItem {
 public:
  LimitByItem(const Limit& limit, std::size_t entries, std::pmr::memory_resource* memory)
      : limit_(limit), places_(std::bit_ceil(2 * entries), memory) {}

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

// What the limit lets pass: the entries as they are when that is all of them, otherwise a copy.
template <typename AnyLimit>
std::span<const Entry> taken_by(AnyLimit limit, std::span<const Entry> entries, const Scene& scene) {
  std::size_t i = 0;
  std::int64_t taken = 0;
  for (; i < entries.size(); ++i) {
    taken = limit.take(entries[i]);
    if (taken != entries[i].count) break;
  }
  if (i == entries.size()) return entries;
  Entry* first = scene.scratch.entries.room(entries.size());
  Entry* end = std::copy_n(entries.data(), i, first);  // nothing to do when that is where they are
  for (;;) {
    if (taken > 0) {
      *end = entries[i];
      end++->count = taken;
    }
    if (++i == entries.size()) return {first, end};
    taken = limit.take(entries[i]);
  }
}

std::span<const Entry> within_limit(const Repeat& repeat, std::span<const Entry> entries,
                                    const Scene& scene) {
  const Limit limit(repeat, scene.calendar());
  if (repeat.per_item && entries.size() > 1)
    return taken_by(LimitByItem(limit, entries.size(), scene.scratch.memory), entries, scene);
  return taken_by(limit, entries, scene);
}

// The entries with a tick in the range, of a list in ascending order of ticks.
std::span<const Entry> within_range(std::span<const Entry> entries, const Range& range) {
  if (entries.empty() || (range.first <= entries.front().tick && entries.back().tick <= range.last))
    return entries;
  const auto begin = std::partition_point(entries.begin(), entries.end(),
                                          [&](const Entry& entry) { return entry.tick < range.first; });
  const auto end = std::partition_point(begin, entries.end(),
                                        [&](const Entry& entry) { return entry.tick <= range.last; });
  return {begin, end};
}

std::int64_t sum_of_counts(std::span<const Entry> entries) {
  std::int64_t sum = 0;
  for (const Entry& entry : entries) sum = saturating_add(sum, entry.count);
  return sum;
}

}  // namespace

Occurrences filtered_occurrences(const Rule& rule, const Scene& scene) {
  const Past& past = scene.history.of(rule.signal);
  const Range range = counting_range(rule, scene);
  Occurrences counted{within_range(past.come(), range), 0};
  if (past.has_timeless() && range.holds(scene.now())) {
    // They come after the dated ones of now, which will be the earlier ones tomorrow.
    const std::size_t dated = counted.all.size();
    Entry* copy = scene.scratch.entries.room(dated + past.timeless_number);
    std::copy(counted.all.begin(), counted.all.end(), copy);
    std::copy_n(past.entries, past.timeless_number, copy + dated);
    counted.all = {copy, dated + past.timeless_number};
  }
  counted.count = sum_of_counts(counted.all);
  if (rule.repeat.limit > 0 && counted.count > rule.repeat.limit) {
    counted.all = within_limit(rule.repeat, counted.all, scene);
    counted.count = sum_of_counts(counted.all);
  }
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
  const bool has_timeless = past.has_timeless() && scene.now() > since;
  if (has_timeless || (past.present > 0 && past.last_come().tick > since)) return Reason::not_valid;
  return past.has_future() ? Reason::not_yet : Reason::no_occurrence;
}

}  // namespace lead_scoring
