// What would lift a lead to a band, and what time alone does.
#include "gap.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <vector>

#include "model_test_support.hpp"
#include "random_model.hpp"

namespace lead_scoring {
namespace {

using testing::Bench;
using testing::RandomModel;

constexpr std::string_view mql =
    R"("bands": [{"name": "warm", "rank": 1, "min_score": 10}, {"name": "MQL", "rank": 2, "min_score": 30}])";

class Gap : public ::testing::Test {
 protected:
  std::span<const GapRow> rows(const Model& model, std::string_view tally, Tick at, std::string_view band,
                               std::vector<std::string_view> once = {}) {
    return gap(model, bench_.tally(tally), at, band, once, nullptr, bench_.memory());
  }
  GapRow row(const Model& model, std::string_view tally, Tick at, std::string_view rule,
             std::vector<std::string_view> once = {}) {
    for (const GapRow& row : rows(model, tally, at, "MQL", std::move(once))) {
      if (row.rule == rule) return row;
    }
    return {};
  }
  // "3" occurrences, "a value of 5.5", or why not.
  std::string says(const Model& model, std::string_view tally, Tick at, std::string_view rule = "r",
                   std::vector<std::string_view> once = {}) {
    const GapRow found = row(model, tally, at, rule, std::move(once));
    if (found.way == "value") return "a value of " + std::to_string(*found.value);
    return found.way == "repeat" ? std::to_string(found.more) : std::string(found.reason);
  }
  Bench bench_;
};

TEST_F(Gap, SmallestNumberFirstThenWhatCannotThenTime) {
  const Model& m = bench_.model(
      R"({"name": "first open", "signal": "open", "points": 3, "repeat": {"limit": 1}}, {"name": "visit", "signal": "visit", "points": 0.1},
         {"name": "order", "signal": "order", "points": 7}, {"name": "careers", "signal": "rejection", "points": -5})",
      mql);
  const auto found = rows(m, "{3@90,2@90,1@90:2}", 100, "MQL");
  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(found[0].rule, "order");
  EXPECT_EQ(found[0].way, "repeat");
  EXPECT_EQ(found[0].signal, "order");
  EXPECT_EQ(found[0].component, "engagement");
  EXPECT_EQ(found[0].more, 2);
  EXPECT_EQ(found[0].score, 31);
  EXPECT_EQ(m.band_name(found[0].band), "MQL");
  EXPECT_EQ(found[0].gained, 14'000);
  EXPECT_EQ(found[1].rule, "visit");
  EXPECT_EQ(found[1].more, 124) << "17.1 and 12.4 are 29.5, which is displayed as 30";
  EXPECT_EQ(found[1].score, 30);
  EXPECT_EQ(found[2].rule, "first open");
  EXPECT_EQ(found[2].way, "cannot");
  EXPECT_EQ(found[2].reason, "limit");
  EXPECT_FALSE(found[2].has_result);
  EXPECT_EQ(found[3].rule, "careers");
  EXPECT_EQ(found[3].reason, "takes points");
  EXPECT_EQ(found[4].way, "time");
  EXPECT_EQ(found[4].reason, "stays");
}

TEST_F(Gap, OneThousandIsTheMostThatIsTried) {
  const auto needs = [&](int score) {
    const Model& m =
        bench_.model(R"({"name": "r", "signal": "order", "points": 1})",
                     R"("bands": [{"name": "MQL", "rank": 1, "min_score": )" + std::to_string(score) + "}]");
    return says(m, "{}", 100);
  };
  for (const int score : {1, 15, 16, 17, 31, 32, 33, 500, 999, 1000})
    EXPECT_EQ(needs(score), std::to_string(score));
  EXPECT_EQ(needs(1001), "not enough");
}

TEST_F(Gap, ALeadThatIsThereHearsForHowLong) {
  const Model& m = bench_.model(
      R"({"name": "r", "signal": "order", "points": 20, "decay": {"kind": "expire", "lifespan": "P30D"}})",
      mql);
  const auto found = rows(m, "{1@90:2,1@95}", 100, "warm");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].way, "reached");
  EXPECT_EQ(found[0].score, 60);
  EXPECT_EQ(m.band_name(found[0].band), "MQL") << "higher than asked for";
  EXPECT_EQ(found[0].until, 125) << "until then at least warm";
  EXPECT_EQ(found[1].way, "time");
  EXPECT_EQ(found[1].until, 120);
  EXPECT_EQ(found[1].reason, "falls");
  EXPECT_EQ(m.band_name(found[1].band), "warm");
  EXPECT_EQ(found[1].score, 20);
  EXPECT_EQ(rows(m, "{1@100:2}", 100, "MQL")[0].until, 130);
}

TEST_F(Gap, TimeCanLiftToo) {
  const Model& m = bench_.model(
      R"({"name": "r", "signal": "order", "measure": "cycle", "points": 60, "cycle": "P90D", "linear": true})",
      mql);
  const auto found = rows(m, "{1@90}", 100, "MQL");
  EXPECT_EQ(found[0].reason, "cycle just begun") << "a purchase now begins a new cycle";
  EXPECT_EQ(found[1].reason, "rises");
  EXPECT_EQ(found[1].until, 105) << "to the next band";
  EXPECT_EQ(m.band_name(found[1].band), "warm");
}

TEST_F(Gap, AChangeBeyondTheLastLookIsCalledSo) {
  const Model& m = bench_.model(
      R"({"name": "r", "measure": "inactivity", "points": -1, "after": "P1D", "every": "P1D"}, {"name": "p", "component": "fit", "signal": "profile", "points": 20})",
      R"("min_score": -1000000, "bands": [{"name": "MQL", "rank": 1, "min_fit": 10}])");
  const auto found = rows(m, "{1@0,4}", 100, "MQL");
  EXPECT_EQ(found[0].reason, "stays at least so long");
  EXPECT_EQ(found[1].reason, "stays at least so long");
  EXPECT_EQ(found[1].until, 4100);
}

TEST_F(Gap, RulesThatCannotSayWhy) {
  const auto why = [&](std::string_view rule, std::string_view tally, std::string_view rest = {}) {
    const Model& m =
        bench_.model(R"({"name": "r", )" + std::string(rule) + "}", std::string(mql) + std::string(rest));
    return says(m, tally, 100);
  };
  EXPECT_EQ(why(R"("signal": "order", "points": 9, "valid_to": "2000-01-31")", "{1@10:2}"), "not valid");
  EXPECT_EQ(why(R"("signal": "order", "points": 9, "since": "visit")", "{1@10:2,2@100}"), "since")
      << "the visit is today's, and only later ones count";
  EXPECT_EQ(why(R"("signal": "order", "points": 9, "repeat": {"limit": 2})", "{1@10}"), "limit")
      << "one more counts, and is not enough";
  EXPECT_EQ(why(R"("signal": "order", "points": 9, "max": 25)", "{}"), "rule maximum");
  EXPECT_EQ(why(R"("signal": "order", "points": 9, "max": 25)", "{1@10:5}"), "rule maximum");
  EXPECT_EQ(why(R"("signal": "order", "points": 9, "group": "g")", "{}",
                R"(, "groups": [{"name": "g", "max": 20}])"),
            "group maximum");
  EXPECT_EQ(why(R"("signal": "order", "points": 9)", "{}", R"(, "components": {"engagement": {"max": 20}})"),
            "component maximum");
  EXPECT_EQ(why(R"("signal": "order", "points": 9)", "{}", R"(, "max_score": 20)"), "sheet maximum");
  EXPECT_EQ(why(R"("signal": "order", "points": 9, "guard": {"signal": "order", "max": 0})", "{}"), "guard")
      << "the first order closes it";
  EXPECT_EQ(why(R"("signal": "order", "points": 0, "hand_raise": true)", "{}"), "no points");
  EXPECT_EQ(why(R"("signal": "order", "points": -9)", "{}"), "takes points");
  EXPECT_EQ(why(R"("signal": "order", "points": 9, "disqualifies": true)", "{}"), "disqualified");
  EXPECT_EQ(why(R"("measure": "season", "points": 5, "months": [7])", "{}"), "out of season");
  EXPECT_EQ(why(R"("measure": "season", "points": 5, "months": [4])", "{}"), "counts already");
  EXPECT_EQ(why(R"("measure": "inactivity", "points": -5, "after": "P30D")", "{1@90}"), "active");
  EXPECT_EQ(why(R"("measure": "inactivity", "points": -5, "after": "P30D")", "{}"), "never active");
  EXPECT_EQ(why(R"("measure": "inactivity", "points": -5, "after": "P30D")", "{1@10}"), "not enough")
      << "it would end, but that is all";
  EXPECT_EQ(why(R"("signal": "order", "measure": "tiers", "tiers": [{"min": 2, "points": 9}])", "{}"),
            "highest tier");
  EXPECT_EQ(why(R"("signal": "order", "measure": "tiers", "tiers": [{"min": 2, "points": 9}])", "{1@90:5}"),
            "highest tier");
  EXPECT_EQ(why(R"("signal": "order", "measure": "tiers", "tiers": [{"max": 1, "points": 9}])", "{1@90:5}"),
            "no tier");
  EXPECT_EQ(why(R"("signal": "order", "points": 20)", "{}", R"(, "segment": {"signal": "order", "max": 0})"),
            "outside the segment")
      << "a customer has no place on a prospects sheet";
}

TEST_F(Gap, APersonaThatLosesIsInTheWay) {
  const Model& m = bench_.model(
      R"({"name": "r", "component": "fit", "group": "a", "signal": "order", "points": 40, "max": 15}, {"name": "b", "component": "fit", "group": "b", "signal": "visit", "points": 20})",
      std::string(mql) +
          R"(, "groups": [{"name": "a", "component": "fit", "persona": true}, {"name": "b", "component": "fit", "persona": true}])");
  EXPECT_EQ(says(m, "{2@90}", 100), "rule maximum");
  const Model& open = bench_.model(
      R"({"name": "r", "component": "fit", "group": "a", "signal": "order", "points": 40, "repeat": {"limit": 1}}, {"name": "b", "component": "fit", "group": "b", "signal": "visit", "points": 50},
         {"name": "minus", "signal": "visit", "points": -40})",
      std::string(mql) +
          R"(, "groups": [{"name": "a", "component": "fit", "persona": true}, {"name": "b", "component": "fit", "persona": true}])");
  EXPECT_EQ(says(open, "{2@90}", 100), "persona loss");
}

TEST_F(Gap, BandsWithOtherMinima) {
  const Model& m = bench_.model(
      R"({"name": "visit", "signal": "visit", "points": 10}, {"name": "size", "component": "fit", "signal": "profile", "points": 10})",
      R"("bands": [{"name": "MQL", "rank": 1, "min_level": "1", "min_fit": 20}, {"name": "SQL", "rank": 2, "min_grade": "A", "min_engagement": 50}],
         "grades": [{"name": "A", "min": 30}], "levels": [{"name": "1", "min": 25}])");
  EXPECT_EQ(says(m, "{}", 100, "visit"), "needs fit 20");
  EXPECT_EQ(says(m, "{}", 100, "size"), "needs level 1");
  EXPECT_EQ(says(m, "{4:2}", 100, "visit"), "3");
  EXPECT_EQ(says(m, "{2@1:3}", 100, "size"), "2");
  EXPECT_EQ(rows(m, "{4:2}", 100, "SQL")[0].reason, "needs grade A");
  EXPECT_EQ(rows(m, "{4:2}", 100, "SQL")[1].reason, "needs engagement 50");
}

TEST_F(Gap, AForcedBandIsAWay) {
  const Model& m =
      bench_.model(R"({"name": "r", "signal": "order", "points": 0, "forces_band": "MQL"})", mql);
  EXPECT_EQ(says(m, "{}", 100), "1");
}

TEST_F(Gap, SignalsMoveEveryRuleThatLooksAtThem) {
  const Model& m = bench_.model(
      R"({"name": "r", "signal": "visit", "points": 4}, {"name": "tiers", "signal": "visit", "measure": "tiers", "tiers": [{"min": 3, "points": 18}]},
         {"name": "quiet", "measure": "inactivity", "points": -10, "after": "P30D"})",
      std::string(mql) + R"(, "min_score": -100)");
  EXPECT_EQ(says(m, "{1@10}", 100), "3") << "12, 18, and the penalty ends";
  EXPECT_EQ(says(m, "{1@10}", 100, "tiers"), "3");
  EXPECT_EQ(says(m, "{1@10}", 100, "quiet"), "3");
  EXPECT_EQ(row(m, "{1@10}", 100, "quiet").signal, "visit") << "of all activities the one that takes fewest";
  EXPECT_EQ(row(m, "{1@10}", 100, "r").gained, 40'000);
}

TEST_F(Gap, TheSignalOfAGuardMayOpenIt) {
  const Model& m = bench_.model(
      R"({"name": "r", "signal": "visit", "points": 10, "guard": {"signal": "order", "min": 2}})", mql);
  EXPECT_EQ(says(m, "{2@90:3}", 100), "2");
  EXPECT_EQ(row(m, "{2@90:3}", 100, "r").signal, "order");
  EXPECT_EQ(says(m, "{2@90:2}", 100), "guard")
      << "open, 20 points are not enough, and shut, no number of visits is";
}

TEST_F(Gap, RulesByValueNameTheValue) {
  const Model& m =
      bench_.model(R"({"name": "r", "signal": "order", "measure": "value", "points": 0.01})", mql);
  EXPECT_EQ(says(m, "{1@90:1=1000}", 100), "a value of 19499500")
      << "1949.95 give 19.4995, which is rounded to 19.5, and 29.5 is displayed as 30";
  EXPECT_EQ(row(m, "{1@90:1=1000}", 100, "r").more, 1);
  const Model& refunds =
      bench_.model(R"({"name": "r", "signal": "order", "measure": "value", "points": -1})", mql);
  EXPECT_EQ(says(refunds, "{}", 100), "a value of -294995");
  const Model& tiers = bench_.model(
      R"({"name": "r", "signal": "order", "measure": "tiers", "count_by": "value", "tiers": [{"min": 500.5, "points": 30}]})",
      mql);
  EXPECT_EQ(says(tiers, "{1@90:1=100}", 100), "a value of 4005000");
  const Model& tiny =
      bench_.model(R"({"name": "r", "signal": "order", "measure": "value", "points": 0.001, "max": 5})", mql);
  EXPECT_EQ(says(tiny, "{}", 100), "rule maximum");
}

TEST_F(Gap, AnyValueWillDoWhereTheOccurrenceIsEnough) {
  const Model& m = bench_.model(
      R"({"name": "r", "signal": "order", "measure": "value", "points": 1}, {"name": "first", "signal": "order", "points": 30})",
      mql);
  EXPECT_EQ(says(m, "{}", 100), "1");
  EXPECT_EQ(row(m, "{}", 100, "r").value, std::nullopt);
}

TEST_F(Gap, ProfileSignalsOccurOnce) {
  const Model& m =
      bench_.model(R"({"name": "r", "component": "fit", "signal": "profile", "points": 15})", mql);
  EXPECT_EQ(says(m, "{}", 100), "2") << "of a signal that may repeat";
  EXPECT_EQ(says(m, "{}", 100, "r", {"profile"}), "not enough");
  EXPECT_EQ(says(m, "{4}", 100, "r", {"profile"}), "already counted");
  const Model& enough =
      bench_.model(R"({"name": "r", "component": "fit", "signal": "profile", "points": 30})", mql);
  EXPECT_EQ(says(enough, "{}", 100, "r", {"visit", "profile", "unknown"}), "1");
  EXPECT_EQ(says(enough, "{4@120}", 100, "r", {"profile"}), "not yet");
}

TEST_F(Gap, AddedOccurrencesHaveNewItemsUnlessTheSignalHasNone) {
  const Model& m = bench_.model(
      R"({"name": "r", "signal": "open", "points": 10, "repeat": {"limit": 1, "per_item": true}})", mql);
  EXPECT_EQ(says(m, "{3@90#00000000000000aa:5}", 100), "2");
  EXPECT_EQ(says(m, "{}", 100), "3");
  EXPECT_EQ(says(m, "{3@90:5}", 100), "limit");
  const Model& items = bench_.model(
      R"({"name": "r", "signal": "open", "measure": "tiers", "count_by": "items", "tiers": [{"min": 3, "points": 30}]})",
      mql);
  EXPECT_EQ(says(items, "{3@90#00000000000000aa:5}", 100), "2");
  EXPECT_EQ(says(items, "{3@90:5}", 100), "no tier");
}

TEST_F(Gap, UnknownBandsAndCancelsAreErrors) {
  const Model& m = bench_.model(R"({"name": "r", "signal": "order", "points": 10})", mql);
  try {
    (void)rows(m, "{}", 100, "SQL");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_parameter);
    EXPECT_STREQ(error.what(), "the sheet has no band \"SQL\"");
    EXPECT_EQ(error.hint(), "Its bands are, from the lowest: warm, MQL.");
  }
  EXPECT_THROW((void)gap(
                   m, {}, 100, "MQL", {}, []() noexcept { return true; }, bench_.memory()),
               Cancelled);
}

// Whatever the model: what a row promises is so, and one less does not do.
RC_GTEST_PROP(GapLaws, RowsKeepTheirPromise, ()) {
  std::pmr::monotonic_buffer_resource memory;
  RandomModel random(*rc::gen::element(Resolution::day, Resolution::hour));
  const std::string json = random.json();
  RC_LOG() << json << std::endl;
  const Model& model = *parse_model(json, &memory);
  std::vector<Entry> entries = random.entries();
  const Bytes tally = encode(entries, &memory);
  RC_LOG() << to_text(tally) << std::endl;
  const Tick at = (testing::first_day + RandomModel::number(0, 700)) * model.calendar.ticks_per_day();
  const auto target = static_cast<std::int16_t>(RandomModel::number(0, 3));
  const auto found = gap(model, tally, at, model.band_name(target), {}, nullptr, &memory);
  const auto is_reached = [&](const Evaluation& shown) { return shown.in_segment && shown.band >= target; };
  const Evaluation now = evaluate(model, tally, at);

  const auto with = [&](const GapRow& row, std::int64_t count, std::int64_t value) {
    std::uint32_t number = 0;
    for (const Signal& signal : model.signals) {
      if (signal.name == row.signal) number = signal.number;
    }
    bool is_there = false;
    bool has_items = false;
    for (const Entry& entry : entries) {
      if (entry.signal != number || entry.count <= 0) continue;
      is_there = true;
      if (entry.item != 0) has_items = true;
    }
    const std::uint64_t first_item =
        is_there && !has_items ? 0 : 1'000'000;  // a signal without items has none
    std::vector<Entry> more;
    for (std::int64_t i = 0; i < count; ++i) {
      more.push_back({.signal = number,
                      .tick = at,
                      .item = first_item == 0 ? 0 : first_item + static_cast<std::uint64_t>(i),
                      .count = 1,
                      .value = value});
    }
    return evaluate(model, merge(tally, encode(more, &memory), &memory), at);
  };
  RC_ASSERT((found.front().way == "reached") == is_reached(now));
  RC_ASSERT(found.back().way == "time");
  RC_ASSERT(found.size() == (is_reached(now) ? 2 : model.rules.size() + 1));
  for (const GapRow& row : found) {
    if (row.way == "repeat") {
      const Evaluation then = with(row, row.more, 0);
      RC_ASSERT(is_reached(then));
      RC_ASSERT(then.score == row.score);
      RC_ASSERT(then.band == row.band);
    } else if (row.way == "value") {
      RC_ASSERT(is_reached(with(row, 1, *row.value)));
    } else if (row.way == "time" && row.until != never && row.reason != "stays at least so long") {
      const Evaluation before = evaluate(model, tally, row.until - 1);
      const Evaluation then = evaluate(model, tally, row.until);
      RC_ASSERT(before.band == now.band && before.in_segment == now.in_segment);
      RC_ASSERT(then.band != now.band || then.in_segment != now.in_segment ||
                then.disqualified != now.disqualified);
      RC_ASSERT(then.score == row.score);
    }
  }
}

}  // namespace
}  // namespace lead_scoring
