#include "gap.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "model_words.hpp"
#include "scorer.hpp"

namespace lead_scoring {
namespace {

// Up to here every number of occurrences is tried; beyond, the numbers double and the last gap is halved.
constexpr std::int64_t tried_one_by_one = 16;
constexpr std::int64_t most_value = 10'000'000'000 * 10'000;  // of one row
// Looks at the future; a lead whose numbers change daily is followed for years.
constexpr int most_looks = 4000;

// Far from the small numbers that tests use; a hash of a real item meets it once in 2^64 times.
constexpr std::uint64_t first_new_item = 0x9E3779B97F4A7C15;

namespace way {
constexpr std::string_view reached = "reached";
constexpr std::string_view repeat = "repeat";
constexpr std::string_view value = "value";
constexpr std::string_view cannot = "cannot";
constexpr std::string_view time = "time";
}  // namespace way
constexpr std::string_view at_least = "stays at least so long";

struct Addition {  // to the tally
  SignalIndex signal = no_signal;
  std::int64_t count = 0;
  std::int64_t value = 0;
};

struct Probe {
  Outcome outcome;
  Standing standing;  // of the rule in question
};

bool counts_values(const Rule& rule) {
  return rule.measure == Measure::value ||
         (rule.measure == Measure::tiers && rule.count_by == CountBy::value);
}

std::string_view reason_of(const Probe& probe, std::string_view otherwise) {
  return probe.standing.reason == Reason::none ? otherwise : text_of(probe.standing.reason);
}

Points clamped(const Rule& rule, const Standing& standing) {
  return std::max(rule.clamp.min, std::min(rule.clamp.max, standing.points));
}

class GapSearch {
 public:
  GapSearch(const Model& model, Bytes tally, Tick at, std::int16_t target,
            std::span<const std::string_view> once, StopRequested stop_requested,
            std::pmr::memory_resource* memory)
      : model_(model),
        tally_(tally),
        at_(at),
        target_(target),
        stop_requested_(stop_requested),
        memory_(memory),
        is_once_(model.signals.size()),
        is_there_(model.signals.size()),
        has_items_(model.signals.size()),
        by_item_(model.signals.size()) {
    for (std::size_t i = 0; i < model.signals.size(); ++i) {
      is_once_[i] = std::find(once.begin(), once.end(), model.signals[i].name) != once.end();
    }
    find_what_is_there();
    for (const Rule& rule : model.rules) {
      if (rule.signal == no_signal) continue;
      if (rule.repeat.per_item || rule.count_by == CountBy::items) by_item_[index(rule.signal)] = true;
    }
  }

  std::span<const GapRow> run() {
    const Evaluation now = evaluate(model_, tally_, at_);
    if (is_reached(now)) {
      rows_.push_back(result_row(way::reached, now));
      const Change end = until([&](const Evaluation& later) { return !is_reached(later); }, now);
      rows_.back().until = end.tick;
      if (!end.is_certain) rows_.back().reason = at_least;
    } else {
      for (const std::uint16_t rule : model_.order) add_rule(rule);
      std::stable_sort(rows_.begin(), rows_.end(), [](const GapRow& a, const GapRow& b) {
        const auto rank = [](const GapRow& row) {
          return row.way == way::cannot ? most_repeats + 1 : row.more;
        };
        return rank(a) != rank(b) ? rank(a) < rank(b) : a.way == way::repeat && b.way == way::value;
      });
    }
    add_time(now);
    GapRow* copy = std::pmr::polymorphic_allocator<GapRow>(memory_).allocate(rows_.size());
    std::uninitialized_copy(rows_.begin(), rows_.end(), copy);
    return {copy, rows_.size()};
  }

 private:
  static std::size_t index(SignalIndex signal) { return static_cast<std::size_t>(signal); }

  void stop_if_asked() const {
    if (stop_requested_ != nullptr && stop_requested_()) throw Cancelled{};
  }

  // Signals that the lead has already, now or later, and whether with items.
  void find_what_is_there() {
    TallyReader reader(tally_);
    while (reader.next_signal()) {
      const auto signal = std::find_if(model_.signals.begin(), model_.signals.end(),
                                       [&](const Signal& s) { return s.number == reader.signal(); });
      if (signal == model_.signals.end()) continue;
      Entry entry;
      while (reader.next(entry)) {
        if (entry.count <= 0) continue;
        const auto number = static_cast<std::size_t>(signal - model_.signals.begin());
        is_there_[number] = true;
        if (entry.item != 0) has_items_[number] = true;
      }
    }
  }

  [[nodiscard]] bool is_reached(const Evaluation& shown) const {
    return shown.in_segment && shown.band >= target_;
  }

  // The tally with what is added to it.
  Bytes tally_with(const Addition& addition, std::pmr::memory_resource* memory) const {
    if (addition.count == 0) return tally_;
    const std::size_t number = index(addition.signal);
    // A signal that has occurred, but never with an item, has none.
    const bool has_no_item = is_there_[number] && !has_items_[number];
    const bool one_by_one = by_item_[number] && !has_no_item;
    std::vector<Entry> entries(one_by_one ? static_cast<std::size_t>(addition.count) : 1);
    std::uint64_t item = first_new_item;
    for (Entry& entry : entries) {
      entry = {.signal = model_.signals[number].number,
               .tick = at_,
               .item = by_item_[number] && has_no_item ? 0 : item++,
               .count = one_by_one ? 1 : addition.count,
               .value = addition.value};
    }
    return merge(tally_, encode(entries, memory), memory);
  }

  Probe probe(std::size_t rule, const Addition& addition) {
    stop_if_asked();
    std::pmr::monotonic_buffer_resource memory;
    Scorer scorer(model_, tally_with(addition, &memory), at_, LookAhead::no, &memory);
    Probe result;
    result.outcome = scorer.outcome();
    result.standing = scorer.standing(rule);
    return result;
  }

  // Whether the rule takes part in what the probe came to.
  static bool takes_part(const Rule& rule, const Probe& before, const Probe& after) {
    if (clamped(rule, after.standing) > clamped(rule, before.standing)) return true;
    return rule.forces_band >= 0 && after.standing.holds && !before.standing.holds;
  }

  // The smallest number from 1 to `most` that lifts the lead; 0 when none was found.
  template <typename Lifts>
  static std::int64_t smallest(std::int64_t most, std::int64_t one_by_one, Lifts lifts) {
    std::int64_t low = 0;
    for (std::int64_t high = 1;; high = std::min(high < one_by_one ? high + 1 : 2 * high, most)) {
      if (lifts(high)) {
        while (high - low > 1) {
          const std::int64_t middle = low + (high - low) / 2;
          (lifts(middle) ? high : low) = middle;
        }
        return high;
      }
      if (high == most) return 0;
      low = high;
    }
  }

  // Signals whose occurrences may move the rule, its own first.
  [[nodiscard]] std::vector<SignalIndex> signals_of(const Rule& rule) const {
    std::vector<SignalIndex> signals;
    const auto add = [&](SignalIndex signal) {
      if (std::find(signals.begin(), signals.end(), signal) == signals.end()) signals.push_back(signal);
    };
    if (rule.signal != no_signal) add(rule.signal);
    if (rule.measure == Measure::inactivity && rule.signal == no_signal) {
      for (std::size_t i = 0; i < model_.signals.size(); ++i) {
        if (model_.signals[i].is_activity) add(static_cast<SignalIndex>(i));
      }
    }
    if (rule.guard) add(rule.guard->signal);
    return signals;
  }

  void add_rule(std::size_t number) {
    const Rule& rule = model_.rules[number];
    const Probe before = probe(number, {});
    std::optional<GapRow> best;
    std::string_view why;
    for (const SignalIndex signal : signals_of(rule)) {
      if (is_once_[index(signal)] && is_there_[index(signal)]) {
        if (why.empty()) why = reason_of(before, "already counted");
        continue;
      }
      const bool by_value = signal == rule.signal && counts_values(rule);
      const Addition found =
          by_value ? smallest_value(number, before, signal) : smallest_count(number, before, signal);
      if (found.count > 0) {
        if (best && best->more <= found.count) continue;
        const Probe after = probe(number, found);
        best = result_row(found.value != 0 ? way::value : way::repeat, after.outcome.shown);
        best->signal = model_.signals[index(signal)].name;
        best->more = found.count;
        if (found.value != 0) best->value = found.value;
        best->gained = after.outcome.totals.score - before.outcome.totals.score;
      } else if (why.empty()) {
        why = why_not(number, before, most_of(rule, signal));
      }
    }
    GapRow row = best ? *best : GapRow{.way = way::cannot};
    if (!best) {
      if (rule.signal != no_signal) row.signal = model_.signals[index(rule.signal)].name;
      if (why.empty()) why = reason_of(before, "counts already");
      row.reason = why;
    }
    row.component = words::of(words::components, rule.component);
    row.rule = rule.name;
    rows_.push_back(row);
  }

  // The most that is tried.
  [[nodiscard]] Addition most_of(const Rule& rule, SignalIndex signal) const {
    if (signal == rule.signal && counts_values(rule)) return {signal, 1, sign_of(rule) * most_value};
    return {signal, is_once_[index(signal)] ? 1 : most_repeats, 0};
  }
  static std::int64_t sign_of(const Rule& rule) {
    return rule.measure == Measure::value && rule.points < 0 ? -1 : 1;
  }

  Addition smallest_count(std::size_t number, const Probe& before, SignalIndex signal) {
    const Rule& rule = model_.rules[number];
    const std::int64_t count = smallest(most_of(rule, signal).count, tried_one_by_one, [&](std::int64_t k) {
      return lifts(rule, before, probe(number, {signal, k, 0}));
    });
    return {signal, count, 0};
  }

  // Value 0 when the occurrence as such is enough, by what else looks at the signal.
  Addition smallest_value(std::size_t number, const Probe& before, SignalIndex signal) {
    const Rule& rule = model_.rules[number];
    const std::int64_t sign = sign_of(rule);
    if (is_reached(probe(number, {signal, 1, 0}).outcome.shown)) return {signal, 1, 0};
    const std::int64_t value = smallest(most_value, 1, [&](std::int64_t v) {
      return lifts(rule, before, probe(number, {signal, 1, sign * v}));
    });
    return {signal, value > 0 ? 1 : 0, sign * value};
  }

  [[nodiscard]] bool lifts(const Rule& rule, const Probe& before, const Probe& after) const {
    return is_reached(after.outcome.shown) && takes_part(rule, before, after);
  }

  // Why even the most occurrences do not lift the lead by this rule.
  std::string_view why_not(std::size_t number, const Probe& before, const Addition& most) {
    const Rule& rule = model_.rules[number];
    const Probe after = probe(number, most);
    if (after.outcome.shown.disqualified) return "disqualified";
    const bool is_inactivity = rule.measure == Measure::inactivity;
    if (is_inactivity && !before.standing.holds) return text_of(before.standing.reason);
    if (!is_inactivity && !after.standing.holds) {
      // What was added is no occurrence only when it is not later than the last of the `since` signal.
      return after.standing.reason == Reason::no_occurrence ? "since" : text_of(after.standing.reason);
    }
    if (!takes_part(rule, before, after)) {
      if (after.standing.points > before.standing.points) return "rule maximum";
      if (rule.measure == Measure::tiers) return "highest tier";
      if (const std::string_view drop = why_dropped(number, most); !drop.empty()) return drop;
      return after.standing.points < before.standing.points ? "takes points" : "no points";
    }
    if (!after.outcome.shown.in_segment) return "outside the segment";
    if (const std::string_view need = need_of_other_component(rule, after.outcome.shown); !need.empty())
      return need;
    if (const std::string_view clamp = clamp_in_the_way(rule, most); !clamp.empty()) return clamp;
    if (const std::string_view drop = why_dropped(number, most); !drop.empty()) return drop;
    return rule.measure == Measure::tiers ? "highest tier" : "not enough";
  }

  // Why the rule drops what is added; empty when it does not.
  std::string_view why_dropped(std::size_t number, const Addition& most) const {
    const auto drops = [&](const Addition& addition) {
      std::pmr::monotonic_buffer_resource memory;
      Scorer scorer(model_, tally_with(addition, &memory), at_, LookAhead::no, &memory);
      return scorer.accounts(scorer.standings(&memory), &memory)[number].drops;
    };
    const Drops before = drops({});
    const Drops after = drops(most);
    if (after.not_valid > before.not_valid) return "not valid";
    if (after.since > before.since) return "since";
    return after.limit > before.limit ? "limit" : "";
  }

  std::string_view keep(const std::string& text) const {
    char* copy = std::pmr::polymorphic_allocator<char>(memory_).allocate(text.size());
    std::copy(text.begin(), text.end(), copy);
    return {copy, text.size()};
  }

  // A minimum of the band that lies in the component that the rule does not belong to.
  std::string_view need_of_other_component(const Rule& rule, const Evaluation& shown) const {
    const Band& band = model_.bands[static_cast<std::size_t>(target_)];
    if (rule.component == Component::engagement) {
      if (band.min_fit && shown.fit < *band.min_fit)
        return keep("needs fit " + std::to_string(*band.min_fit));
      if (band.min_grade >= 0 && (shown.grade < 0 || shown.grade > band.min_grade)) {
        return keep("needs grade " + std::string(model_.grade_name(band.min_grade)));
      }
      return {};
    }
    if (band.min_engagement && shown.engagement < *band.min_engagement) {
      return keep("needs engagement " + std::to_string(*band.min_engagement));
    }
    if (band.min_level >= 0 && (shown.level < 0 || shown.level > band.min_level)) {
      return keep("needs level " + std::string(model_.level_name(band.min_level)));
    }
    return {};
  }

  // The first thing on the way from the rule to the score that takes away what it gives.
  std::string_view clamp_in_the_way(const Rule& rule, const Addition& most) const {
    std::pmr::monotonic_buffer_resource memory;
    const std::string_view component = words::of(words::components, rule.component);
    const std::string_view group =
        rule.group < 0 ? std::string_view() : model_.groups[static_cast<std::size_t>(rule.group)].name;
    for (const ExplainRow& row : explain(model_, tally_with(most, &memory), at_, &memory)) {
      if (row.kind == "rule" || row.kind == "verdict" || row.points >= 0) continue;
      if (row.rule == "rule maximum" && row.reason != rule.name) continue;
      if (row.rule != "rule maximum" && !row.group.empty() && row.group != group) continue;
      if (!row.component.empty() && row.component != component) continue;
      return row.rule;
    }
    return {};
  }

  GapRow result_row(std::string_view kind, const Evaluation& shown) const {
    return {.way = kind,
            .has_result = true,
            .score = shown.score,
            .band = shown.band,
            .disqualified = shown.disqualified};
  }

  struct Change {
    Tick tick;
    Evaluation shown;  // from then on; before it when the end of the looks is reached
    bool is_certain;
  };
  // The first tick at which the condition holds with no new row.
  template <typename Condition>
  Change until(Condition condition, const Evaluation& now) const {
    Evaluation shown = now;
    Tick tick = at_;
    for (int looks = 0; looks < most_looks; ++looks) {
      if (shown.next_change == never) return {never, shown, true};
      stop_if_asked();
      tick = shown.next_change;
      shown = evaluate(model_, tally_, tick);
      if (condition(shown)) return {tick, shown, true};
    }
    return {tick, shown, false};
  }

  void add_time(const Evaluation& now) {
    const Change change = until(
        [&](const Evaluation& later) {
          return later.band != now.band || later.disqualified != now.disqualified ||
                 later.in_segment != now.in_segment;
        },
        now);
    const Evaluation& then = change.shown;
    GapRow row = result_row(way::time, then);
    row.until = change.tick;
    if (!change.is_certain)
      row.reason = at_least;
    else if (change.tick == never)
      row.reason = "stays";
    else if (then.in_segment != now.in_segment)
      row.reason = then.in_segment ? "enters the segment" : "leaves the segment";
    else if (then.disqualified != now.disqualified)
      row.reason = then.disqualified ? "is disqualified" : "is qualified again";
    else
      row.reason = then.band > now.band ? "rises" : "falls";
    rows_.push_back(row);
  }

  const Model& model_;
  Bytes tally_;
  Tick at_;
  std::int16_t target_;
  StopRequested stop_requested_;
  std::pmr::memory_resource* memory_;
  std::vector<bool> is_once_;  // by signal
  std::vector<bool> is_there_;
  std::vector<bool> has_items_;
  std::vector<bool> by_item_;  // a rule looks at the items
  std::vector<GapRow> rows_;
};

std::int16_t band_named(const Model& model, std::string_view name) {
  std::string names;
  for (std::size_t i = 0; i < model.bands.size(); ++i) {
    if (model.bands[i].name == name) return static_cast<std::int16_t>(i);
    names.append(names.empty() ? "" : ", ").append(model.bands[i].name);
  }
  throw Error(ErrorKind::invalid_parameter, "the sheet has no band \"" + excerpt(name) + "\"", {},
              names.empty() ? "It has no bands at all." : "Its bands are, from the lowest: " + names + ".");
}

}  // namespace

std::span<const GapRow> gap(const Model& model, Bytes tally, Tick at, std::string_view band,
                            std::span<const std::string_view> once, StopRequested stop_requested,
                            std::pmr::memory_resource* memory) {
  return GapSearch(model, tally, at, band_named(model, band), once, stop_requested, memory).run();
}

}  // namespace lead_scoring
