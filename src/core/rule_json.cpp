// From JSON to a rule of a model.
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "model_reader.hpp"
#include "model_words.hpp"

namespace lead_scoring {
namespace {

constexpr std::int64_t most_rule_points = 1'000'000;

constexpr unsigned bit(Measure measure) { return 1U << static_cast<unsigned>(measure); }
constexpr unsigned occurrences = bit(Measure::occurrences);
constexpr unsigned value = bit(Measure::value);
constexpr unsigned tiers = bit(Measure::tiers);
constexpr unsigned inactivity = bit(Measure::inactivity);
constexpr unsigned cycle = bit(Measure::cycle);
constexpr unsigned season = bit(Measure::season);

// Keys that go with some measures only. Where a key would have no effect it is refused: whoever wrote it
// expects one.
struct KeyUse {
  std::string_view key;
  unsigned measures;
};
constexpr std::array key_uses{KeyUse{"points", occurrences | value | inactivity | cycle | season},
                              KeyUse{"decay", occurrences | value},
                              KeyUse{"repeat", occurrences | tiers},
                              KeyUse{"valid_from", occurrences | value | tiers | cycle | season},
                              KeyUse{"valid_to", occurrences | value | tiers | cycle | season},
                              KeyUse{"since", occurrences | value | tiers | cycle | season},
                              KeyUse{"count_by", tiers},
                              KeyUse{"window_anchor", tiers},
                              KeyUse{"tiers", tiers},
                              KeyUse{"after", inactivity},
                              KeyUse{"every", inactivity},
                              KeyUse{"max_times", inactivity},
                              KeyUse{"ceiling", inactivity},
                              KeyUse{"cycle", cycle},
                              KeyUse{"learned", cycle | season},
                              KeyUse{"step", cycle},
                              KeyUse{"linear", cycle},
                              KeyUse{"hold", cycle},
                              KeyUse{"windows", season},
                              KeyUse{"months", season}};

void check_keys(const Fields& fields, Measure measure) {
  for (const KeyUse& use : key_uses) {
    if ((use.measures & bit(measure)) != 0 || !fields.has(use.key)) continue;
    std::string users;
    for (std::size_t i = 0; i < words::measures.size(); ++i) {
      if ((use.measures >> i & 1) != 0)
        users += (users.empty() ? "" : ", ") + std::string(words::measures[i]);
    }
    fields.problem(std::string(use.key) + " does not go with measure " +
                       std::string(words::of(words::measures, measure)),
                   "It goes with: " + users + ".");
  }
}

Decay read_decay(ModelReader& reader, Fields& fields) {
  Decay decay;
  if (!fields.has("decay")) return (void)fields.value("decay"), decay;
  Fields entry = fields.object("decay");
  entry.require("kind");
  decay.kind = entry.word("kind", words::decays, DecayKind::none);
  decay.anchor = entry.word("anchor", words::anchors, Anchor::occurrence);
  const auto needs = [&](std::string_view key) {
    if (entry.has(key)) return;
    fields.problem("decay " + std::string(words::of(words::decays, decay.kind)) + " needs " +
                   std::string(key));
  };
  switch (decay.kind) {
    case DecayKind::none:
      decay.anchor = Anchor::occurrence;  // means nothing here, and equal models print equal texts
      break;
    case DecayKind::exponential:
      needs("half_life");
      decay.half_life = entry.half_life("half_life").value_or(1);
      break;
    case DecayKind::linear:
    case DecayKind::expire:
      needs("lifespan");
      decay.lapse = entry.interval("lifespan", reader.calendar());
      break;
    case DecayKind::step:
      needs("percent");
      needs("every");
      decay.lapse = entry.interval("every", reader.calendar());
      if (const auto percent = entry.decimal("percent", 3, 100)) {
        decay.percent = static_cast<std::int32_t>(*percent);
        if (*percent <= 0) entry.problem("percent must be above 0");
      }
      break;
  }
  entry.finish();
  return decay;
}

Repeat read_repeat(Fields& fields) {
  Repeat repeat;
  if (!fields.has("repeat")) return (void)fields.value("repeat"), repeat;
  Fields entry = fields.object("repeat");
  entry.require("limit");
  repeat.limit = static_cast<std::int32_t>(
      entry.integer("limit", 1, std::numeric_limits<std::int32_t>::max()).value_or(0));
  repeat.period = entry.word("period", words::periods, Period::ever);
  repeat.per_item = entry.flag("per_item");
  entry.finish();
  return repeat;
}

Tier read_tier(ModelReader& reader, const Fields& rule, const Json& json, std::size_t index,
               CountBy count_by) {
  Fields fields(json, rule.path() + ' ' + place("tiers", index, {}), reader.problems, reader.memory);
  Tier tier;
  if (count_by == CountBy::value) {
    constexpr std::int64_t most = 100'000'000'000;  // exact with four decimals in a double
    tier.min = fields.decimal("min", 4, most).value_or(10'000);
    if (const auto max = fields.decimal("max", 4, most)) tier.max = *max;
  } else {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() - 1;
    tier.min = fields.integer("min", 0, most).value_or(1);
    if (const auto max = fields.integer("max", 0, most)) tier.max = *max;
  }
  if (tier.min > tier.max) {
    fields.problem("min is above max: it never matches", fields.has("min") ? "" : "Without min it is 1.");
  }
  fields.require("points");
  tier.points = fields.decimal("points", 3, most_rule_points).value_or(0);
  tier.window = read_window(reader, fields);
  fields.finish();
  return tier;
}

void read_tiers(ModelReader& reader, Fields& fields, Rule& rule) {
  rule.count_by = fields.word("count_by", words::counts, CountBy::occurrences);
  rule.window_anchor = fields.word("window_anchor", words::window_anchors, WindowAnchor::now);
  std::vector<Tier> list;
  for (const Json* json : fields.list("tiers")) {
    list.push_back(read_tier(reader, fields, *json, list.size(), rule.count_by));
  }
  if (rule.measure == Measure::tiers && list.empty()) fields.problem("measure tiers needs at least one tier");
  rule.tiers = keep_list(list, reader.memory);
}

void read_inactivity(ModelReader& reader, Fields& fields, Rule& rule) {
  Inactivity& inactive = rule.inactivity;
  inactive.after = fields.interval("after", reader.calendar());
  inactive.every = fields.interval("every", reader.calendar());
  inactive.max_times = static_cast<std::int32_t>(
      fields.integer("max_times", 1, std::numeric_limits<std::int32_t>::max()).value_or(0));
  inactive.ceiling = fields.decimal("ceiling", 3, most_points / one_point);
  if (rule.measure != Measure::inactivity) return;
  fields.require("after");
  if (fields.has("max_times") && !fields.has("every")) {
    fields.problem("max_times needs every", "Without every the points apply once.");
  }
}

void read_cycle(ModelReader& reader, Fields& fields, Rule& rule) {
  Cycle& cycle_of = rule.cycle;
  cycle_of.length = fields.interval("cycle", reader.calendar());
  cycle_of.step = fields.interval("step", reader.calendar());
  cycle_of.hold = fields.interval("hold", reader.calendar());
  const bool is_linear = fields.flag("linear");
  if (rule.measure != Measure::cycle) return;
  cycle_of.is_learned = fields.flag("learned");
  if (!fields.has("cycle") && !cycle_of.is_learned) {
    fields.problem("measure cycle needs cycle or learned", R"(For example "cycle": "P3M".)");
  }
  if (is_linear && fields.has("step")) fields.problem("step and linear exclude each other");
}

std::optional<MonthDay> read_month_day(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  const auto& text = json.get_ref<const std::string&>();
  if (text.size() != 5 || text[2] != '-') return std::nullopt;
  constexpr std::array<int, 13> days{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int month = 0;
  int day = 0;
  const bool is_read = std::from_chars(text.data(), text.data() + 2, month).ptr == text.data() + 2 &&
                       std::from_chars(text.data() + 3, text.data() + 5, day).ptr == text.data() + 5;
  if (!is_read || month < 1 || month > 12 || day < 1 || day > days[static_cast<std::size_t>(month)])
    return std::nullopt;
  return MonthDay{static_cast<std::uint8_t>(month), static_cast<std::uint8_t>(day)};
}

std::vector<SeasonWindow> read_season_windows(Fields& fields) {
  std::vector<SeasonWindow> windows;
  for (const Json* json : fields.list("windows")) {
    std::optional<MonthDay> first, last;
    if (json->is_array() && json->size() == 2) {
      first = read_month_day((*json)[0]);
      last = read_month_day((*json)[1]);
    }
    if (first && last) {
      windows.push_back({*first, *last});
    } else {
      fields.problem("windows[" + std::to_string(windows.size()) + "] is no pair of days of the year: " +
                         (json->is_array() ? shown(Json(json->dump())) : shown(*json)),
                     R"(Write first and last day, for example ["03-01", "05-31"].)");
      break;
    }
  }
  return windows;
}

std::uint16_t read_months(Fields& fields) {
  unsigned months = 0;
  for (const Json* json : fields.list("months")) {
    const bool is_month = json->is_number_integer() && *json >= 1 && *json <= 12;
    if (is_month) months |= 1U << json->get<unsigned>();
    if (!is_month) fields.problem("months: " + shown(*json) + " is no month; they are 1 to 12");
  }
  return static_cast<std::uint16_t>(months);
}

// Number of the day in a leap year.
std::size_t day_of_season(MonthDay at) {
  constexpr std::array<int, 13> before{0, 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335};
  return static_cast<std::size_t>(before[at.month] + at.day - 1);
}

void mark_days(Season& season_of) {
  for (const SeasonWindow& window : season_of.windows) {
    const std::size_t last = day_of_season(window.last);
    for (std::size_t day = day_of_season(window.first);; day = (day + 1) % days_of_season) {
      season_of.days[day] = true;
      if (day == last) break;
    }
  }
  for (std::uint8_t month = 1; month <= 12; ++month) {
    if ((season_of.months >> month & 1) == 0) continue;
    const std::size_t end =
        month == 12 ? days_of_season : day_of_season({static_cast<std::uint8_t>(month + 1), 1});
    for (std::size_t day = day_of_season({month, 1}); day < end; ++day) season_of.days[day] = true;
  }
}

void find_edges(Season& season_of) {
  int until = 0;
  // Two rounds backwards: the first one finds where the year's last days lead to.
  for (int day = 2 * days_of_season - 1; day >= 0; --day) {
    const auto at = static_cast<std::size_t>(day % days_of_season);
    const bool is_edge = season_of.days[at] != season_of.days[(at + 1) % days_of_season];
    until = is_edge ? 1 : until > 0 ? until + 1 : 0;
    season_of.until_edge[at] = static_cast<std::uint16_t>(until);
  }
}

void read_season(ModelReader& reader, Fields& fields, Rule& rule) {
  Season result;
  result.windows = keep_list(read_season_windows(fields), reader.memory);
  result.months = read_months(fields);
  if (rule.measure != Measure::season) return;
  result.is_learned = fields.flag("learned");
  mark_days(result);
  find_edges(result);
  rule.season = new (std::pmr::polymorphic_allocator<Season>(reader.memory).allocate(1)) Season(result);
  if (fields.has("windows") + fields.has("months") + result.is_learned != 1) {
    fields.problem("measure season needs exactly one of windows, months and learned");
  } else if (!result.is_learned && result.windows.empty() && result.months == 0) {
    fields.problem("the season has no days");
  }
  for (const std::string_view key : {"valid_from", "valid_to", "since"}) {
    if (!result.is_learned && fields.has(key)) {
      fields.problem(std::string(key) + " does not go with a fixed season, which counts no occurrences");
    }
  }
}

void read_validity(ModelReader& reader, Fields& fields, Rule& rule) {
  rule.valid_from = fields.date("valid_from");
  rule.valid_to = fields.date("valid_to");
  const Calendar& calendar = reader.calendar();
  if (rule.valid_from) rule.first_valid = calendar.start_of(*rule.valid_from);
  if (rule.valid_to) rule.last_valid = calendar.start_of(*rule.valid_to) + calendar.ticks_per_day() - 1;
  if (rule.valid_from && rule.valid_to && *rule.valid_from > *rule.valid_to) {
    fields.problem("valid_from lies after valid_to");
  }
}

void check_signal(const Fields& fields, const Rule& rule) {
  const bool is_fixed_season =
      rule.measure == Measure::season && (rule.season == nullptr || !rule.season->is_learned);
  if (is_fixed_season && fields.has("signal")) {
    fields.problem("a fixed season counts no signal", "Use a guard to limit the rule to some leads.");
  }
  if (!is_fixed_season && rule.measure != Measure::inactivity && !fields.has("signal")) {
    fields.problem("signal is missing",
                   "Only inactivity (any activity) and a fixed season go without a signal.");
  }
}

void check_points(const Fields& fields, const Rule& rule) {
  if (rule.measure == Measure::tiers || fields.has("points") || rule.inactivity.ceiling) return;
  fields.problem("points is missing");
}

}  // namespace

Rule read_rule(ModelReader& reader, const Json& json, std::size_t index) {
  Fields fields(json, place("rules", index, {}), reader.problems, reader.memory);
  Rule rule;
  rule.name = fields.name();
  fields.rename(place("rules", index, rule.name));
  rule.measure = fields.word("measure", words::measures, Measure::occurrences);
  if (const auto name = fields.text("group")) {
    rule.group = find_name(reader.model.groups, *name, fields, "group");
    if (rule.group >= 0) rule.component = reader.model.groups[static_cast<std::size_t>(rule.group)].component;
  }
  rule.component = fields.word("component", words::components, rule.component);
  rule.signal = read_signal(reader, fields, "signal");
  rule.points = fields.decimal("points", 3, most_rule_points).value_or(0);
  rule.clamp = read_clamp(fields);
  rule.decay = read_decay(reader, fields);
  rule.repeat = read_repeat(fields);
  rule.since = read_signal(reader, fields, "since");
  rule.guard = read_condition(reader, fields, "guard");
  read_validity(reader, fields, rule);
  read_tiers(reader, fields, rule);
  read_inactivity(reader, fields, rule);
  read_cycle(reader, fields, rule);
  read_season(reader, fields, rule);
  (void)fields.value("learned");  // known, whatever the measure; check_keys says where it goes
  rule.disqualifies = fields.flag("disqualifies");
  rule.hand_raise = fields.flag("hand_raise");
  if (const auto name = fields.text("forces_band")) {
    rule.forces_band = find_name(reader.model.bands, *name, fields, "band");
  }
  check_keys(fields, rule.measure);
  check_signal(fields, rule);
  check_points(fields, rule);
  fields.finish();
  return rule;
}

}  // namespace lead_scoring
