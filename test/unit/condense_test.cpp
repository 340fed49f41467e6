// The law of condense, and how much it takes away.
#include "core/condense.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <random>

#include "core/evaluate.hpp"
#include "model_test_support.hpp"
#include "random_model.hpp"

namespace lead_scoring {
namespace {

using testing::Bench;
using testing::first_day;
using testing::RandomModel;

auto everything(const Evaluation& e) {
  return std::tuple(e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.persona, e.disqualified,
                    e.hand_raised, e.in_segment, e.last_active, e.next_change);
}

// Several draws, some of them long ago.
std::vector<Entry> many_entries(RandomModel& random, int draws, int per_day) {
  std::vector<Entry> entries;
  for (int i = 0; i < draws; ++i) {
    const Tick shift = RandomModel::chance(2) ? -RandomModel::number(0, 1500) * per_day : 0;
    for (Entry entry : random.entries()) {
      if (entry.tick != timeless) entry.tick += shift;
      entries.push_back(entry);
    }
  }
  return entries;
}

RC_GTEST_PROP(Condense, NoModelCanTell, ()) {
  std::pmr::monotonic_buffer_resource memory;
  const Resolution resolution = RandomModel::chance(3) ? Resolution::hour : Resolution::day;
  const int per_day = resolution == Resolution::day ? 1 : 24;
  RandomModel random(resolution);
  std::vector<const Model*> models;
  for (int i = RandomModel::number(1, 2); i > 0; --i) {
    const std::string json = random.json();
    RC_LOG() << json << std::endl;
    models.push_back(parse_model(json, &memory));
  }
  std::vector<Entry> entries = many_entries(random, RandomModel::number(1, 6), per_day);
  std::vector<Entry> more = many_entries(random, RandomModel::number(0, 2), per_day);
  for (Entry& entry : more) entry.count = std::abs(entry.count);
  // Often at the places of entries that are there.
  for (Entry& entry : more) {
    if (entries.empty() || !RandomModel::chance(3)) continue;
    const Entry& same =
        entries[static_cast<std::size_t>(RandomModel::number(0, static_cast<int>(entries.size()) - 1))];
    entry.signal = same.signal;
    entry.tick = same.tick;
    entry.item = same.item;
  }
  const Bytes tally = encode(entries, &memory);
  const Bytes rest = encode(more, &memory);
  RC_LOG() << to_text(tally) << "\n+ " << to_text(rest) << std::endl;
  const Tick from =
      (first_day + RandomModel::number(-500, 900)) * per_day + RandomModel::number(0, per_day - 1);
  const Bytes condensed = condense(models, tally, from, &memory);
  check_canonical(condensed);
  RC_LOG() << "from " << from << ": " << to_text(condensed) << std::endl;
  RC_ASSERT(condensed.size() <= tally.size());
  for (int i = 0; i < 6; ++i) {
    const Tick at =
        from + (i == 0 ? 0 : RandomModel::number(0, 500) * per_day + RandomModel::number(0, per_day - 1));
    RC_LOG() << "at " << at << std::endl;
    for (const Model* model : models) {
      RC_ASSERT(everything(evaluate(*model, condensed, at)) == everything(evaluate(*model, tally, at)));
      RC_ASSERT(everything(evaluate(*model, merge(condensed, rest, &memory), at)) ==
                everything(evaluate(*model, merge(tally, rest, &memory), at)));
    }
  }
}

std::string condensed_text(Bench& b, std::string_view rules, std::string_view tally, Tick from) {
  const std::array models{&b.model(rules)};
  return to_text(condense(models, b.tally(tally), from, b.memory()));
}

TEST(Condense, SignalsThatNobodyReadsVanish) {
  Bench b;
  EXPECT_EQ(condensed_text(b, R"({"name": "r", "signal": "open", "points": 1})", "{3@5:1,4@5:1,77@5:1}", 10),
            "{3@5:1}");
  // Activity is shown even where no rule looks at it: the last one.
  EXPECT_EQ(condensed_text(b, R"({"name": "r", "signal": "open", "points": 1})", "{1@5:1,1@8:1,1@11:1}", 10),
            "{1@8:1,1@11:1}");
}

TEST(Condense, WhatHasNoWeightAnyMoreVanishes) {
  Bench b;
  const std::string_view expiring =
      R"({"name": "r", "signal": "open", "points": 1, "decay": {"kind": "expire", "lifespan": "P10D"}})";
  EXPECT_EQ(condensed_text(b, expiring, "{3@5:1,3@90:1,3@91:2,3@200:1}", 100), "{3@90:1,3@91:2,3@200:1}");
  // A limit of a month is used up by what has no weight.
  const std::string_view limited =
      R"({"name": "r", "signal": "open", "points": 1, "repeat": {"limit": 1, "period": "month"}, "decay": {"kind": "expire", "lifespan": "P10D"}})";
  EXPECT_EQ(condensed_text(b, limited, "{3@5:1,3@61:1,3@91:2}", 100), "{3@61:1,3@91:2}")
      << "March begins on day 60";
}

TEST(Condense, ItemsThatNobodyLooksAtAreSummed) {
  Bench b;
  const std::string_view tally = "{3@5#0000000000000001:1=2,3@5#0000000000000002:3,3@6#0000000000000001:1}";
  EXPECT_EQ(condensed_text(b, R"({"name": "r", "signal": "open", "points": 1})", tally, 10), "{3@5:4,3@6:1}");
  EXPECT_EQ(
      condensed_text(
          b, R"({"name": "r", "signal": "open", "points": 1, "repeat": {"limit": 1, "per_item": true}})",
          tally, 10),
      "{3@5#0000000000000001:1=2,3@5#0000000000000002:3}");
  EXPECT_EQ(
      condensed_text(b, R"({"name": "r", "signal": "open", "measure": "value", "points": 1})", tally, 10),
      tally);
}

TEST(Condense, WhatIsNotKnownToBeSafeStays) {
  Bench b;
  for (const std::string_view tally :
       {"{3@5#0000000000000001:-1,3@5#0000000000000002:1}", "{3@5:2000000000000}"}) {
    EXPECT_EQ(condensed_text(b, R"({"name": "r", "signal": "open", "points": 1})", tally, 10), tally);
  }
  // A later activity makes old occurrences young again.
  const std::string_view anchored =
      R"({"name": "r", "signal": "open", "points": 1, "decay": {"kind": "expire", "lifespan": "P10D", "anchor": "activity"}})";
  EXPECT_EQ(condensed_text(b, anchored, "{3@5:1,3@90:1}", 100), "{3@5:1,3@90:1}");
}

TEST(Condense, AHotLeadBecomesSmall) {
  Bench b;
  const Model& model = b.model(
      R"({"name": "orders", "signal": "order", "points": 5, "decay": {"kind": "exponential", "half_life": "P30D"}},
         {"name": "visits", "signal": "visit", "points": 1, "repeat": {"limit": 1, "period": "day"}},
         {"name": "assets", "signal": "open", "points": 2, "repeat": {"limit": 1, "per_item": true}, "decay": {"kind": "linear", "lifespan": "P90D"}})");
  std::mt19937_64 random(1);
  std::vector<Entry> entries;
  for (int i = 0; i < 100'000; ++i) {
    entries.push_back({.signal = static_cast<std::uint32_t>(1 + random() % 3),
                       .tick = first_day + static_cast<Tick>(random() % 730),
                       .item = 1 + random() % 2000,
                       .count = 1,
                       .value = 0});
  }
  const Bytes tally = encode(entries, b.memory());
  const std::array models{&model};
  const Bytes condensed = condense(models, tally, first_day + 730, b.memory());
  EXPECT_GT(entry_count(tally), 95'000u);
  EXPECT_LT(entry_count(condensed), 4'000u);
  EXPECT_EQ(everything(evaluate(model, condensed, first_day + 735)),
            everything(evaluate(model, tally, first_day + 735)));
}

TEST(Condense, WhatTakesBackIsTold) {
  Bench b;
  EXPECT_TRUE(only_adds({}));
  EXPECT_TRUE(only_adds(parse_tally("{3@5:1,3@6:2=-4}", b.memory())));
  EXPECT_FALSE(only_adds(parse_tally("{3@5:1,4@6:-1}", b.memory())));
  EXPECT_FALSE(only_adds(parse_tally("{3@5:0=7}", b.memory())));
}

}  // namespace
}  // namespace lead_scoring
