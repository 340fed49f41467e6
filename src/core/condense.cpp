// Signal by signal: what looks at its entries, in all models, marks those it needs. Each such use gives the same
// answer for any set between what it has marked and all entries, so that the union of all marks serves each of them.
// Whatever is not known to be safe is marked. Entries after `from` and timeless ones always are.
#include "condense.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "tally_writer.hpp"

namespace lead_scoring {
namespace {

using Entries = std::pmr::vector<Entry>;

// Beyond these numbers sums might saturate or overflow in one way here and in another there.
constexpr std::int64_t most_count = std::int64_t{1} << 40;
constexpr std::size_t most_entries = std::size_t{1} << 22;

class Marks {
 public:
  Marks(std::span<const Entry> entries, Tick from, std::pmr::memory_resource* memory)
      : entries_(entries), from_(from), is_marked_(entries.size(), memory), memory_(memory) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      is_marked_[i] = entries[i].tick == timeless || entries[i].tick > from;
    }
  }

  [[nodiscard]] bool operator[](std::size_t i) const { return is_marked_[i]; }

  void all() { std::fill(is_marked_.begin(), is_marked_.end(), true); }
  void since(Tick first) {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      is_marked_[i] = is_marked_[i] || entries_[i].tick >= first;
  }
  // The last one that has come, of those in the range.
  void last(Tick first_valid, Tick last_valid) {
    for (std::size_t i = entries_.size(); i-- > 0;) {
      if (!has_come(i) || entries_[i].tick < first_valid || entries_[i].tick > last_valid) continue;
      is_marked_[i] = true;
      return;
    }
  }
  // The first ones of the range that a limit lets pass, of all or of each item.
  void first(std::int64_t limit, bool per_item, Tick first_valid, Tick last_valid) {
    std::pmr::unordered_map<std::uint64_t, std::int64_t> taken(memory_);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!has_come(i) || entries_[i].tick < first_valid || entries_[i].tick > last_valid) continue;
      std::int64_t& number = taken[per_item ? entries_[i].item : 0];
      if (number >= limit) continue;
      is_marked_[i] = true;
      number += entries_[i].count;
    }
  }
  // The first of each month.
  void months(const Calendar& calendar) {
    int previous = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!has_come(i)) continue;
      const CivilDate date = civil(calendar.day_of(entries_[i].tick));
      const int month = date.year * 12 + date.month;
      if (month != previous) is_marked_[i] = true;
      previous = month;
    }
  }

 private:
  [[nodiscard]] bool has_come(std::size_t i) const {
    return entries_[i].tick != timeless && entries_[i].tick <= from_;
  }

  std::span<const Entry> entries_;
  Tick from_;
  std::pmr::vector<bool> is_marked_;
  std::pmr::memory_resource* memory_;
};

// A use of the signal's entries as far back as `age` from any tick from `from` on.
void mark_age(const Rule& rule, const Calendar& calendar, Tick from, std::int64_t age, Marks& marks) {
  std::int64_t first = from - age;
  if (first <= calendar.first_tick()) return marks.all();
  if (rule.repeat.limit > 0) {
    // The limit of a period is used up by its earliest entries, however old they are.
    const Day day = calendar.day_of(static_cast<Tick>(first));
    const std::int32_t period = period_number(day, rule.repeat.period);
    Day start = day;
    while (start > earliest_day && period_number(start - 1, rule.repeat.period) == period) --start;
    first = calendar.start_of(start);
  }
  marks.since(static_cast<Tick>(first));
}

// From this age on an entry is outside the window for good; nothing where it may come in yet.
std::optional<std::int64_t> age_of(const Window& window) {
  if (!window.within.given()) return std::nullopt;
  return std::max(window.within.most, window.older_than.most);
}

void mark_tiers(const Rule& rule, const Calendar& calendar, Tick from, Marks& marks) {
  if (rule.window_anchor == WindowAnchor::last) return marks.all();
  std::int64_t age = 0;
  bool counts_all_items = false;
  for (const Tier& tier : rule.tiers) {
    if (const auto end = age_of(tier.window)) {
      age = std::max(age, *end);
    } else if (tier.window.is_open_ended() && rule.count_by == CountBy::items && rule.since == no_signal) {
      counts_all_items = true;  // any entry of an item is as good as all of them
    } else {
      return marks.all();
    }
  }
  if (rule.repeat.limit > 0 && rule.repeat.period == Period::ever) return marks.all();
  if (counts_all_items) marks.first(1, true, rule.first_valid, rule.last_valid);
  if (age > 0) mark_age(rule, calendar, from, age, marks);
}

void mark_weighed(const Rule& rule, const Calendar& calendar, Tick from, Marks& marks) {
  // A later activity makes everything young again.
  if (rule.decay.anchor == Anchor::activity) return marks.all();
  if (rule.repeat.limit > 0 && rule.repeat.period == Period::ever) {
    if (rule.since != no_signal) return marks.all();
    return marks.first(rule.repeat.limit, rule.repeat.per_item, rule.first_valid, rule.last_valid);
  }
  if (rule.decay.kind == DecayKind::none) return marks.all();
  mark_age(rule, calendar, from, rule.decay.lifetime, marks);
}

void mark_rule(const Rule& rule, const Calendar& calendar, Tick from, Marks& marks) {
  switch (rule.measure) {
    case Measure::occurrences:
    case Measure::value:
      return mark_weighed(rule, calendar, from, marks);
    case Measure::tiers:
      return mark_tiers(rule, calendar, from, marks);
    case Measure::inactivity:
      return marks.last(timeless, never);
    case Measure::cycle:
      if (rule.cycle.is_learned) return marks.all();
      return marks.last(rule.first_valid, rule.last_valid);
    case Measure::season:
      if (rule.is_filtered) return marks.all();
      return marks.months(calendar);
  }
}

void mark_condition(const std::optional<Condition>& condition, SignalIndex signal, Tick from, Marks& marks) {
  if (!condition || condition->signal != signal) return;
  if (const auto age = age_of(condition->window)) {
    const std::int64_t first = from - *age;
    if (first > timeless) return marks.since(static_cast<Tick>(first));
  }
  marks.all();
}

void mark(const Model& model, SignalIndex signal, Tick from, Marks& marks) {
  if (model.signals[static_cast<std::size_t>(signal)].is_activity) marks.last(timeless, never);
  if (signal == model.created) marks.last(timeless, never);
  for (const Rule& rule : model.rules) {
    if (rule.signal == signal) mark_rule(rule, model.calendar, from, marks);
    if (rule.since == signal) marks.last(timeless, never);
    mark_condition(rule.guard, signal, from, marks);
  }
  mark_condition(model.segment, signal, from, marks);
}

// Index of the signal of that number, if the model uses it.
SignalIndex used_signal(const Model& model, std::uint32_t number) {
  const auto signal = std::lower_bound(model.signals.begin(), model.signals.end(), number,
                                       [](const Signal& s, std::uint32_t n) { return s.number < n; });
  if (signal == model.signals.end() || signal->number != number || !signal->is_used) return no_signal;
  return static_cast<SignalIndex>(signal - model.signals.begin());
}

// Whether nothing about these entries is out of the ordinary.
bool is_ordinary(const Entries& entries, const Calendar& calendar) {
  return entries.size() <= most_entries &&
         std::all_of(entries.begin(), entries.end(), [&](const Entry& entry) {
           const bool has_tick = entry.tick == timeless ||
                                 (entry.tick >= calendar.first_tick() && entry.tick <= calendar.last_tick());
           return has_tick && entry.count > 0 && entry.count < most_count && entry.value < most_count &&
                  entry.value > -most_count;
         });
}

// Of entries that no rule tells apart within a tick.
void sum_ticks(Entries& entries) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < entries.size();) {
    Entry sum = entries[i];
    sum.item = 0;
    sum.value = 0;
    while (++i < entries.size() && entries[i].tick == sum.tick) sum.count += entries[i].count;
    entries[used++] = sum;
  }
  entries.resize(used);
}

void condense_signal(std::span<const Model* const> models, Entries& entries, Tick from,
                     std::pmr::memory_resource* memory, TallyWriter& writer) {
  const std::uint32_t number = entries.front().signal;
  bool is_used = false;
  bool is_by_row = false;
  bool is_odd = false;
  for (const Model* model : models) {
    const SignalIndex signal = used_signal(*model, number);
    if (signal == no_signal) continue;
    is_used = true;
    is_by_row |= model->signals[static_cast<std::size_t>(signal)].is_by_row;
    is_odd |= !is_ordinary(entries, model->calendar);
  }
  if (!is_used) return;
  if (!is_odd && !is_by_row) sum_ticks(entries);
  Marks marks(entries, from, memory);
  for (const Model* model : models) {
    if (is_odd) break;
    const SignalIndex signal = used_signal(*model, number);
    if (signal != no_signal) mark(*model, signal, from, marks);
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (is_odd || marks[i]) writer.add(entries[i]);
  }
}

}  // namespace

Bytes condense(std::span<const Model* const> models, Bytes tally, Tick from,
               std::pmr::memory_resource* memory) {
  std::pmr::monotonic_buffer_resource scratch;
  TallyReader reader(tally);
  TallyWriter writer(memory, 256);
  Entries entries(&scratch);
  while (reader.next_signal()) {
    entries.clear();
    for (Entry entry; reader.next(entry);) entries.push_back(entry);
    condense_signal(models, entries, from, &scratch, writer);
  }
  return writer.finish();
}

bool only_adds(Bytes tally) {
  TallyReader reader(tally);
  bool adds = true;
  while (reader.next_signal())
    for (Entry entry; reader.next(entry);) adds = adds && entry.count > 0;
  return adds;
}

}  // namespace lead_scoring
