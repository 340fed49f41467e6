// What explain tells beside points: average weights, why occurrences were dropped, and the score in words.
#include "explain_text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "model_test_support.hpp"
#include "random_model.hpp"

namespace lead_scoring {
namespace {

using testing::Bench;
using testing::day;
using testing::RandomModel;

std::string rule(std::string_view keys) {
  return R"({"name": "r", "points": 10, )" + std::string(keys) + "}";
}

// ---- weights

TEST(Weights, AreTheAverageOfWhatCounted) {
  Bench b;
  const Model& m = b.model(rule(R"("signal": "order", "decay": {"kind": "linear", "lifespan": "P10D"})"));
  const ExplainRow row = b.row(m, "{1@91:3,1@95,1@80:2}", 100);
  EXPECT_EQ(row.counted, 6);
  EXPECT_EQ(row.weight, 133'333) << "(3 · 0.1 + 1 · 0.5 + 2 · 0) / 6";
  EXPECT_EQ(row.points, 8'000) << "which is what the points come from";
  EXPECT_EQ(b.row(m, "{1@80:2}", 100).weight, 0) << "all of it decayed";
  EXPECT_EQ(b.row(m, "{}", 100).weight, std::nullopt) << "nothing to weigh";
  EXPECT_EQ(b.row(m, "{1}", 100).weight, 1'000'000) << "timeless ones never fade";
}

TEST(Weights, OfValuesAreThoseOfTheOccurrencesAndWithoutDecayOne) {
  Bench b;
  const Model& m = b.model(rule(
      R"("signal": "order", "measure": "value", "decay": {"kind": "step", "percent": 50, "every": "P1M"})"));
  EXPECT_EQ(b.row(m, "{1@100:1=-5,1@60:1=5}", 100).weight, 750'000) << "also when the values cancel out";
  const Model& plain = b.model(rule(R"("signal": "order")"));
  EXPECT_EQ(b.row(plain, "{1@0:7}", 100).weight, 1'000'000);
}

TEST(Weights, OfACycleAreItsShare) {
  Bench b;
  const Model& m =
      b.model(rule(R"("signal": "order", "measure": "cycle", "cycle": "P3M", "step": "P1M", "hold": "P1M")"));
  const auto weight = [&](std::string_view date) {
    return b.row(m, "{1@" + std::to_string(day("2026-01-15")) + "}", day(date)).weight;
  };
  EXPECT_EQ(weight("2026-01-20"), 0) << "just begun";
  EXPECT_EQ(weight("2026-02-15"), 333'333);
  EXPECT_EQ(weight("2026-04-15"), 1'000'000);
  EXPECT_EQ(weight("2026-05-15"), 0) << "the hold is over";
  EXPECT_EQ(weight("2026-01-14"), std::nullopt);
  const Model& learned =
      b.model(rule(R"("signal": "order", "measure": "cycle", "learned": true, "linear": true)"));
  EXPECT_EQ(b.row(learned, "{1@1,1@50}", 60).weight, std::nullopt) << "two dates tell no cycle";
  EXPECT_EQ(b.row(learned, "{1@10,1@20,1@30}", 35).weight, 500'000);
}

TEST(Weights, AreMissingWhereTheyMakeNoSense) {
  Bench b;
  const Model& m = b.model(R"({"name": "t", "signal": "order", "measure": "tiers", "tiers": [{"points": 5}]},
                              {"name": "i", "measure": "inactivity", "points": -5, "after": "P1M"},
                              {"name": "s", "measure": "season", "points": 5, "months": [1, 2]},
                              {"name": "g", "signal": "order", "points": 5, "guard": {"signal": "visit", "min": 9}})");
  for (const std::string_view name : {"t", "i", "s", "g"})
    EXPECT_EQ(b.row(m, "{1@90:3}", 100, name).weight, std::nullopt) << name;
}

// ---- dropped_because

TEST(Dropped, TellsEachReasonWithItsNumber) {
  Bench b;
  const Model& m = b.model(rule(
      R"("signal": "order", "valid_from": "2000-01-11", "valid_to": "2000-03-31", "since": "rejection",
         "repeat": {"limit": 2}, "decay": {"kind": "expire", "lifespan": "P20D"})"));
  const auto because = [&](std::string_view tally, Tick at) {
    return std::string(b.row(m, tally, at).dropped_because);
  };
  EXPECT_EQ(because("{1@20:2}", 30), "");
  EXPECT_EQ(because("{1@20:50}", 30), "limit: 48");
  EXPECT_EQ(because("{1@5:3,1@9:1,1@10:1}", 29), "not valid: 4") << "the 11th is the tenth tick";
  EXPECT_EQ(because("{1@91:3}", 100), "not valid: 3");
  EXPECT_EQ(because("{1@20:3,5@20,1@21}", 30), "since: 3")
      << "not later than the rejection, on the same day that is";
  EXPECT_EQ(because("{1@20:2}", 40), "decayed: 2") << "counted, but without weight";
  EXPECT_EQ(because("{1@31:2,1@40:1}", 30), "not yet: 3");
  EXPECT_EQ(because("{1@5,1@12:2,5@12,1@20:9,1@35:4,1@60:6}", 40),
            "limit: 11, not valid: 1, since: 2, decayed: 2, not yet: 6");
  EXPECT_EQ(b.row(m, "{1@5,1@12:2,5@12,1@20:9,1@35:4,1@60:6}", 40).dropped, 14) << "the first three";
}

TEST(Dropped, TimelessOccurrencesStandNow) {
  Bench b;
  const Model& m =
      b.model(rule(R"("signal": "profile", "component": "fit", "valid_to": "2000-01-31", "since": "order")"));
  EXPECT_EQ(b.row(m, "{4:2}", 40).dropped_because, "not valid: 2");
  EXPECT_EQ(b.row(m, "{4:2,1@20}", 20).dropped_because, "since: 2");
  EXPECT_EQ(b.row(m, "{4:2,1@20}", 21).dropped_because, "");
}

TEST(Dropped, TiersLeaveOutWhatLiesOutsideTheirWindow) {
  Bench b;
  const Model& m = b.model(R"({"name": "r", "signal": "order", "measure": "tiers", "count_by": "items",
      "tiers": [{"min": 3, "points": 9, "within": "P7D"}, {"points": 1, "within": "P30D"}]})");
  EXPECT_EQ(b.row(m, "{1@60:4,1@80:2,1@99#00000000000000aa:5}", 100).dropped_because, "outside window: 4")
      << "of the tier that matched";
  EXPECT_EQ(b.row(m, "{1@60:4}", 100).dropped_because, "outside window: 4")
      << "of the last tier, when none matched";
}

TEST(Dropped, AClosedGuardHidesOnlyTheMeasure) {
  Bench b;
  const Model& m = b.model(rule(
      R"("signal": "order", "repeat": {"limit": 1}, "decay": {"kind": "expire", "lifespan": "P5D"}, "guard": "visit")"));
  EXPECT_EQ(b.row(m, "{1@10:3}", 30).dropped_because, "limit: 2");
  EXPECT_EQ(b.row(m, "{1@10:3,2@1}", 30).dropped_because, "limit: 2, decayed: 1");
}

// dropped is what its first three reasons add up to, and the points of plain rules are points × counted × weight.
RC_GTEST_PROP(ExplainLaws, AccountsAddUp, ()) {
  std::pmr::monotonic_buffer_resource memory;
  RandomModel random(*rc::gen::element(Resolution::day, Resolution::hour));
  const std::string json = random.json();
  RC_LOG() << json << std::endl;
  const Model& model = *parse_model(json, &memory);
  std::vector<Entry> entries = random.entries();
  const Bytes tally = encode(entries, &memory);
  RC_LOG() << to_text(tally) << std::endl;
  const Tick at = (testing::first_day + RandomModel::number(0, 700)) * model.calendar.ticks_per_day();
  for (const ExplainRow& row : explain(model, tally, at, &memory)) {
    if (row.kind != "rule") continue;
    std::int64_t dropped = 0;
    for (const std::string_view reason : {"limit: ", "not valid: ", "since: "}) {
      const auto place = row.dropped_because.find(reason);
      if (place != std::string_view::npos)
        dropped += std::stoll(std::string(row.dropped_because.substr(place + reason.size())));
    }
    RC_ASSERT(dropped == row.dropped);
    if (row.source->measure != Measure::occurrences || row.reason == "guard" || row.counted == 0) continue;
    const double points = static_cast<double>(row.source->points) * static_cast<double>(row.counted) *
                          static_cast<double>(*row.weight) / 1e6;
    const double slack =
        1 + std::abs(static_cast<double>(row.source->points)) * static_cast<double>(row.counted) / 1e6;
    RC_ASSERT(std::abs(points - static_cast<double>(row.points)) <= slack);
  }
}

// ---- in words

class Words : public ::testing::Test {
 protected:
  std::string words(const Model& model, std::string_view tally, Tick at) {
    return explain_text(model, bench_.explain(model, tally, at), bench_.evaluate(model, tally, at), at);
  }
  Bench bench_;
};

TEST_F(Words, OneLineASalesPersonCanRead) {
  const Model& m = bench_.model(
      R"({"name": "pricing visits", "signal": "visit", "measure": "tiers", "tiers": [{"min": 3, "points": 30, "within": "P7D"}]},
         {"name": "quiet", "measure": "inactivity", "signal": "order", "points": -10, "after": "P45D"})",
      R"("bands": [{"name": "MQL", "rank": 1, "min_score": 30}, {"name": "SQL", "rank": 2, "min_score": 80}])");
  EXPECT_EQ(words(m, "{2@95,2@100:2,1@55}", 100),
            "3 x pricing visits in 7 days: +30; no order for 45 days: -10; total 20 (MQL from 30)");
  EXPECT_EQ(words(m, "{2@95,2@100:2}", 100),
            "3 x pricing visits in 7 days: +30; total 30: MQL (SQL from 80)");
  EXPECT_EQ(words(m, "{}", 100), "nothing counts now; total 0 (MQL from 30)");
}

TEST_F(Words, NumbersLimitsAndFading) {
  const Model& m = bench_.model(
      R"({"name": "form", "signal": "order", "points": 10.25, "decay": {"kind": "linear", "lifespan": "P10D"}},
         {"name": "open", "signal": "open", "points": 3, "repeat": {"limit": 1}},
         {"name": "spend", "signal": "visit", "measure": "value", "points": -0.5})",
      R"("min_score": -100)");
  EXPECT_EQ(words(m, "{1@95,3@1:50,2@100:2=7}", 100),
            "form, faded to 50%: +5.125; 1 of 50 x open: +3; 2 x spend: -3.5; total 4.625, score 5");
  EXPECT_EQ(words(m, "{1@100:2}", 100), "2 x form: +20.5; total 20.5, score 21");
  EXPECT_EQ(words(m, "{1@100:99,1@91}", 100),
            "100 x form, faded to 99%: +1015.775; total 1015.775, score 1016");
  EXPECT_EQ(words(m, "{2@100:1=0.01}", 100), "spend: -0.005; total -0.005, score 0");
}

TEST_F(Words, EveryMeasureHasItsOwn) {
  const Model& m = bench_.model(
      R"({"name": "assets", "signal": "open", "measure": "tiers", "count_by": "items", "tiers": [{"min": 2, "points": 1, "within": "P1Y2M", "older_than": "P1D"}]},
         {"name": "volume", "signal": "order", "measure": "tiers", "count_by": "value", "tiers": [{"min": 100, "points": 2, "within": "P14D"}]},
         {"name": "reorder", "signal": "order", "measure": "cycle", "points": 60, "cycle": "P30D", "linear": true},
         {"name": "winter", "measure": "season", "points": 5, "months": [1, 2, 3, 4]},
         {"name": "idle", "measure": "inactivity", "points": -4, "after": "P1D"})");
  EXPECT_EQ(words(m, "{3@90,3@95#00000000000000aa:1,1@90:1=150}", 100),
            "2 different x assets at least 1 day ago in 1 year 2 months: +1; volume of 150 in 14 days: +2; "
            "reorder, 33% of the cycle: +20; winter, in season: +5; no activity for 10 days: -4; total 24");
  EXPECT_EQ(words(m, "{1@69:1=1}", 100),
            "reorder, due: +60; winter, in season: +5; no activity for 31 days: -4; total 61");
}

TEST_F(Words, ClampsCeilingsPersonasAndVerdictsAreTold) {
  const Model& m = bench_.model(
      R"({"name": "careers", "signal": "open", "group": "browsing", "points": -10, "min": -15},
         {"name": "visits", "signal": "visit", "group": "browsing", "points": 20},
         {"name": "orders", "signal": "order", "points": 50, "hand_raise": true},
         {"name": "quiet", "measure": "inactivity", "after": "P10D", "ceiling": 25},
         {"name": "boss", "component": "fit", "group": "manager", "signal": "profile", "points": 9},
         {"name": "nerd", "component": "fit", "group": "engineer", "signal": "profile", "points": 8},
         {"name": "no", "component": "fit", "signal": "rejection", "points": 0, "disqualifies": true})",
      R"("groups": [{"name": "browsing", "max": 30}, {"name": "manager", "component": "fit", "persona": true},
                    {"name": "engineer", "component": "fit", "persona": true}],
         "components": {"engagement": {"max": 60}}, "max_score": 22, "bands": [{"name": "MQL", "rank": 1, "min_score": 20, "exclusive": true, "min_fit": 5},
         {"name": "SQL", "rank": 2, "min_score": 90, "exclusive": true, "min_grade": "A"}], "grades": [{"name": "A", "min": 10}])");
  EXPECT_EQ(words(m, "{3@1:2,2@80:4,1@80,4}", 100),
            "2 x careers: -20; rule minimum of careers: +5; 4 x visits: +80; group maximum of browsing: -35; "
            "orders: +50; "
            "engagement maximum: -20; boss: +9; nerd: +8; persona engineer gives way to manager: -8; ceiling "
            "of quiet: -44; "
            "sheet maximum: -3; hand raised by orders; total 22: MQL (SQL above 90 and grade A)");
  EXPECT_EQ(words(m, "{2@100,5@100}", 100), "visits: +20; disqualified by no: -20; total 0: disqualified");
}

TEST_F(Words, HoursForcedBandsAndSegments) {
  const Model& m = bench_.model(
      R"({"name": "idle", "measure": "inactivity", "points": -1, "after": "PT1H"}, {"name": "demo", "signal": "open", "points": 0.001, "forces_band": "SQL"})",
      R"("min_score": -5, "bands": [{"name": "MQL", "rank": 1, "min_score": 10}, {"name": "SQL", "rank": 2, "min_score": 20}], "segment": {"signal": "order", "max": 0})",
      "hour");
  EXPECT_EQ(words(m, "{2@98}", 99), "no activity for 1 hour: -1; total -1 (MQL from 10)");
  EXPECT_EQ(words(m, "{1@75,3@100}", 100),
            "no activity for 1 day: -1; demo: +0.001; forced band by demo; total -0.999, score -1: SQL; "
            "outside the sheet's segment");
}

}  // namespace
}  // namespace lead_scoring
