// Which of a rule's occurrences count: validity, since, repeat limit.
#include <algorithm>

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

// Of entries in ascending order of ticks, keeps what each period has left of the limit.
class Limit {
 public:
  Limit(const Repeat& repeat, const Calendar& calendar) : repeat_(repeat), calendar_(calendar) {}

  void start_item() { period_is_known_ = false; }
  [[nodiscard]] std::int64_t take(const Entry& entry) {
    const std::int32_t period =
        repeat_.period == Period::ever ? 0 : period_number(calendar_.day_of(entry.tick), repeat_.period);
    if (!period_is_known_ || period != period_) left_ = repeat_.limit;
    period_is_known_ = true;
    period_ = period;
    const std::int64_t taken = std::min(left_, entry.count);
    left_ -= taken;
    return taken;
  }

 private:
  const Repeat& repeat_;
  const Calendar& calendar_;
  std::int64_t left_ = 0;
  std::int32_t period_ = 0;
  bool period_is_known_ = false;
};

// Order of ticks; timeless entries after the dated ones of now, which will be the earlier ones tomorrow.
bool is_earlier(const Entry& a, const Entry& b) {
  return a.tick != b.tick ? a.tick < b.tick : is_timeless(b) && !is_timeless(a);
}

void apply_limit(const Repeat& repeat, const Calendar& calendar, std::pmr::vector<Entry>& entries) {
  Limit limit(repeat, calendar);
  const auto by_item = [](const Entry& a, const Entry& b) {
    return a.item != b.item ? a.item < b.item : is_earlier(a, b);
  };
  if (repeat.per_item) std::sort(entries.begin(), entries.end(), by_item);
  const Entry* previous = nullptr;
  for (Entry& entry : entries) {
    if (repeat.per_item && previous != nullptr && previous->item != entry.item) limit.start_item();
    entry.count = limit.take(entry);
    previous = &entry;
  }
  std::erase_if(entries, [](const Entry& entry) { return entry.count == 0; });
  if (repeat.per_item) std::sort(entries.begin(), entries.end(), is_earlier);
}

// The entries with a tick in the range, of a list in ascending order of ticks.
std::span<const Entry> within_range(std::span<const Entry> entries, const Range& range) {
  const auto begin = std::partition_point(entries.begin(), entries.end(),
                                          [&](const Entry& entry) { return entry.tick < range.first; });
  const auto end = std::partition_point(begin, entries.end(),
                                        [&](const Entry& entry) { return entry.tick <= range.last; });
  return {begin, end};
}

// First day after `day` in another period; `never` beyond year 9999.
Day next_period(Day day, Period period) {
  if (period == Period::ever) return never;
  if (period == Period::day) return day + 1;
  if (period == Period::week) {
    Day next = day + 1;
    while (period_number(next, period) == period_number(day, period)) ++next;
    return next;
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

}  // namespace

Occurrences counted_occurrences(const Rule& rule, const Scene& scene) {
  const Past& past = scene.history.of(rule.signal);
  const bool is_filtered = rule.valid_from || rule.valid_to || rule.since != no_signal;
  if (!is_filtered && rule.repeat.limit == 0 && past.timeless.empty()) return {past.come(), past.count};
  const Range range = counting_range(rule, scene);
  const std::span<const Entry> dated = within_range(past.come(), range);
  const bool has_timeless = !past.timeless.empty() && range.holds(scene.now());
  const bool is_copied = has_timeless || rule.repeat.limit > 0;
  Occurrences counted{dated, 0};
  if (is_copied) {
    std::pmr::vector<Entry>& copy = scene.scratch.entries;
    copy.assign(dated.begin(), dated.end());
    if (has_timeless) copy.insert(copy.end(), past.timeless.begin(), past.timeless.end());
    for (std::size_t i = dated.size(); i < copy.size(); ++i) {
      copy[i].tick = scene.now();
      copy[i].signal = 0;
    }
    if (rule.repeat.limit > 0) apply_limit(rule.repeat, scene.calendar(), copy);
    counted.all = copy;
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

std::string_view why_no_occurrence(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  if (!counted.all.empty()) return {};
  const Past& past = scene.history.of(rule.signal);
  // Entries up to `since` are as if they were not there; what is later was dropped for its date.
  Tick since = timeless;
  if (rule.since != no_signal) since = scene.history.last_of(rule.since);
  const bool has_timeless = !past.timeless.empty() && scene.now() > since;
  if (has_timeless || (past.present > 0 && past.dated[past.present - 1].tick > since))
    return reason::not_valid;
  return past.has_future() ? reason::not_yet : reason::no_occurrence;
}

}  // namespace lead_scoring
