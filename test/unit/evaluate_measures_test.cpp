// Measures tiers, inactivity, cycle and season.
#include <gtest/gtest.h>

#include "model_test_support.hpp"

namespace lead_scoring {
namespace {

using testing::Bench;
using testing::day;

std::string rule(std::string_view keys) { return R"({"name": "r", )" + std::string(keys) + "}"; }
std::string on(std::string_view signal, std::string_view date) {
  return std::string(signal) + "@" + std::to_string(day(date));
}
std::string orders_on(std::initializer_list<std::string_view> dates) {
  std::string text = "{";
  for (const std::string_view date : dates) text += (text.size() > 1 ? "," : "") + on("1", date);
  return text + "}";
}

// ---- tiers

std::string tiers(std::string_view keys) {
  return rule(R"("signal": "open", "measure": "tiers", )" + std::string(keys));
}

TEST(Tiers, TheFirstThatMatchesGivesItsPoints) {
  Bench b;
  const Model& m = b.model(tiers(
      R"("tiers": [{"min": 3, "points": 35, "within": "P7D"}, {"points": 20, "within": "P14D"}, {"max": 2, "points": 5}])"));
  EXPECT_EQ(b.points(m, "{3@94:2,3@100:1}", 100), 35'000);
  EXPECT_EQ(b.points(m, "{3@93:2,3@100:1}", 100), 20'000) << "93 is seven days old: outside";
  EXPECT_EQ(b.points(m, "{3@80:2}", 100), 5'000);
  EXPECT_EQ(b.reason(m, "{3@80:3}", 100), "no tier");
  EXPECT_EQ(b.row(m, "{3@80:3}", 100).counted, 3) << "without a match the n of the last tier";
  EXPECT_EQ(b.row(m, "{3@80,3@90}", 100).counted, 1) << "the n of the tier that matched";
  EXPECT_EQ(b.reason(m, "{3@101}", 100), "not yet");
  EXPECT_EQ(b.reason(m, "{}", 100), "no occurrence");
}

TEST(Tiers, MinZeroMatchesALeadWithoutOccurrences) {
  Bench b;
  const Model& m =
      b.model(tiers(R"("tiers": [{"min": 0, "max": 0, "points": -5}, {"points": 0}], "hand_raise": true)"));
  EXPECT_EQ(b.points(m, "{}", 100), -5'000);
  const ExplainRow row = b.row(m, "{3@90}", 100);
  EXPECT_TRUE(row.holds) << "a matched tier holds, also with 0 points";
  EXPECT_EQ(row.reason, "");
  EXPECT_TRUE(b.evaluate(m, "{3@90}", 100).hand_raised);
}

TEST(Tiers, CountDistinctItemsAfterTheLimit) {
  Bench b;
  const Model& m = b.model(tiers(
      R"("count_by": "items", "repeat": {"limit": 1, "per_item": true}, "tiers": [{"min": 2, "points": 10, "within": "P10D"}, {"points": 1}])"));
  EXPECT_EQ(b.points(m, "{3@95#00000000000000aa:4,3@96#00000000000000bb:1}", 100), 10'000);
  EXPECT_EQ(b.points(m, "{3@95:1,3@96#00000000000000bb:1}", 100), 10'000) << "the NULL item is an item";
  EXPECT_EQ(b.points(m, "{3@80#00000000000000aa:1,3@95#00000000000000aa:1,3@96#00000000000000bb:1}", 100),
            1'000)
      << "the limit keeps the first occurrence of aa, which is outside the window";
}

TEST(Tiers, CompareValueSums) {
  Bench b;
  const Model& m = b.model(tiers(
      R"("count_by": "value", "tiers": [{"min": 100.5, "points": 30}, {"min": -1000, "max": -0.0001, "points": -10}, {"points": 1}])"));
  EXPECT_EQ(b.points(m, "{3@90:1=60.25,3@91:1=40.25}", 100), 30'000);
  EXPECT_EQ(b.points(m, "{3@90:1=100.4999}", 100), 1'000);
  EXPECT_EQ(b.points(m, "{3@90:1=-0.0001}", 100), -10'000);
  EXPECT_EQ(b.reason(m, "{3@90:5=0.9999}", 100), "no tier") << "min defaults to 1";
  EXPECT_EQ(b.row(m, "{3@90:1=100.5}", 100).counted, 101) << "whole units, half away from zero";
}

TEST(Tiers, V11WindowsMayLookBackFromTheLastOccurrence) {
  Bench b;
  const Model& m = b.model(
      tiers(
          R"("window_anchor": "last", "tiers": [{"min": 3, "points": 30, "within": "PT2H"}, {"min": 3, "points": 10, "within": "P31D"}])"),
      {}, "hour");
  const Tick later = 5000;
  EXPECT_EQ(b.points(m, "{3@100,3@101:2}", later), 30'000) << "velocity does not evaporate";
  EXPECT_EQ(b.points(m, "{3@100,3@400,3@800}", later), 10'000);
  EXPECT_EQ(b.reason(m, "{3@100,3@400,3@900}", later), "no tier");
  EXPECT_EQ(b.evaluate(m, "{3@100,3@101:2}", later).next_change, never);
}

TEST(Tiers, OlderThanAndTimelessEntries) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "measure": "tiers", "signal": "profile", "count_by": "value", "component": "fit",
          "tiers": [{"min": 500, "points": 50, "within": "P1D"}, {"min": 50, "points": 30}]},
         {"name": "old", "measure": "tiers", "signal": "profile", "tiers": [{"points": 1, "older_than": "P1D"}]})");
  EXPECT_EQ(b.points(m, "{4:1=500}", 100), 50'000);
  EXPECT_EQ(b.points(m, "{4:1=499}", 100), 30'000);
  EXPECT_EQ(b.reason(m, "{4:1=499}", 100, "old"), "no tier");
  EXPECT_EQ(b.points(m, "{4@99:1=500}", 100, "old"), 1'000);
  EXPECT_EQ(b.evaluate(m, "{4:1=500}", 100).next_change, never);
}

// ---- inactivity

TEST(Inactivity, V12OnlyTheInactiveLoses) {
  Bench b;
  const Model& m =
      b.model(rule(R"("measure": "inactivity", "points": -20, "after": "P3M")"), R"("min_score": -1000)");
  const std::string created = "{9@" + std::to_string(day("2024-01-15"));
  EXPECT_EQ(b.points(m, created + "}", day("2024-04-14")), 0);
  EXPECT_EQ(b.points(m, created + "}", day("2024-04-15")), -20'000);
  EXPECT_EQ(b.points(m, "{" + on("2", "2024-04-14") + "," + created.substr(1) + "}", day("2024-04-15")), 0);
  EXPECT_EQ(b.reason(m, created + "}", day("2024-04-14")), "active");
  EXPECT_EQ(b.reason(m, "{}", 100), "never active") << "without creation nothing is known";
  EXPECT_EQ(b.reason(m, "{2@101,9@102}", 100), "never active") << "neither has come";
}

TEST(Inactivity, RepeatsAsSpansNotAsChainedDates) {
  Bench b;
  const Model& m = b.model(
      rule(R"("measure": "inactivity", "points": -10, "after": "P1M", "every": "P1M", "max_times": 3)"));
  const std::string tally = "{" + on("1", "2023-12-31") + "}";
  const auto n = [&](std::string_view date) { return b.row(m, tally, day(date)).counted; };
  EXPECT_EQ(n("2024-01-30"), 0);
  EXPECT_EQ(n("2024-01-31"), 1);
  EXPECT_EQ(n("2024-02-28"), 1);
  EXPECT_EQ(n("2024-02-29"), 2);
  EXPECT_EQ(n("2024-03-30"), 2) << "not a month after 29 February";
  EXPECT_EQ(n("2024-03-31"), 3);
  EXPECT_EQ(n("2034-03-31"), 3);
  const Model& endless =
      b.model(rule(R"("measure": "inactivity", "points": -10, "after": "P30D", "every": "P1D")"));
  EXPECT_EQ(b.points(endless, "{1@0}", 1'000'029), -10'000'000'000);
}

TEST(Inactivity, OfOneSignalFallsBackToCreated) {
  Bench b;
  const Model& m =
      b.model(rule(R"("measure": "inactivity", "signal": "order", "points": -5, "after": "P10D")"));
  EXPECT_EQ(b.points(m, "{1@100,2@120}", 120), -5'000) << "visits are no orders";
  EXPECT_EQ(b.points(m, "{2@120,9@110}", 120), -5'000);
  EXPECT_EQ(b.points(m, "{1@115,9@110}", 120), 0);
}

TEST(Inactivity, CeilingCapsTheTotalWhileItHolds) {
  Bench b;
  const Model& m = b.model(R"({"name": "r", "measure": "inactivity", "after": "P45D", "ceiling": 50},
                              {"name": "q", "measure": "inactivity", "after": "P90D", "ceiling": 10.5},
                              {"name": "x", "measure": "inactivity", "after": "P1D", "ceiling": 1, "guard": "visit"},
                              {"name": "o", "signal": "order", "points": 30})");
  EXPECT_EQ(b.evaluate(m, "{1@100:2}", 144).score, 60);
  EXPECT_EQ(b.evaluate(m, "{1@100:2}", 145).score, 50);
  EXPECT_EQ(b.evaluate(m, "{1@100:1}", 145).score, 30);
  EXPECT_EQ(b.evaluate(m, "{1@100:2}", 190).score, 11) << "the lowest ceiling, displayed half away from zero";
  EXPECT_EQ(b.evaluate(m, "{1@100:2}", 190).engagement, 60) << "it caps the total only";
  EXPECT_EQ(b.evaluate(m, "{1@100:2}", 100).next_change, 145);
  EXPECT_EQ(b.row(m, "{1@100:2}", 190, "ceiling").points, -49'500);
  EXPECT_EQ(b.row(m, "{1@100:2}", 190, "ceiling").reason, "q");
}

// ---- cycle

TEST(Cycle, V3ThreeMonthsInSteps) {
  Bench b;
  const Model& m =
      b.model(rule(R"("measure": "cycle", "signal": "order", "points": 60, "cycle": "P3M", "step": "P1M")"));
  const std::string tally = orders_on({"2024-01-10"});
  EXPECT_EQ(b.points(m, tally, day("2024-01-10")), 0);
  EXPECT_EQ(b.reason(m, tally, day("2024-02-09")), "cycle just begun");
  EXPECT_EQ(b.points(m, tally, day("2024-02-10")), 20'000);
  EXPECT_EQ(b.points(m, tally, day("2024-03-10")), 40'000);
  EXPECT_EQ(b.points(m, tally, day("2024-04-09")), 40'000);
  EXPECT_EQ(b.points(m, tally, day("2024-04-10")), 60'000);
  EXPECT_EQ(b.points(m, tally, day("2034-04-10")), 60'000) << "without a hold until the next purchase";
  EXPECT_EQ(b.points(m, orders_on({"2024-01-10", "2024-04-11"}), day("2024-04-11")), 0)
      << "a purchase restarts";
  EXPECT_EQ(b.reason(m, "{}", 0), "no occurrence");
}

TEST(Cycle, V4toV7FourMonthsWithVisitsAndQuotes) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "measure": "cycle", "signal": "order", "points": 60, "cycle": "P4M", "step": "P1M"},
                              {"name": "visits", "signal": "visit", "points": 10}, {"name": "quotes", "signal": "open", "points": 30})",
      R"("bands": [{"name": "ready", "rank": 1, "min_score": 60}])");
  const std::string order = on("1", "2024-01-10");
  for (const auto& [date, score] :
       {std::pair{"2024-02-10", 15}, {"2024-03-10", 30}, {"2024-04-10", 45}, {"2024-05-10", 60}}) {
    EXPECT_EQ(b.evaluate(m, "{" + order + "}", day(date)).score, score);
  }
  const auto at_three_months = [&](const std::string& more) {
    return b.evaluate(m, "{" + order + ":1," + on(more.substr(0, 1), "2024-04-10") + more.substr(1) + "}",
                      day("2024-04-10"));
  };
  EXPECT_EQ(at_three_months("2:1").score, 55);
  EXPECT_EQ(at_three_months("2:1").band, -1);
  EXPECT_EQ(at_three_months("2:2").score, 65);
  EXPECT_EQ(at_three_months("2:2").band, 0);
  EXPECT_EQ(at_three_months("3:1").score, 75);
}

TEST(Cycle, LinearAndHold) {
  Bench b;
  const Model& m = b.model(
      rule(R"("measure": "cycle", "signal": "order", "points": 60, "cycle": "P30D", "hold": "P10D")"));
  EXPECT_EQ(b.points(m, "{1@100}", 100), 0);
  EXPECT_FALSE(b.row(m, "{1@100}", 100).holds);
  EXPECT_EQ(b.points(m, "{1@100}", 101), 2'000);
  EXPECT_EQ(b.points(m, "{1@100}", 107), 14'000);
  EXPECT_EQ(b.points(m, "{1@100}", 130), 60'000);
  EXPECT_EQ(b.points(m, "{1@100}", 139), 60'000);
  EXPECT_EQ(b.reason(m, "{1@100}", 140), "hold over");
  // Due after P1M + P1M as one span: 31 January, due 29 February, held until 31 March.
  const Model& months =
      b.model(rule(R"("measure": "cycle", "signal": "order", "points": 1, "cycle": "P1M", "hold": "P1M")"));
  const std::string tally = orders_on({"2024-01-31"});
  EXPECT_EQ(b.points(months, tally, day("2024-02-29")), 1'000);
  EXPECT_EQ(b.points(months, tally, day("2024-03-30")), 1'000);
  EXPECT_EQ(b.reason(months, tally, day("2024-03-31")), "hold over");
}

TEST(Cycle, StepSharesAreExactFractionsOfNominalLengths) {
  Bench b;
  const Model& m =
      b.model(rule(R"("measure": "cycle", "signal": "order", "points": 1, "cycle": "P3M", "step": "P7D")"));
  EXPECT_EQ(b.points(m, orders_on({"2024-01-01"}), day("2024-01-08")), 78) << "7/90 of 1000 thousandths";
  EXPECT_EQ(b.points(m, orders_on({"2024-01-01"}), day("2024-03-25")), 933) << "84/90";
  const Model& over =
      b.model(rule(R"("measure": "cycle", "signal": "order", "points": 1, "cycle": "P1M", "step": "P20D")"));
  EXPECT_EQ(b.points(over, orders_on({"2024-01-01"}), day("2024-01-21")), 667) << "20/30";
  EXPECT_EQ(b.points(over, orders_on({"2024-01-01"}), day("2024-02-01")), 1'000);
}

TEST(Cycle, LearnsTheMedianGap) {
  Bench b;
  const Model& m =
      b.model(rule(R"("measure": "cycle", "signal": "order", "points": 10, "learned": true, "step": "P1D")"));
  EXPECT_EQ(b.reason(m, "{1@100,1@110}", 115), "cycle unknown") << "two dates";
  EXPECT_EQ(b.points(m, "{1@100,1@110,1@130}", 145), 10'000) << "gaps 10 and 20: 15";
  EXPECT_EQ(b.points(m, "{1@100,1@110,1@130}", 144), 9'333);
  EXPECT_EQ(b.points(m, "{1@100,1@110,1@121}", 131), 9'091) << "gaps 10 and 11: 10.5 is 11";
  EXPECT_EQ(b.points(m, "{1@100,1@110:5,1@111,1@141}", 151), 10'000) << "gaps 10, 1, 30: 10";
  EXPECT_EQ(b.reason(m, "{1@100,1@110,1@130}", 110), "cycle unknown") << "the third has not come";
  const Model& fallback = b.model(rule(
      R"("measure": "cycle", "signal": "order", "points": 10, "learned": true, "cycle": "P10D", "step": "P10D")"));
  EXPECT_EQ(b.points(fallback, "{1@100}", 110), 10'000);
  EXPECT_EQ(b.points(fallback, "{1@100,1@101,1@102}", 103), 10'000) << "learned: one day";
  const Model& hourly = b.model(
      rule(R"("measure": "cycle", "signal": "order", "points": 10, "learned": true, "step": "PT12H")"), {},
      "hour");
  EXPECT_EQ(b.points(hourly, "{1@0,1@5,1@30,1@54}", 54 + 12), 5'000) << "dates, not hours: gaps of one day";
}

TEST(Cycle, CountsValidPurchasesOnly) {
  Bench b;
  const Model& m = b.model(rule(
      R"("measure": "cycle", "signal": "order", "points": 60, "cycle": "P30D", "valid_to": "2024-01-31", "since": "rejection")"));
  EXPECT_EQ(b.points(m, orders_on({"2024-01-20", "2024-02-10"}), day("2024-02-19")), 60'000);
  EXPECT_EQ(b.reason(m, orders_on({"2024-02-10"}), day("2024-02-19")), "not valid");
  EXPECT_EQ(b.reason(m, "{" + on("1", "2024-01-20") + "," + on("5", "2024-01-20") + "}", day("2024-02-19")),
            "no occurrence");
}

// ---- season

TEST(Season, WindowsIncludeBothDaysAndWrap) {
  Bench b;
  const Model& m = b.model(
      rule(R"("measure": "season", "points": 15, "windows": [["12-20", "01-10"], ["03-01", "05-31"]])"));
  for (const char* in : {"2023-12-20", "2024-01-10", "2024-03-01", "2024-05-31", "2023-12-31"})
    EXPECT_EQ(b.points(m, "{}", day(in)), 15'000) << in;
  for (const char* out : {"2023-12-19", "2024-01-11", "2024-02-29", "2024-06-01"})
    EXPECT_EQ(b.reason(m, "{}", day(out)), "out of season") << out;
  EXPECT_EQ(b.evaluate(m, "{}", day("2024-01-11")).next_change, day("2024-03-01"));
  EXPECT_EQ(b.evaluate(m, "{}", day("2023-12-25")).next_change, day("2024-01-11"));
}

TEST(Season, LeapDays) {
  Bench b;
  const Model& m = b.model(rule(R"("measure": "season", "points": 15, "windows": [["02-29", "02-29"]])"));
  EXPECT_EQ(b.points(m, "{}", day("2024-02-29")), 15'000);
  EXPECT_EQ(b.points(m, "{}", day("2023-03-01")), 0);
  EXPECT_EQ(b.evaluate(m, "{}", day("2021-01-01")).next_change, day("2024-02-29"));
  const Model& to_end =
      b.model(rule(R"("measure": "season", "points": 15, "windows": [["02-10", "02-29"]])"));
  EXPECT_EQ(b.evaluate(to_end, "{}", day("2023-02-15")).next_change, day("2023-03-01"));
  EXPECT_EQ(b.evaluate(to_end, "{}", day("2024-02-15")).next_change, day("2024-03-01"));
}

TEST(Season, Months) {
  Bench b;
  const Model& m = b.model(rule(R"("measure": "season", "points": 15, "months": [12, 1])"));
  EXPECT_EQ(b.points(m, "{}", day("2023-12-01")), 15'000);
  EXPECT_EQ(b.points(m, "{}", day("2024-02-01")), 0);
  EXPECT_EQ(b.evaluate(m, "{}", day("2023-12-01")).next_change, day("2024-02-01"));
  const Model& all =
      b.model(rule(R"("measure": "season", "points": 15, "months": [1,2,3,4,5,6,7,8,9,10,11,12])"));
  EXPECT_EQ(b.evaluate(all, "{}", day("2023-12-01")).next_change, never);
}

TEST(Season, LearnsFromTwoEarlierYears) {
  Bench b;
  const Model& m = b.model(rule(R"("measure": "season", "points": 15, "learned": true, "signal": "order")"));
  const std::string tally = orders_on({"2021-03-05", "2021-03-20", "2023-03-31", "2023-06-01"});
  EXPECT_EQ(b.points(m, tally, day("2024-03-01")), 15'000) << "any two years, not the last two";
  EXPECT_EQ(b.row(m, tally, day("2024-03-01")).counted, 2);
  EXPECT_EQ(b.row(m, tally, day("2023-03-31")).counted, 1) << "this year does not count";
  EXPECT_EQ(b.reason(m, tally, day("2024-06-01")), "out of season");
  EXPECT_EQ(b.reason(m, "{}", day("2024-06-01")), "no occurrence");
  EXPECT_EQ(b.evaluate(m, tally, day("2023-07-01")).next_change, day("2024-03-01"));
  EXPECT_EQ(b.evaluate(m, tally, day("2024-03-01")).next_change, day("2024-04-01"));
  EXPECT_EQ(b.evaluate(m, "{1:1}", day("2024-03-01")).next_change, day("2024-03-02"))
      << "a timeless activity is today's, every day";
}

}  // namespace
}  // namespace lead_scoring
