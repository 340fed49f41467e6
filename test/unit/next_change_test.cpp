#include <gtest/gtest.h>

#include "model_test_support.hpp"

namespace lead_scoring {
namespace {

using testing::Bench;
using testing::day;

std::string orders(std::string_view keys) {
  return R"({"name": "r", "signal": "order", "points": 10)" + std::string(keys) + "}";
}

auto outputs(const Evaluation& e) {
  return std::tuple(e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.persona, e.disqualified,
                    e.hand_raised, e.in_segment, e.last_active);
}

// The first tick at which an output really differs, found by asking every one.
Tick first_change(const Model& model, Bytes tally, Tick at, Tick horizon) {
  const auto now = outputs(evaluate(model, tally, at, LookAhead::no));
  for (Tick tick = at + 1; tick <= horizon; ++tick) {
    if (outputs(evaluate(model, tally, tick, LookAhead::no)) != now) return tick;
  }
  return never;
}

TEST(NextChange, IsNeverForALeadThatStays) {
  Bench b;
  EXPECT_EQ(b.evaluate(b.model(orders("")), "{1@100:3}", 120).next_change, never);
  EXPECT_EQ(
      b.evaluate(b.model(orders(R"(, "decay": {"kind": "exponential", "half_life": "P30D"})")), "{}", 120)
          .next_change,
      never);
  EXPECT_EQ(
      b.evaluate(b.model(orders(R"(, "decay": {"kind": "expire", "lifespan": "P3D"})")), "{1@100:3}", 120)
          .next_change,
      never);
  EXPECT_EQ(b.evaluate(b.model(""), "{}", 120).next_change, never);
}

TEST(NextChange, IsNotComputedWithoutALookAhead) {
  Bench b;
  const Model& m = b.model(orders(R"(, "decay": {"kind": "expire", "lifespan": "P3D"})"));
  EXPECT_EQ(evaluate(m, b.tally("{1@100}"), 101, LookAhead::no).next_change, never);
  EXPECT_EQ(evaluate(m, b.tally("{1@100}"), 101).next_change, 103);
}

TEST(NextChange, OfEachDecayIsTheFirstTickThatShows) {
  Bench b;
  for (const char* decay :
       {R"({"kind": "exponential", "half_life": "P30D"})", R"({"kind": "exponential", "half_life": "PT90M"})",
        R"({"kind": "exponential", "half_life": "P2000D"})", R"({"kind": "linear", "lifespan": "P700D"})",
        R"({"kind": "linear", "lifespan": "P1M"})", R"({"kind": "step", "percent": 0.5, "every": "P2M"})",
        R"({"kind": "step", "percent": 33.333, "every": "P1M"})",
        R"({"kind": "expire", "lifespan": "P1Y"})"}) {
    const Model& m = b.model(orders(", \"decay\": " + std::string(decay)));
    for (const char* text : {"{1@100}", "{1@100,1@131:2,1@200}", "{1@100:40}"}) {
      const Bytes tally = b.tally(text);
      for (Tick at : {200, 233, 401}) {
        EXPECT_EQ(evaluate(m, tally, at).next_change, first_change(m, tally, at, at + 8000))
            << decay << ' ' << text << " at " << at;
      }
    }
  }
}

TEST(NextChange, ALeadWhoseOutputsStayForAMonthIsLeftAloneForAMonth) {
  Bench b;
  // Held at the maximum while everything decays: 400 points fall below 100 after two half-lives.
  const Model& held =
      b.model(orders(R"(, "decay": {"kind": "exponential", "half_life": "P30D"})"), R"("max_score": 100,
      "components": {"engagement": {"max": 100}})");
  EXPECT_EQ(b.evaluate(held, "{1@100:40}", 100).next_change,
            first_change(held, b.tally("{1@100:40}"), 100, 300));
  EXPECT_GT(b.evaluate(held, "{1@100:40}", 100).next_change, 155);
  // Thirty expiring entries that the rule's maximum hides.
  const Model& hidden = b.model(orders(R"(, "max": 10, "decay": {"kind": "expire", "lifespan": "P30D"})"));
  std::string tally = "{1@100";
  for (int i = 101; i < 130; ++i) tally += ",1@" + std::to_string(i);
  EXPECT_EQ(b.evaluate(hidden, tally + "}", 129).next_change, 159);
  // Thirty entries that leave a guard's window one by one.
  const Model& guarded = b.model(orders(R"(, "guard": {"signal": "open", "min": 1, "within": "P1M"})"));
  std::string opens = "{1@1:1";
  for (int i = 100; i < 130; ++i) opens += ",3@" + std::to_string(i);
  const Bytes bytes = b.tally(opens + "}");
  EXPECT_EQ(evaluate(guarded, bytes, 129).next_change, first_change(guarded, bytes, 129, 200));
  // Old points that no longer show.
  const Model& old = b.model(orders(R"(, "decay": {"kind": "exponential", "half_life": "P30D"})"));
  EXPECT_GT(b.evaluate(old, "{1@100}", 240).next_change, 240 + 365) << "0.39 points are displayed as 0";
}

TEST(NextChange, PositiveAndNegativePointsDecayAtOnce) {
  Bench b;
  const Model& m = b.model(
      orders(R"(, "decay": {"kind": "exponential", "half_life": "P30D"}}, {"name": "minus", "signal": "open",
      "points": -10, "decay": {"kind": "exponential", "half_life": "P30D"})"),
      R"("min_score": -1000)");
  const Bytes balanced = b.tally("{1@100:5,3@100:5}");
  // Nothing shows while 50 points go up and 50 down. Only neighbouring ticks can be proven, one a try.
  EXPECT_GT(evaluate(m, balanced, 100).next_change, 107);
  const Bytes tally = b.tally("{1@100:5,3@103:4}");
  const Tick next = evaluate(m, tally, 103).next_change;
  EXPECT_LE(next, first_change(m, tally, 103, 400));
  const Model& value = b.model(
      R"({"name": "r", "measure": "value", "signal": "order", "points": 0.1, "decay": {"kind": "linear", "lifespan": "P90D"}})");
  const Bytes refunds = b.tally("{1@100:1=500,1@110:1=-499}");
  for (Tick at : {110, 130, 160, 195}) {
    const Tick promised = evaluate(value, refunds, at).next_change;
    EXPECT_LE(promised, first_change(value, refunds, at, 400)) << at;
    EXPECT_GT(promised, at);
  }
}

TEST(NextChange, VerdictsThatEndWithTheLastWeight) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "signal": "order", "points": 0, "hand_raise": true, "decay": {"kind": "expire", "lifespan": "P10D"}},
                              {"name": "s", "signal": "open", "points": 0, "hand_raise": true, "guard": {"signal": "order", "min": 1, "older_than": "P20D"}})");
  EXPECT_EQ(b.evaluate(m, "{1@100}", 100).next_change, 110);
  EXPECT_EQ(b.evaluate(m, "{1@100,3@1}", 110).next_change, 120);
  EXPECT_EQ(b.evaluate(m, "{1@100,3@1}", 120).next_change, never);
}

TEST(NextChange, FutureEntriesValidityAndCreation) {
  Bench b;
  const Model& m = b.model(R"({"name": "r", "measure": "inactivity", "points": -5, "after": "P10D"},
                              {"name": "p", "component": "fit", "signal": "profile", "points": 3, "valid_from": "2000-06-01", "valid_to": "2000-06-30"})",
                           R"("min_score": -100)");
  EXPECT_EQ(b.evaluate(m, "{9@120}", 100).next_change, 130) << "created at 120, inactive from 130";
  EXPECT_EQ(b.evaluate(m, "{4:1}", 0).next_change, day("2000-06-01"));
  EXPECT_EQ(b.evaluate(m, "{4:1}", day("2000-06-10")).next_change, day("2000-07-01"));
  EXPECT_EQ(b.evaluate(m, "{4@" + std::to_string(day("2000-06-15")) + "}", 0).next_change, day("2000-06-15"))
      << "a trial that ends";
}

TEST(NextChange, CycleStepsDueDateAndHold) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "measure": "cycle", "signal": "order", "points": 60, "cycle": "P3M", "step": "P1M", "hold": "P1M"})");
  const std::string tally = "{1@" + std::to_string(day("2024-01-31")) + "}";
  Tick at = day("2024-01-31");
  for (const char* next : {"2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"}) {
    EXPECT_EQ(b.evaluate(m, tally, at).next_change, day(next));
    at = day(next);
  }
  EXPECT_EQ(b.evaluate(m, tally, at).next_change, never);
}

TEST(NextChange, PersonasThatOvertakeEachOther) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "a", "group": "a", "signal": "order", "points": 40, "decay": {"kind": "linear", "lifespan": "P40D"}},
         {"name": "b", "group": "b", "signal": "open", "points": 35, "decay": {"kind": "linear", "lifespan": "P350D"}})",
      R"("groups": [{"name": "a", "component": "fit", "persona": true, "max": 34.9}, {"name": "b", "component": "fit", "persona": true, "max": 34.9}])");
  const Bytes tally = b.tally("{1@100,3@100}");
  EXPECT_EQ(evaluate(m, tally, 100).next_change, first_change(m, tally, 100, 300));
}

// Something that moves on every tick but never shows, so that the search takes long steps.
constexpr std::string_view restless =
    R"({"name": "t", "signal": "order", "points": 0.001, "decay": {"kind": "linear", "lifespan": "P1000D"}})";
// Until day 106, and from day 110 on, of a lead whose last activity was on day 100.
std::string until_107(std::string_view name, std::string_view keys) {
  return R"(, {"name": ")" + std::string(name) +
         R"(", "signal": "order", "decay": {"kind": "expire", "lifespan": "P7D"}, )" + std::string(keys) +
         "}";
}
std::string from_110(std::string_view name, std::string_view keys) {
  return R"(, {"name": ")" + std::string(name) + R"(", "measure": "inactivity", "after": "P10D", )" +
         std::string(keys) + "}";
}

TEST(NextChange, OutputsThatComeBackAreNotOverlooked) {
  Bench b;
  const Model& score =
      b.model(std::string(restless) + until_107("a", R"("points": 10)") + from_110("b", R"("points": 10)"));
  EXPECT_EQ(b.evaluate(score, "{1@100}", 100).score, b.evaluate(score, "{1@100}", 110).score);
  EXPECT_EQ(b.evaluate(score, "{1@100}", 100).next_change, 107);
  const Model& verdict =
      b.model(std::string(restless) + until_107("a", R"("points": 0, "hand_raise": true)") +
              from_110("b", R"("points": 0, "hand_raise": true)"));
  EXPECT_EQ(b.evaluate(verdict, "{1@100}", 100).next_change, 107);
  const Model& ceiling =
      b.model(std::string(restless) + R"(, {"name": "o", "signal": "order", "points": 80})" +
              until_107("a", R"("points": -30)") + from_110("b", R"("points": 0, "ceiling": 50)"));
  EXPECT_EQ(b.evaluate(ceiling, "{1@100}", 100).score, b.evaluate(ceiling, "{1@100}", 110).score);
  EXPECT_EQ(b.evaluate(ceiling, "{1@100}", 100).next_change, 107);
}

TEST(NextChange, PersonasThatComeBackAreNotOverlooked) {
  Bench b;
  // The sums themselves are hidden, so that only the persona shows.
  const std::string_view rest = R"("components": {"fit": {"min": 0, "max": 0}},
      "groups": [{"name": "p", "component": "fit", "persona": true}, {"name": "q", "component": "fit", "persona": true}])";
  // −5 until day 106, 0, and −5 again from day 110 on: for three days there is no persona.
  const Model& alone = b.model(std::string(restless) + until_107("a", R"("group": "p", "points": -15)") +
                                   until_107("b", R"("group": "p", "points": 10)") +
                                   from_110("c", R"("group": "p", "points": -5)"),
                               rest);
  EXPECT_EQ(b.evaluate(alone, "{1@100}", 100).persona, 0);
  EXPECT_EQ(b.evaluate(alone, "{1@100}", 107).persona, -1);
  EXPECT_EQ(b.evaluate(alone, "{1@100}", 110).persona, 0);
  EXPECT_EQ(b.evaluate(alone, "{1@100}", 100).next_change, 107);
  // p has 10, then 5, then 10; q has 6 until day 114, then 2: for three days q wins.
  const Model& rivals = b.model(
      std::string(restless) + until_107("a", R"("group": "p", "points": 5)") +
          from_110("b", R"("group": "p", "points": 5)") +
          R"(, {"name": "c", "group": "p", "signal": "order", "points": 5}, {"name": "d", "group": "q", "signal": "order", "points": 2},
              {"name": "e", "group": "q", "signal": "order", "points": 4, "decay": {"kind": "expire", "lifespan": "P15D"}})",
      rest);
  EXPECT_EQ(b.evaluate(rivals, "{1@100}", 107).persona, 1);
  EXPECT_EQ(b.evaluate(rivals, "{1@100}", 120).persona, 0);
  EXPECT_EQ(b.evaluate(rivals, "{1@100}", 100).next_change, 107);
}

TEST(NextChange, HoursLookAheadFarEnough) {
  Bench b;
  const Model& m = b.model(orders(R"(, "decay": {"kind": "linear", "lifespan": "P1Y"})"), {}, "hour");
  const Bytes tally = b.tally("{1@100}");
  EXPECT_EQ(evaluate(m, tally, 100).next_change, first_change(m, tally, 100, 2000));
}

TEST(NextChange, TheEndOfTheCalendarIsNever) {
  Bench b;
  const Model& m = b.model(orders(R"(, "decay": {"kind": "linear", "lifespan": "P1000Y"})"));
  const Tick last = m.calendar.last_tick();
  const std::string tally = "{1@" + std::to_string(last - 3) + "}";
  EXPECT_EQ(b.points(m, tally, last), 10'000) << "it ends beyond year 9999, which is never";
  EXPECT_EQ(b.evaluate(m, tally, last - 3).next_change, never);
  EXPECT_EQ(b.evaluate(b.model(orders(R"(, "decay": {"kind": "exponential", "half_life": "P1000Y"})")), tally,
                       last - 3)
                .next_change,
            never);
}

}  // namespace
}  // namespace lead_scoring
