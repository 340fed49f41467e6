// From rules to what is shown: clamps, groups, personas, verdicts, grades, bands; and explain's rows.
#include <gtest/gtest.h>

#include "model_test_support.hpp"

namespace lead_scoring {
namespace {

using testing::Bench;

TEST(Score, V1AndV2FormOpenClickDirections) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "form", "signal": "order", "points": 10}, {"name": "open", "signal": "open", "points": 3},
                              {"name": "click", "signal": "visit", "points": 7}, {"name": "directions", "signal": "profile", "points": 20})",
      R"("bands": [{"name": "MQL", "rank": 1, "min_score": 30}])");
  EXPECT_EQ(b.evaluate(m, "{1@100,2@100,3@100}", 103).score, 20);
  EXPECT_EQ(b.evaluate(m, "{1@100,2@100,3@100}", 103).band, -1);
  const Evaluation later = b.evaluate(m, "{1@100,2@100,3@100,4@104}", 104);
  EXPECT_EQ(later.score, 40);
  EXPECT_EQ(m.band_name(later.band), "MQL");
  EXPECT_EQ(b.evaluate(m, "{1@100,2@100,3@100,4@104}", 103).next_change, 104);
}

TEST(Score, V8AndV10) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "pricing", "signal": "visit", "points": 10}, {"name": "e-book", "signal": "order", "points": 5},
                              {"name": "first open", "signal": "open", "points": 3, "repeat": {"limit": 1, "per_item": true}})");
  EXPECT_EQ(b.evaluate(m, "{1@100,2@100}", 100).score, 15);
  EXPECT_EQ(b.evaluate(m, "{3@100#00000000000000aa:50}", 100).score, 3);
}

TEST(Bands, V9BoundsAreInclusiveUnlessExclusive) {
  Bench b;
  const auto band = [&](std::string_view more) {
    const Model& m = b.model(
        R"({"name": "r", "signal": "order", "points": 59.5})",
        R"("bands": [{"name": "SQL", "rank": 2, "min_score": 80}, {"name": "MQL", "rank": 1, "min_score": 60)" +
            std::string(more) + "}]");
    const Evaluation shown = b.evaluate(m, "{1@100}", 100);
    EXPECT_EQ(shown.score, 60) << "59.5 is displayed as 60, and that is what is compared";
    return shown.band < 0 ? std::string() : std::string(m.band_name(shown.band));
  };
  EXPECT_EQ(band(""), "MQL");
  EXPECT_EQ(band(R"(, "exclusive": true)"), "");
}

TEST(Bands, EarnedWhenAllTheirOwnMinimaHoldWhateverLowerBandsSay) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "e", "signal": "order", "points": 10}, {"name": "f", "component": "fit", "signal": "open", "points": 10})",
      R"("grades": [{"name": "B", "min": 10}, {"name": "A", "min": 30}], "levels": [{"name": "2", "min": 0}, {"name": "1", "min": 20}],
         "bands": [{"name": "lead", "rank": 0}, {"name": "MQL", "rank": 5, "min_score": 50}, {"name": "fits", "rank": 7, "min_grade": "B"},
                   {"name": "hot", "rank": 9, "min_level": "1", "min_fit": 30, "min_engagement": 20}])");
  const auto band = [&](std::string_view tally) {
    return std::string(m.band_name(b.evaluate(m, tally, 100).band));
  };
  EXPECT_EQ(band("{}"), "lead") << "a band without minima is always earned";
  EXPECT_EQ(band("{1@1:5}"), "MQL");
  EXPECT_EQ(band("{1@1:5,3@1}"), "fits") << "the highest-ranked";
  EXPECT_EQ(band("{3@1:3}"), "fits");
  EXPECT_EQ(band("{1@1:2,3@1:3}"), "hot");
  EXPECT_EQ(band("{1@1:1,3@1:3}"), "fits");
  const Evaluation shown = b.evaluate(m, "{1@1:2,3@1:2}", 100);
  EXPECT_EQ(m.grade_name(shown.grade), "B");
  EXPECT_EQ(m.level_name(shown.level), "1");
  EXPECT_EQ(b.evaluate(m, "{}", 100).grade, -1) << "no grade meets no minimum";
}

TEST(Clamps, InOrderFromRuleToSheet) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "careers", "group": "g", "signal": "open", "points": -10, "min": -15}, {"name": "orders", "group": "g", "signal": "order", "points": 20},
         {"name": "visits", "signal": "visit", "points": 50, "max": 80}, {"name": "profile", "component": "fit", "signal": "profile", "points": 7.5})",
      R"("groups": [{"name": "g", "min": -5, "max": 30}], "components": {"engagement": {"max": 90}, "fit": {"max": 15}}, "max_score": 100)");
  struct Row {
    std::string_view component, group, rule, kind;
    Points points, running;
  };
  const auto check = [&](std::string_view tally, std::initializer_list<Row> expected) {
    const auto rows = b.explain(m, tally, 100);
    ASSERT_EQ(rows.size(), expected.size());
    std::size_t i = 0;
    for (const Row& row : expected) {
      EXPECT_EQ(rows[i].component, row.component) << i;
      EXPECT_EQ(rows[i].group, row.group) << i;
      EXPECT_EQ(rows[i].rule, row.rule) << i;
      EXPECT_EQ(rows[i].kind, row.kind) << i;
      EXPECT_EQ(rows[i].points, row.points) << i;
      EXPECT_EQ(rows[i].running, row.running) << i;
      ++i;
    }
  };
  check("{1@1:3,2@1:2,3@1:2,4@1:3}", {{"engagement", "g", "careers", "rule", -20'000, -20'000},
                                      {"engagement", "g", "rule minimum", "clamp", 5'000, -15'000},
                                      {"engagement", "g", "orders", "rule", 60'000, 45'000},
                                      {"engagement", "g", "group maximum", "clamp", -15'000, 30'000},
                                      {"engagement", "", "visits", "rule", 100'000, 130'000},
                                      {"engagement", "", "rule maximum", "clamp", -20'000, 110'000},
                                      {"engagement", "", "component maximum", "clamp", -20'000, 90'000},
                                      {"fit", "", "profile", "rule", 22'500, 112'500},
                                      {"fit", "", "component maximum", "clamp", -7'500, 105'000},
                                      {"", "", "sheet maximum", "clamp", -5'000, 100'000}});
  check("{3@1:1}", {{"engagement", "g", "careers", "rule", -10'000, -10'000},
                    {"engagement", "g", "orders", "rule", 0, -10'000},
                    {"engagement", "g", "group minimum", "clamp", 5'000, -5'000},
                    {"engagement", "", "visits", "rule", 0, -5'000},
                    {"fit", "", "profile", "rule", 0, -5'000},
                    {"", "", "sheet minimum", "clamp", 5'000, 0}});
  EXPECT_EQ(b.evaluate(m, "{3@1:1}", 100).engagement, -5);
  EXPECT_EQ(b.row(m, "{3@1:2}", 100, "rule minimum").reason, "careers");
}

TEST(Clamps, TheSheetsNeedNotContainZero) {
  Bench b;
  const Model& base =
      b.model(R"({"name": "r", "signal": "order", "points": 1})", R"("min_score": 20, "max_score": 30)");
  EXPECT_EQ(b.evaluate(base, "{}", 100).score, 20);
  const Model& below = b.model(R"({"name": "r", "signal": "order", "points": -1})", R"("min_score": -50.5)");
  EXPECT_EQ(b.evaluate(below, "{1@1:7}", 100).score, -7);
  EXPECT_EQ(b.evaluate(below, "{1@1:99}", 100).score, -51) << "half away from zero";
}

TEST(Display, EachIntegerIsRoundedOnItsOwn) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "e", "signal": "order", "points": 0.5}, {"name": "f", "component": "fit", "signal": "order", "points": 0.5})");
  const Evaluation shown = b.evaluate(m, "{1@1}", 100);
  EXPECT_EQ(shown.engagement, 1);
  EXPECT_EQ(shown.fit, 1);
  EXPECT_EQ(shown.score, 1);
}

TEST(Personas, TheHighestClampedSumWinsAndTheFirstOfEqualOnes) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "manager", "group": "manager", "signal": "order", "points": 40}, {"name": "engineer", "group": "engineer", "signal": "visit", "points": 30},
         {"name": "student", "group": "student", "signal": "open", "points": -20}, {"name": "plain", "group": "plain", "signal": "open", "points": -1})",
      R"("groups": [{"name": "manager", "component": "fit", "persona": true, "max": 30}, {"name": "engineer", "component": "fit", "persona": true},
                    {"name": "student", "component": "fit", "persona": true}, {"name": "plain", "component": "fit"}], "min_score": -100)");
  EXPECT_EQ(b.evaluate(m, "{}", 100).persona, -1);
  const Evaluation equal = b.evaluate(m, "{1@1,2@1,3@1}", 100);
  EXPECT_EQ(m.persona_name(equal.persona), "manager") << "30 and 30: the first";
  EXPECT_EQ(equal.fit, 29) << "losers do not count, ordinary groups do";
  const Evaluation higher = b.evaluate(m, "{1@1,2@1:2}", 100);
  EXPECT_EQ(m.persona_name(higher.persona), "engineer");
  EXPECT_EQ(higher.fit, 60);
  const Evaluation only_negative = b.evaluate(m, "{3@1}", 100);
  EXPECT_EQ(m.persona_name(only_negative.persona), "student") << "sums of 0 do not compete";
  EXPECT_EQ(only_negative.fit, -21);
  Points lost = 0;
  for (const ExplainRow& row : b.explain(m, "{1@1,2@1,3@1}", 100)) {
    if (row.kind != "persona") continue;
    lost += row.points;
    EXPECT_EQ(row.reason, "manager");
    EXPECT_EQ(row.component, "fit");
  }
  EXPECT_EQ(lost, -30'000 + 20'000);
}

TEST(Verdicts, DisqualifiedBeatsEverything) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "signal": "order", "points": 100}, {"name": "student", "component": "fit", "signal": "profile", "points": 0, "disqualifies": true},
         {"name": "hand", "signal": "visit", "points": 0, "forces_band": "SQL", "hand_raise": true})",
      R"("min_score": -7, "bands": [{"name": "MQL", "rank": 1, "min_score": 60}, {"name": "SQL", "rank": 2, "min_score": 1000}],
         "levels": [{"name": "1", "min": 50}])");
  const Evaluation out = b.evaluate(m, "{1@1,2@1,4:1}", 100);
  EXPECT_TRUE(out.disqualified) << "verdicts follow holds, never points";
  EXPECT_EQ(out.score, -7);
  EXPECT_EQ(out.engagement, 100) << "everything else stays as computed";
  EXPECT_EQ(m.level_name(out.level), "1");
  EXPECT_TRUE(out.hand_raised);
  EXPECT_EQ(b.row(m, "{1@1,4:1}", 100, "disqualified").points, -107'000);
  EXPECT_EQ(b.row(m, "{1@1,4:1}", 100, "disqualified").reason, "student");
  const Evaluation forced = b.evaluate(m, "{1@1,2@1}", 100);
  EXPECT_EQ(m.band_name(forced.band), "SQL");
  EXPECT_EQ(b.row(m, "{1@1,2@1}", 100, "forced band").reason, "hand");
  EXPECT_EQ(b.row(m, "{1@1,2@1}", 100, "hand raised").reason, "hand");
  EXPECT_EQ(b.row(m, "{1@1:20,2@1}", 100, "forced band").kind, "") << "earned: the verdict changed nothing";
  EXPECT_EQ(m.band_name(b.evaluate(m, "{1@1}", 100).band), "MQL");
}

TEST(Verdicts, AForceNeverLowersTheBand) {
  Bench b;
  const Model& m = b.model(
      R"({"name": "r", "signal": "order", "points": 80, "forces_band": "MQL"})",
      R"("bands": [{"name": "MQL", "rank": 1, "min_score": 60}, {"name": "SQL", "rank": 2, "min_score": 80}])");
  EXPECT_EQ(m.band_name(b.evaluate(m, "{1@1}", 100).band), "SQL");
}

TEST(Segment, IsACountLikeAGuard) {
  Bench b;
  const Model& m = b.model(R"({"name": "r", "signal": "visit", "points": 5})",
                           R"("segment": {"signal": "order", "max": 0, "within": "P30D"})");
  EXPECT_TRUE(b.evaluate(m, "{2@100}", 100).in_segment);
  const Evaluation customer = b.evaluate(m, "{1@99,2@100}", 100);
  EXPECT_FALSE(customer.in_segment);
  EXPECT_EQ(customer.score, 5) << "computed all the same";
  EXPECT_EQ(customer.next_change, 129) << "when the lead comes back";
}

TEST(LastActive, IsTheGreatestTickOfAListedSignal) {
  Bench b;
  const Model& m = b.model(R"({"name": "r", "signal": "open", "points": 5})");
  EXPECT_EQ(b.evaluate(m, "{1@90,2@95,3@99,2@101}", 100).last_active, 95);
  EXPECT_EQ(b.evaluate(m, "{3@99}", 100).last_active, timeless);
  EXPECT_EQ(b.evaluate(m, "{1@90,2@95,3@99,2@101}", 100).next_change, 101);
}

}  // namespace
}  // namespace lead_scoring
