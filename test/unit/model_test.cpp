// Reading, checking and printing models.
#include "core/model.hpp"

#include <gtest/gtest.h>

#include <memory_resource>

#include "core/error.hpp"

namespace lead_scoring {
namespace {

std::string document(std::string_view rules, std::string_view rest = {}) {
  return R"({"format": 1, "time_zone": "Europe/London", "resolution": "day", "signals": {"order": 1, "visit": 2}, )" +
         std::string(rest) + R"("rules": [)" + std::string(rules) + "]}";
}
std::string rule(std::string_view keys) {
  return R"({"name": "orders", "signal": "order", )" + std::string(keys) + "}";
}

std::string printed(std::string_view json) {
  std::pmr::monotonic_buffer_resource memory;
  return print_model(*parse_model(json, &memory));
}

Error error_of(const std::string& json) {
  std::pmr::monotonic_buffer_resource memory;
  try {
    (void)parse_model(json, &memory);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::corrupt_data, "no error: " + json);
}
void expect_problem(const std::string& json, std::string_view message) {
  const Error error = error_of(json);
  EXPECT_EQ(error.what(), message);
  EXPECT_EQ(error.kind(), ErrorKind::invalid_parameter);
  EXPECT_EQ(error.detail().substr(0, message.size()), message);
}

constexpr std::string_view full =
    R"({"format": 1, "time_zone": "Europe/London", "resolution": "hour", )"
    R"("signals": {"order": 1, "visit": 2, "Größe \"x\"": 7}, "activity": ["order", "visit"], "created": 3, )"
    R"("min_score": -10.5, "max_score": 100, "components": {"engagement": {"min": 0, "max": 80}, "fit": {"max": 40.125}}, )"
    R"("groups": [{"name": "buying", "component": "engagement", "min": -10, "max": 50}, )"
    R"({"name": "manager", "component": "fit", "persona": true}], )"
    R"("rules": [{"name": "orders", "component": "engagement", "group": "buying", "signal": "order", "measure": "occurrences", )"
    R"("points": 10, "min": -50, "max": 100, "decay": {"kind": "exponential", "half_life": "P30D", "anchor": "activity"}, )"
    R"("repeat": {"limit": 1, "period": "day", "per_item": true}, "valid_from": "2026-01-01", "valid_to": "2026-12-31", )"
    R"("guard": {"signal": "order", "min": 1, "max": 3, "within": "P30D", "older_than": "P1D"}, "since": "visit", )"
    R"("disqualifies": true, "forces_band": "SQL", "hand_raise": true}, )"
    R"({"name": "value", "component": "fit", "group": "manager", "signal": "Größe \"x\"", "measure": "value", "points": -0.001, )"
    R"("decay": {"kind": "step", "percent": 33.333, "every": "P1M"}, "guard": {"signal": "visit", "max": 0}}, )"
    R"({"name": "half-life", "component": "engagement", "signal": "order", "measure": "occurrences", "points": 1000000, )"
    R"("decay": {"kind": "exponential", "half_life": "PT90M"}}, )"
    R"({"name": "linear", "component": "engagement", "signal": "order", "measure": "occurrences", "points": 0, )"
    R"("decay": {"kind": "linear", "lifespan": "P1M2DT3H"}}, )"
    R"({"name": "expire", "component": "engagement", "signal": "order", "measure": "occurrences", "points": 1, )"
    R"("decay": {"kind": "expire", "lifespan": "P90D"}, "repeat": {"limit": 3}}, )"
    R"({"name": "tiers", "component": "engagement", "signal": "visit", "measure": "tiers", "window_anchor": "last", )"
    R"("tiers": [{"min": 3, "max": 9, "points": 10, "within": "P7D", "older_than": "P1D"}, {"points": 5}]}, )"
    R"({"name": "values", "component": "engagement", "signal": "visit", "measure": "tiers", "count_by": "value", )"
    R"("tiers": [{"min": -2.5, "max": 9.0625, "points": 10.5}, {"points": 5}]}, )"
    R"({"name": "inactive", "component": "engagement", "measure": "inactivity", "points": -5, "after": "P1M", "every": "P1M", )"
    R"("max_times": 3, "ceiling": 50}, )"
    R"({"name": "cap", "component": "engagement", "signal": "order", "measure": "inactivity", "after": "P1M", "ceiling": 0}, )"
    R"({"name": "cycle", "component": "engagement", "signal": "order", "measure": "cycle", "points": 60, "cycle": "P3M", )"
    R"("learned": true, "step": "P1M", "hold": "P2M"}, )"
    R"({"name": "slow", "component": "engagement", "signal": "order", "measure": "cycle", "points": 60, "cycle": "P3M", "linear": true}, )"
    R"({"name": "spring", "component": "engagement", "measure": "season", "points": 15, "windows": [["03-01", "05-31"], ["12-24", "01-06"]]}, )"
    R"({"name": "months", "component": "engagement", "measure": "season", "points": 15, "months": [3, 12]}, )"
    R"({"name": "season", "component": "engagement", "signal": "order", "measure": "season", "points": 15, "learned": true}], )"
    R"("grades": [{"name": "A", "min": 75}, {"name": "F", "min": -5}], "levels": [{"name": "1", "min": 75}], )"
    R"("bands": [{"name": "MQL", "rank": 1, "min_score": 60, "exclusive": true, "min_fit": 10, "min_engagement": 20, )"
    R"("min_grade": "F", "min_level": "1"}, {"name": "SQL", "rank": 2, "min_score": 80}], )"
    R"("segment": {"signal": "order", "max": 0}})";

TEST(Model, CanonicalTextPrintsItself) { EXPECT_EQ(printed(full), full); }

TEST(Model, DefaultsAreNotPrintedAndOrderIsCanonical) {
  const std::string_view text =
      R"({"rules":[{"points":10.0,"name":"r","signal":"b","decay":{"kind":"none"},"repeat":{"limit":2,"period":"ever","per_item":false},
          "guard":"a","disqualifies":false}, {"name":"c","signal":"b","measure":"cycle","points":1,"cycle":"P1Y"},
          {"name":"h","signal":"b","points":1,"decay":{"kind":"exponential","half_life":"P1M2DT24H","anchor":"occurrence"}}],
          "signals":{"b":9,"a":4},"format":1,"time_zone":"UTC","min_score":0,"groups":[],"components":{"fit":{}},
          "bands":[{"name":"hi","rank":2,"min_score":5},{"name":"lo","rank":-1,"exclusive":false}],
          "grades":[{"name":"low","min":1},{"name":"high","min":2}],"activity":["b"]})";
  const std::string canonical =
      R"({"format": 1, "time_zone": "UTC", "resolution": "day", "signals": {"a": 4, "b": 9}, "activity": ["b"], )"
      R"("rules": [{"name": "r", "component": "engagement", "signal": "b", "measure": "occurrences", "points": 10, )"
      R"("repeat": {"limit": 2}, "guard": {"signal": "a", "min": 1}}, )"
      R"({"name": "c", "component": "engagement", "signal": "b", "measure": "cycle", "points": 1, "cycle": "P12M", "linear": true}, )"
      R"({"name": "h", "component": "engagement", "signal": "b", "measure": "occurrences", "points": 1, )"
      R"("decay": {"kind": "exponential", "half_life": "P33D"}}], )"
      R"("grades": [{"name": "high", "min": 2}, {"name": "low", "min": 1}], )"
      R"("bands": [{"name": "lo", "rank": -1}, {"name": "hi", "rank": 2, "min_score": 5}]})";
  EXPECT_EQ(printed(text), canonical);
  EXPECT_EQ(printed(canonical), canonical);
}

TEST(Model, ARuleWithoutComponentTakesItsGroups) {
  std::pmr::monotonic_buffer_resource memory;
  const Model* m = parse_model(
      document(rule(R"("points": 1, "group": "g")"), R"("groups": [{"name": "g", "component": "fit"}], )"),
      &memory);
  EXPECT_EQ(m->rules[0].component, Component::fit);
  EXPECT_EQ(m->time_zone(), "Europe/London");
  EXPECT_EQ(m->resolution(), Resolution::day);
}

TEST(Model, EverythingLivesInTheGivenMemory) {
  // Nothing is taken from the default resource, and nothing needs a destructor: the memory may simply go.
  std::pmr::memory_resource* before = std::pmr::set_default_resource(std::pmr::null_memory_resource());
  std::string text(full);
  std::vector<std::byte> buffer(1 << 16);
  std::pmr::monotonic_buffer_resource memory(buffer.data(), buffer.size(), std::pmr::null_memory_resource());
  const Model* m = parse_model(text, &memory);
  std::fill(text.begin(), text.end(), '!');  // the text need not outlive the call
  EXPECT_EQ(print_model(*m), full);
  std::pmr::set_default_resource(before);
}

TEST(ModelErrors, TextThatIsNoJson) {
  for (const char* text : {"", "{", "[1,]", "nonsense", "{\"a\": 1e999}", "\"\xff\""}) {
    const Error error = error_of(text);
    EXPECT_EQ(error.kind(), ErrorKind::invalid_text) << text;
    EXPECT_FALSE(error.detail().empty());
  }
  const Error twice = error_of(R"({"format": 1, "rules": [{"name": "a", "name": "b"}]})");
  EXPECT_EQ(twice.kind(), ErrorKind::invalid_text);
  EXPECT_STREQ(twice.what(), R"(the key "name" stands twice in one object of the model)");
  expect_problem("[]", "model: an object is expected here, not a list");
}

TEST(ModelErrors, AllProblemsAreListed) {
  const Error error = error_of(document(
      rule(R"("points": 1.2345, "decay": {"kind": "exponential"}, "frobnicate": 1, "group": "none")") +
      R"(, {"name": "orders", "measure": "tiers", "signal": "nothing"})"));
  EXPECT_STREQ(error.what(), R"(rules[0] "orders": group "none" does not exist)");
  EXPECT_EQ(error.detail(), R"(rules[0] "orders": group "none" does not exist
rules[0] "orders": points 1.2345 has more than 3 decimals
rules[0] "orders": decay exponential needs half_life
rules[0] "orders": unknown key "frobnicate"
rules[1] "orders": signal "nothing" does not exist
rules[1] "orders": measure tiers needs at least one tier
rules: the name "orders" stands more than once)");
  EXPECT_NE(error.hint().find("Known keys here: name, measure"), std::string::npos);
}

TEST(ModelErrors, Numbers) {
  expect_problem(document(rule(R"("points": 1000000.001)")),
                 R"(rules[0] "orders": points must be from -1000000 to 1000000, not 1000000.001)");
  expect_problem(document(rule(R"("points": "10")")),
                 R"(rules[0] "orders": points must be a number, not "10")");
  expect_problem(document(rule(R"("points": 1, "repeat": {"limit": -1})")),
                 R"(rules[0] "orders" repeat: limit must be a whole number from 1 to 2147483647, not -1)");
  expect_problem(
      document(rule(R"("points": 1, "repeat": {"limit": 1, "period": ""})")),
      R"(rules[0] "orders" repeat: period "" does not exist; it is one of ever, day, week, month, quarter, year)");
  expect_problem(document(rule(R"("points": 1, "decay": {"kind": "step", "percent": 0, "every": "P1M"})")),
                 R"(rules[0] "orders" decay: percent must be above 0)");
  expect_problem(
      document(rule(R"("points": 1, "decay": {"kind": "step", "percent": 100.5, "every": "P1M"})")),
      R"(rules[0] "orders" decay: percent must be from -100 to 100, not 100.5)");
  expect_problem(
      document("", R"("bands": [{"name": "a", "rank": 1, "min_score": 60.5}], )"),
      R"(bands[0] "a": min_score must be a whole number from -2147483647 to 2147483647, not 60.5)");
  expect_problem(document("", R"("min_score": 1, "max_score": 0.999, )"),
                 "model: min_score is above max_score");
  expect_problem(R"({"format": 2, "time_zone": "UTC", "rules": []})",
                 "model: format 2 is not known; this release reads format 1");
}

TEST(ModelErrors, Intervals) {
  const auto expire = [](std::string_view span) {
    return document(
        rule(R"("points": 1, "decay": {"kind": "expire", "lifespan": ")" + std::string(span) + "\"}"));
  };
  expect_problem(expire("P0D"), R"(rules[0] "orders" decay: lifespan "P0D" must be longer than nothing)");
  expect_problem(expire("PT36H"),
                 R"(rules[0] "orders" decay: lifespan "PT36H" is not a whole number of days)");
  expect_problem(expire("P1001Y"), R"(rules[0] "orders" decay: lifespan "P1001Y" is longer than 1000 years)");
  expect_problem(expire("a month"), R"(rules[0] "orders" decay: lifespan: invalid interval: "a month")");
  EXPECT_EQ(error_of(expire("P1000Y")).kind(), ErrorKind::corrupt_data) << "allowed";
  for (const char* half_life :
       {"P1", "P", "PT", "P1H", "PT1D", "P-1D", "P1D1M", "30 days", "P1S", "PT1.5H"}) {
    expect_problem(document(rule(R"("points": 1, "decay": {"kind": "exponential", "half_life": ")" +
                                 std::string(half_life) + "\"}")),
                   R"(rules[0] "orders" decay: invalid half_life ")" + std::string(half_life) + '"');
  }
  expect_problem(
      document(rule(
          R"("points": 1, "guard": {"signal": "visit", "min": 1, "within": "P7D", "older_than": "P7D"})")),
      R"(rules[0] "orders" guard: the window is empty: older_than P7D is not shorter than within P7D)");
  expect_problem(document(rule(R"("points": 1, "valid_from": "2024-02-30")")),
                 R"(rules[0] "orders": valid_from: there is no date 2024-02-30)");
  expect_problem(document(rule(R"("points": 1, "valid_from": "2024-03-01", "valid_to": "2024-02-01")")),
                 R"(rules[0] "orders": valid_from lies after valid_to)");
}

TEST(ModelErrors, KeysThatDoNotGoWithTheMeasure) {
  expect_problem(document(rule(R"("measure": "value", "points": 1, "repeat": {"limit": 1})")),
                 R"(rules[0] "orders": repeat does not go with measure value)");
  expect_problem(document(rule(R"("measure": "tiers", "points": 1, "tiers": [{"points": 1}])")),
                 R"(rules[0] "orders": points does not go with measure tiers)");
  expect_problem(
      document(rule(
          R"("measure": "tiers", "tiers": [{"points": 1}], "decay": {"kind": "expire", "lifespan": "P1D"})")),
      R"(rules[0] "orders": decay does not go with measure tiers)");
  expect_problem(
      document(rule(R"("measure": "inactivity", "points": 1, "after": "P1D", "valid_from": "2024-01-01")")),
      R"(rules[0] "orders": valid_from does not go with measure inactivity)");
  expect_problem(document(rule(R"("measure": "season", "points": 1, "months": [1])")),
                 R"(rules[0] "orders": a fixed season counts no signal)");
  expect_problem(document(rule(R"("points": 1, "learned": true)")),
                 R"(rules[0] "orders": learned does not go with measure occurrences)");
  expect_problem(document(R"({"name": "r", "points": 1})"), R"(rules[0] "r": signal is missing)");
  expect_problem(document(R"({"name": "r", "signal": "visit"})"), R"(rules[0] "r": points is missing)");
  expect_problem(document(rule(R"("measure": "inactivity", "points": 1)")),
                 R"(rules[0] "orders": after is missing)");
  expect_problem(document(rule(R"("measure": "inactivity", "points": 1, "after": "P1D", "max_times": 2)")),
                 R"(rules[0] "orders": max_times needs every)");
  expect_problem(document(rule(R"("measure": "cycle", "points": 1)")),
                 R"(rules[0] "orders": measure cycle needs cycle or learned)");
  expect_problem(
      document(rule(R"("measure": "cycle", "points": 1, "cycle": "P1M", "step": "P1D", "linear": true)")),
      R"(rules[0] "orders": step and linear exclude each other)");
  expect_problem(
      document(
          R"({"name": "r", "measure": "season", "points": 1, "months": [1], "windows": [["01-01", "02-01"]]})"),
      R"(rules[0] "r": measure season needs exactly one of windows, months and learned)");
  expect_problem(
      document(R"({"name": "r", "measure": "season", "points": 1, "windows": [["02-30", "03-01"]]})"),
      R"(rules[0] "r": windows[0] is no pair of days of the year: "[\"02-30\",\"03-01\"]")");
  expect_problem(document(R"({"name": "r", "measure": "season", "points": 1, "months": [13]})"),
                 R"(rules[0] "r": months: 13 is no month; they are 1 to 12)");
  expect_problem(
      document(rule(
          R"("measure": "tiers", "count_by": "items", "repeat": {"limit": 1}, "tiers": [{"points": 1}])")),
      R"(rules[0] "orders": a repeat limit goes with distinct items only per item)");
  expect_problem(
      document(rule(
          R"("measure": "tiers", "count_by": "value", "repeat": {"limit": 1}, "tiers": [{"points": 1}])")),
      R"(rules[0] "orders": a repeat limit does not go with count_by value)");
  expect_problem(document(rule(R"("measure": "tiers", "tiers": [{"points": 1, "max": 0}])")),
                 R"(rules[0] "orders" tiers[0]: min is above max: it never matches)");
  expect_problem(document(rule(R"("points": 1, "guard": {"signal": "visit"})")),
                 R"(rules[0] "orders" guard: min or max is missing)");
  expect_problem(document(rule(R"("points": 1, "guard": {"signal": "visit", "min": 3, "max": 2})")),
                 R"(rules[0] "orders" guard: min is above max: it is never met)");
}

TEST(ModelErrors, ClampsGroupsAndBands) {
  expect_problem(document(rule(R"("points": 1, "min": 1)")), R"(rules[0] "orders": min is above 0)");
  expect_problem(document("", R"("groups": [{"name": "g", "max": -1}], )"),
                 R"(groups[0] "g": max is below 0)");
  expect_problem(document("", R"("components": {"fit": {"min": 0.001}}, )"),
                 "components fit: min is above 0");
  expect_problem(document("", R"("groups": [{"name": "g", "persona": true}], )"),
                 R"(groups[0] "g": a persona is a group of component fit)");
  expect_problem(document(rule(R"("points": 1, "group": "g", "component": "engagement")"),
                          R"("groups": [{"name": "g", "component": "fit"}], )"),
                 R"(rules[0] "orders": the rule and its group belong to different components)");
  expect_problem(
      document(
          "",
          R"("bands": [{"name": "a", "rank": 1, "min_score": 1}, {"name": "b", "rank": 1, "min_score": 2}], )"),
      R"(bands: "a" and "b" have the same rank 1)");
  expect_problem(
      document(
          "",
          R"("bands": [{"name": "a", "rank": 1, "min_fit": 1}, {"name": "b", "rank": 2, "min_fit": 1}], )"),
      R"(bands: "a" and "b" have the same minima)");
  expect_problem(document("", R"("bands": [{"name": "disqualified", "rank": 1}], )"),
                 R"(bands: "disqualified" is the band of disqualified leads)");
  expect_problem(document("", R"("bands": [{"name": "a", "rank": 1, "min_grade": "A"}], )"),
                 R"(bands[0] "a": grade "A" does not exist)");
  expect_problem(document("", R"("bands": [{"name": "a", "rank": 1, "exclusive": true}], )"),
                 R"(bands "a": exclusive needs min_score)");
  expect_problem(document("", R"("grades": [{"name": "A", "min": 1}, {"name": "B", "min": 1}], )"),
                 R"(grades: "A" and "B" have the same min 1)");
  expect_problem(document(rule(R"("points": 1, "forces_band": "SQL")")),
                 R"(rules[0] "orders": band "SQL" does not exist)");
  expect_problem(document("", R"("activity": ["order", "nothing"], )"),
                 R"(activity: signal "nothing" does not exist)");
  expect_problem(document("", R"("segment": "nothing", )"), R"(model: signal "nothing" does not exist)");
  expect_problem(R"({"format": 1, "time_zone": "UTC", "signals": {"a": 1, "b": 1, "c": 0}})",
                 "signals: c must be a whole number from 1 to 2147483647, not 0");
  EXPECT_EQ(error_of(R"({"format": 1, "time_zone": "UTC", "signals": {"a": 1, "b": 1}})").detail(),
            R"(signals: "a" and "b" have the same number 1)");
}

TEST(ModelErrors, LongListsOfProblemsEnd) {
  std::string rules;
  for (int i = 0; i < 300; ++i)
    rules += std::string(i > 0 ? "," : "") + R"({"name": "r)" + std::to_string(i) +
             R"(", "signal": "x", "points": 1})";
  const std::string detail = error_of(document(rules)).detail();
  EXPECT_NE(detail.find("… and 200 more"), std::string::npos);
}

}  // namespace
}  // namespace lead_scoring
