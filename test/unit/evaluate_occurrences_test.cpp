// Measures occurrences and value: counting, limits, validity, since, decays, guards.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "model_test_support.hpp"

namespace lead_scoring {
namespace {

using testing::Bench;
using testing::day;

// A rule "r" over signal order with the given further keys.
std::string orders(std::string_view keys) {
  return R"({"name": "r", "signal": "order", "measure": "occurrences", "points": 10)" + std::string(keys) +
         "}";
}
std::string at(std::string_view date) { return "@" + std::to_string(day(date)); }

TEST(Occurrences, CountOnlyWhatHasHappenedByNow) {
  Bench b;
  const Model& m = b.model(orders(""));
  EXPECT_EQ(b.points(m, "{1@100:2,1@101,1@102:1}", 101), 30'000);
  EXPECT_EQ(b.points(m, "{1@100:2,1@101,1@102:1}", 99), 0);
  EXPECT_EQ(b.reason(m, "{1@100:2}", 99), "not yet");
  EXPECT_EQ(b.reason(m, "{}", 99), "no occurrence");
  EXPECT_EQ(b.evaluate(m, "{}", 99).score, 0);
}

TEST(Occurrences, EntriesWithoutPositiveCountDoNotExist) {
  Bench b;
  const Model& m = b.model(orders(R"(, "guard": {"signal": "visit", "max": 0})"));
  EXPECT_EQ(b.points(m, "{1@100:-1,1@101:1}", 101), 10'000);
  EXPECT_EQ(b.points(m, "{1@101:1,2@100:-3}", 101), 10'000) << "a negative count does not close the guard";
  EXPECT_EQ(b.evaluate(m, "{2@100:-3,2@101:0=5}", 101).last_active, timeless);
  EXPECT_EQ(b.reason(m, "{1@101:-1}", 101), "no occurrence");
}

TEST(Occurrences, ARefundIsAnEntryWithNegativeValue) {
  Bench b;
  const Model& m = b.model(R"({"name": "r", "signal": "order", "measure": "value", "points": 0.5})");
  EXPECT_EQ(b.points(m, "{1@100:1=120.5,1@101:1=-20.25}", 101), 50'125);
  EXPECT_EQ(b.points(m, "{1@100:1=0.0001}", 101), 0) << "0.00005 points round to 0";
  EXPECT_EQ(b.points(m, "{1@100:1=0.001}", 101), 1) << "half a thousandth rounds away from zero";
  EXPECT_EQ(b.points(m, "{1@100:1=-0.001}", 101), -1);
  EXPECT_TRUE(b.row(m, "{1@100:1}", 101).holds) << "value 0 holds, with weight";
}

TEST(Occurrences, TimelessEntriesStandAtNow) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "component": "fit", "signal": "profile", "points": 10, "valid_from": "2020-01-01",
          "valid_to": "2020-12-31", "decay": {"kind": "exponential", "half_life": "P1D"}},
         {"name": "guarded", "signal": "order", "points": 1, "guard": {"signal": "profile", "min": 1, "older_than": "P1D"}},
         {"name": "recent", "signal": "order", "points": 1, "guard": {"signal": "profile", "min": 1, "within": "P1D"}})");
  EXPECT_EQ(b.points(m, "{4:1}", day("2020-06-01")), 10'000) << "age 0, valid while now is";
  EXPECT_EQ(b.reason(m, "{4:1}", day("2019-12-31")), "not valid");
  EXPECT_EQ(b.reason(m, "{4:1}", day("2021-01-01")), "not valid");
  EXPECT_EQ(b.reason(m, "{1@0,4:1}", 10, "guarded"), "guard");
  EXPECT_EQ(b.points(m, "{1@0,4:1}", 10, "recent"), 1'000);
}

TEST(Occurrences, ValidityIncludesBothDaysAndLeavesGuardsAlone) {
  Bench b;
  const Model& m = b.model(orders(R"(, "valid_from": "2024-03-01", "valid_to": "2024-03-31",
                                     "guard": {"signal": "order", "min": 3})"),
                           {}, "hour");
  const std::string tally = "{1@" + std::to_string(day("2024-02-29") * 24 + 23) + ",1@" +
                            std::to_string(day("2024-03-01") * 24) + ",1@" +
                            std::to_string(day("2024-03-31") * 24 + 23) + ",1@" +
                            std::to_string(day("2024-04-01") * 24) + "}";
  const ExplainRow row = b.row(m, tally, day("2024-05-01") * 24);
  EXPECT_EQ(row.points, 20'000);
  EXPECT_EQ(row.counted, 2);
  EXPECT_EQ(row.dropped, 2);
}

TEST(Occurrences, LimitKeepsTheEarliestOfEachPeriod) {
  Bench b;
  const auto points = [&](std::string_view repeat, std::string_view tally) {
    return b.points(b.model(orders(", \"repeat\": {" + std::string(repeat) + "}")), tally, day("2025-01-01"));
  };
  EXPECT_EQ(points(R"("limit": 1)", "{1@100:50}"), 10'000);
  EXPECT_EQ(points(R"("limit": 3)", "{1@100:2,1@101:2,1@102:2}"), 30'000)
      << "a tick gives as many as are left";
  EXPECT_EQ(points(R"("limit": 2, "period": "day")", "{1@100:3,1@101:1}"), 30'000);
  // Sunday and Monday; 29 December 2024 and 1 January 2025 lie in different ISO weeks.
  EXPECT_EQ(points(R"("limit": 1, "period": "week")",
                   "{1" + at("2024-06-09") + ",1" + at("2024-06-10") + ",1" + at("2024-06-16") + "}"),
            20'000);
  EXPECT_EQ(
      points(R"("limit": 1, "period": "week")", "{1" + at("2024-12-30") + ",1" + at("2025-01-01") + "}"),
      10'000);
  EXPECT_EQ(
      points(R"("limit": 1, "period": "month")", "{1" + at("2024-01-31") + ",1" + at("2024-02-01") + "}"),
      20'000);
  EXPECT_EQ(points(R"("limit": 1, "period": "quarter")",
                   "{1" + at("2024-01-31") + ",1" + at("2024-03-31") + ",1" + at("2024-04-01") + "}"),
            20'000);
  EXPECT_EQ(points(R"("limit": 1, "period": "year")",
                   "{1" + at("2023-12-31") + ",1" + at("2024-01-01") + ",1" + at("2024-12-31") + "}"),
            20'000);
}

TEST(Occurrences, LimitPerItemAndTheNullItem) {
  Bench b;
  const Model& m = b.model(orders(R"(, "repeat": {"limit": 1, "per_item": true})"));
  const std::string tally =
      "{1@100#00000000000000aa:5,1@101#00000000000000aa:1,1@101#00000000000000bb:1,1@102:4,1@103:1}";
  const ExplainRow row = b.row(m, tally, 200);
  EXPECT_EQ(row.points, 30'000) << "item aa, item bb, and the NULL item";
  EXPECT_EQ(row.counted, 3);
  EXPECT_EQ(row.dropped, 9);
  const Model& monthly = b.model(orders(R"(, "repeat": {"limit": 1, "period": "month", "per_item": true})"));
  EXPECT_EQ(b.points(monthly, "{1@0#00000000000000aa:2,1@31#00000000000000aa:2,1@1#00000000000000bb:1}", 200),
            30'000);
}

TEST(Occurrences, LimitRemembersOccurrencesThatHaveDecayed) {
  Bench b;
  const Model& m =
      b.model(orders(R"(, "repeat": {"limit": 1}, "decay": {"kind": "expire", "lifespan": "P10D"})"));
  EXPECT_EQ(b.points(m, "{1@100,1@120}", 120), 0) << "the first one used the limit up, and has expired";
  EXPECT_EQ(b.reason(m, "{1@100,1@120}", 120), "decayed");
  const Model& valid = b.model(orders(R"(, "repeat": {"limit": 1}, "valid_from": "2000-04-20")"));
  EXPECT_EQ(b.points(valid, "{1@100,1@120}", 120), 10'000) << "but validity comes first";
}

TEST(Occurrences, ATimelessEntryUsesThePeriodOfNow) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "signal": "profile", "points": 10, "repeat": {"limit": 1, "period": "month"}})");
  EXPECT_EQ(b.points(m, "{4:1,4@5:1}", 30), 10'000) << "January has been used up";
  EXPECT_EQ(b.points(m, "{4:1,4@5:1}", 31), 20'000);
  EXPECT_EQ(b.evaluate(m, "{4:1,4@5:1}", 10).next_change, 31);
}

TEST(Occurrences, SinceRestartsTheCount) {
  Bench b;
  const Model& m = b.model(orders(R"(, "since": "rejection", "repeat": {"limit": 1})"));
  EXPECT_EQ(b.points(m, "{1@100,1@110}", 120), 10'000) << "never rejected: everything counts";
  EXPECT_EQ(b.points(m, "{1@100,1@110,5@105}", 120), 10'000) << "the limit starts anew";
  EXPECT_EQ(b.points(m, "{1@100,1@105,5@105}", 120), 0) << "the same tick is not later";
  EXPECT_EQ(b.reason(m, "{1@100,1@105,5@105}", 120), "no occurrence");
  EXPECT_EQ(b.points(m, "{1@100,5@130}", 120), 10'000) << "a future rejection is none yet";
  EXPECT_EQ(b.points(m, "{1@100,1@110,5@105:-1}", 105), 10'000);
  EXPECT_EQ(b.row(m, "{1@100,1@110,5@105}", 120).dropped, 1);
  EXPECT_EQ(b.points(m, "{1@100,5:1}", 120), 0) << "a timeless rejection is always now";
}

TEST(Decay, V13StepLosesHalfAMonth) {
  Bench b;
  const Model& m = b.model(orders(R"(, "decay": {"kind": "step", "percent": 50, "every": "P1M"})"));
  const std::string tally = "{1" + at("2024-01-31") + "}";
  EXPECT_EQ(b.points(m, tally, day("2024-02-28")), 10'000);
  EXPECT_EQ(b.points(m, tally, day("2024-02-29")), 5'000);
  EXPECT_EQ(b.points(m, tally, day("2024-03-30")), 5'000);
  EXPECT_EQ(b.points(m, tally, day("2024-03-31")), 0);
  EXPECT_EQ(b.reason(m, tally, day("2024-03-31")), "decayed");
}

TEST(Decay, V14LinearOverNinetyDays) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "signal": "order", "points": 9, "decay": {"kind": "linear", "lifespan": "P90D"}})");
  EXPECT_EQ(b.points(m, "{1@100}", 103), 8'700);
  EXPECT_EQ(b.evaluate(m, "{1@100}", 103).score, 9);
  EXPECT_EQ(b.points(m, "{1@100}", 189), 100);
  EXPECT_EQ(b.points(m, "{1@100}", 190), 0);
}

TEST(Decay, ExponentialHalvesAndRoundsTheSumOnce) {
  Bench b;
  const Model& m = b.model(orders(R"(, "decay": {"kind": "exponential", "half_life": "P30D"})"));
  EXPECT_EQ(b.points(m, "{1@100}", 130), 5'000);
  EXPECT_EQ(b.points(m, "{1@100:3}", 115), 21'213) << "30/sqrt 2 = 21.2132";
  EXPECT_EQ(b.points(m, "{1@100}", 100 + 31 * 30), 0);
  EXPECT_TRUE(b.row(m, "{1@100}", 100 + 31 * 30).holds) << "2^-31 rounds half up to one unit";
  EXPECT_FALSE(b.row(m, "{1@100}", 101 + 31 * 30).holds);
  EXPECT_EQ(b.reason(m, "{1@100}", 101 + 31 * 30), "decayed");
  // Rounded one by one it would be 0 + 1 + 1, or 3 with halves away from zero.
  const Model& small = b.model(
      R"({"name": "r", "signal": "order", "points": 0.001, "decay": {"kind": "exponential", "half_life": "P1D"}})");
  EXPECT_EQ(b.points(small, "{1@100:1,1@101:1,1@102:1}", 102), 2)
      << "0.25 + 0.5 + 1 thousandths, rounded once";
}

TEST(Decay, ExpiresByTheCalendar) {
  Bench b;
  const Model& m = b.model(orders(R"(, "decay": {"kind": "expire", "lifespan": "P1M"})"));
  EXPECT_EQ(b.points(m, "{1" + at("2023-02-28") + "}", day("2023-03-27")), 10'000);
  EXPECT_EQ(b.points(m, "{1" + at("2023-02-28") + "}", day("2023-03-28")), 0)
      << "28 February plus a month is 28 March";
}

TEST(Decay, AnchoredOnActivityRunsFromTheLaterOfTheTwo) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "signal": "open", "points": 10,
          "decay": {"kind": "exponential", "half_life": "P10D", "anchor": "activity"}})");
  EXPECT_EQ(b.points(m, "{3@100}", 110), 5'000) << "no activity: from the occurrence";
  EXPECT_EQ(b.points(m, "{2@105,3@100}", 115), 5'000);
  EXPECT_EQ(b.points(m, "{2@90,3@100}", 110), 5'000) << "the occurrence is later";
  EXPECT_EQ(b.points(m, "{2@111,3@100}", 110), 5'000) << "future activity is none yet";
  EXPECT_EQ(b.evaluate(m, "{2@105,3@108}", 115).last_active, 105) << "open is no activity";
}

TEST(Guard, CountsRawOccurrencesInAWindow) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "signal": "visit", "points": -10, "guard": {"signal": "order", "max": 0}},
         {"name": "w", "signal": "visit", "points": 1, "guard": {"signal": "order", "min": 2, "max": 3, "within": "P30D", "older_than": "P1D"}},
         {"name": "n", "signal": "visit", "points": 1, "guard": "order"})");
  EXPECT_EQ(b.points(m, "{2@100}", 100), -10'000);
  EXPECT_EQ(b.points(m, "{1@100,2@100}", 100), 0);
  EXPECT_EQ(b.reason(m, "{1@100,2@100}", 100), "guard");
  EXPECT_EQ(b.row(m, "{1@100,2@100}", 100).counted, 1) << "what was counted is still told";
  EXPECT_EQ(b.points(m, "{1@70:9,1@71,1@99,1@100:9,2@100}", 100, "w"), 1'000) << "71 and 99 are inside";
  EXPECT_EQ(b.reason(m, "{1@71:4,2@100}", 100, "w"), "guard");
  EXPECT_EQ(b.points(m, "{1@71:3,2@100}", 100, "w"), 1'000);
  EXPECT_EQ(b.points(m, "{1@50,2@100}", 100, "n"), 1'000) << "a bare name means min 1";
}

TEST(Guard, WithinOneDayIsToday) {
  Bench b;
  const Model& m = b.model(orders(R"(, "guard": {"signal": "visit", "min": 1, "within": "P1D"})"));
  EXPECT_EQ(b.points(m, "{1@100,2@100}", 100), 10'000);
  EXPECT_EQ(b.reason(m, "{1@100,2@100}", 101), "guard");
}

TEST(Guard, MonthsAreTestedEntryByEntryNearMonthEnds) {
  Bench b;
  const Model& m =
      b.model(orders(R"(, "guard": {"signal": "visit", "min": 1, "within": "P1M"})"), {}, "hour");
  // 29 Jan 10:00 + 1 month = 28 Feb 10:00, but the later 31 Jan 05:00 + 1 month = 28 Feb 05:00.
  const std::string early = "2@" + std::to_string(day("2023-01-29") * 24 + 10);
  const std::string late = "2@" + std::to_string(day("2023-01-31") * 24 + 5);
  const Tick six = day("2023-02-28") * 24 + 6;
  EXPECT_EQ(b.reason(m, "{1@0," + late + "}", six), "guard");
  EXPECT_EQ(b.points(m, "{1@0," + early + "," + late + "}", six), 10'000);
}

TEST(Saturation, ContributionsAndDisplayedIntegersSaturate) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "signal": "order", "points": 1000000}, {"name": "s", "signal": "order", "points": 1000000},
         {"name": "t", "signal": "order", "points": 1000000}, {"name": "v", "measure": "value", "signal": "visit", "points": -1000000})");
  EXPECT_EQ(b.points(m, "{1@100:1000}", 100), 1'000'000'000'000) << "just reached";
  EXPECT_EQ(b.points(m, "{1@100:1001}", 100), 1'000'000'000'000);
  EXPECT_EQ(b.points(m, "{1@99:9000000000000000000,1@100:9000000000000000000}", 100), 1'000'000'000'000);
  EXPECT_EQ(b.row(m, "{1@99:9000000000000000000,1@100:9000000000000000000}", 100).counted,
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(b.points(m, "{2@100:1=900000000000000}", 100, "v"), -1'000'000'000'000);
  EXPECT_EQ(b.evaluate(m, "{1@100:5000}", 100).score, std::numeric_limits<std::int32_t>::max());
}

TEST(Evaluate, RefusesTicksOutsideTheCalendar) {
  Bench b;
  const Model& m = b.model(orders(""));
  for (const Tick tick : {timeless, never, Calendar(Resolution::day).last_tick() + 1}) {
    try {
      (void)evaluate(m, {}, tick);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::datetime_out_of_range);
    }
  }
  EXPECT_EQ(b.evaluate(m, "{1@9000000:1,1@100:1}", 2'000'000).score, 10)
      << "a forged tick beyond 9999 does not count";
  EXPECT_EQ(b.evaluate(m, "{1@100:1}", m.calendar.last_tick()).next_change, never);
}

TEST(Evaluate, SignalsTheModelDoesNotNameAreIgnored) {
  Bench b;
  const Model& m = b.model(orders(""));
  EXPECT_EQ(b.evaluate(m, "{1@100:1,6@100:7,77:3,4000@100:1}", 100).score, 10);
  EXPECT_EQ(b.evaluate(m, "{6@100:7,6@110:7}", 100).next_change, never);
}

}  // namespace
}  // namespace lead_scoring
