// Laws of evaluate, explain and next_change over random models and tallies.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory_resource>

#include "core/evaluate.hpp"
#include "core/model.hpp"
#include "random_model.hpp"

namespace lead_scoring {
namespace {

using testing::first_day;
using testing::RandomModel;

struct Case {
  std::pmr::monotonic_buffer_resource memory;
  const Model* model;
  std::vector<Entry> entries;
  Bytes tally;
  Tick at;

  explicit Case(Resolution resolution = Resolution::day) {
    RandomModel random(resolution);
    const std::string json = random.json();
    RC_LOG() << json << std::endl;
    model = parse_model(json, &memory);
    entries = random.entries();
    std::vector<Entry> copy = entries;
    tally = encode(copy, &memory);
    RC_LOG() << to_text(tally) << std::endl;
    const int per_day = resolution == Resolution::day ? 1 : 24;
    at = (first_day + RandomModel::number(0, 700)) * per_day + RandomModel::number(0, per_day - 1);
    RC_LOG() << "at " << at << std::endl;
  }
};

auto outputs(const Evaluation& e) {
  return std::tuple(e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.persona, e.disqualified,
                    e.hand_raised, e.in_segment, e.last_active);
}

std::int64_t rounded(Points points) { return (std::abs(points) + 500) / 1000 * (points < 0 ? -1 : 1); }

RC_GTEST_PROP(EvaluateLaws, ExplainAddsUp, ()) {
  Case c;
  const Evaluation shown = evaluate(*c.model, c.tally, c.at, LookAhead::no);
  Points total = 0, engagement = 0, fit = 0;
  for (const ExplainRow& row : explain(*c.model, c.tally, c.at, &c.memory)) {
    total += row.points;
    if (row.component == "engagement") engagement += row.points;
    if (row.component == "fit") fit += row.points;
    RC_ASSERT(row.running == total);
    if (row.kind == "rule") RC_ASSERT(row.reason.empty() == row.holds);
    if (row.kind == "rule" && !row.holds) RC_ASSERT(row.points == 0);
  }
  RC_ASSERT(shown.score == rounded(total));
  RC_ASSERT(shown.engagement == rounded(engagement));
  RC_ASSERT(shown.fit == rounded(fit));
}

RC_GTEST_PROP(EvaluateLaws, OrderOfInputIsIrrelevant, ()) {
  Case c;
  std::vector<Entry> reversed(c.entries.rbegin(), c.entries.rend());
  const Bytes halves = merge(encode(std::span(reversed).first(reversed.size() / 2), &c.memory),
                             encode(std::span(reversed).subspan(reversed.size() / 2), &c.memory), &c.memory);
  RC_ASSERT(outputs(evaluate(*c.model, c.tally, c.at)) == outputs(evaluate(*c.model, halves, c.at)));
}

RC_GTEST_PROP(EvaluateLaws, TheFutureDoesNotCount, ()) {
  Case c;
  std::vector<Entry> past;
  for (const Entry& entry : c.entries) {
    if (entry.tick <= c.at) past.push_back(entry);
  }
  const Bytes without_future = encode(past, &c.memory);
  RC_ASSERT(outputs(evaluate(*c.model, c.tally, c.at)) == outputs(evaluate(*c.model, without_future, c.at)));
}

RC_GTEST_PROP(EvaluateLaws, NoOutputChangesBeforeNextChange, ()) {
  const bool is_hourly = RandomModel::chance(3);
  Case c(is_hourly ? Resolution::hour : Resolution::day);
  const Evaluation shown = evaluate(*c.model, c.tally, c.at);
  RC_ASSERT(shown.next_change > c.at);
  const Tick horizon = std::min<Tick>(shown.next_change, c.at + (is_hourly ? 4000 : 1500));
  for (Tick tick = c.at + 1; tick < horizon; ++tick) {
    const Evaluation later = evaluate(*c.model, c.tally, tick, LookAhead::no);
    if (outputs(later) != outputs(shown))
      RC_LOG() << "changed at " << tick << ", promised " << shown.next_change << std::endl;
    RC_ASSERT(outputs(later) == outputs(shown));
  }
}

RC_GTEST_PROP(EvaluateLaws, ChangedPointsNeedNoNewTally, ()) {
  std::pmr::monotonic_buffer_resource memory;
  RandomModel random(Resolution::day);
  std::vector<Entry> entries = random.entries();
  const Bytes tally = encode(entries, &memory);
  const auto points_with = [&](int points) {
    const std::string json =
        R"({"format": 1, "time_zone": "UTC", "signals": {"a": 1, "b": 2}, "rules": [{"name": "r", "signal": "a", "points": )" +
        std::to_string(points) + R"(, "decay": {"kind": "exponential", "half_life": "P50D"}}]})";
    return explain(*parse_model(json, &memory), tally, first_day + 400, &memory)[0].points;
  };
  const int points = RandomModel::number(-1000, 1000);
  RC_ASSERT(std::abs(points_with(2 * points) - 2 * points_with(points)) <= 1);  // each is rounded once
  RC_ASSERT(points_with(-points) == -points_with(points));
}

RC_GTEST_PROP(EvaluateLaws, ContributionsSaturateAndNothingOverflows, ()) {
  Case c;
  std::vector<Entry> extreme = c.entries;
  for (Entry& entry : extreme) {
    if (RandomModel::chance(2))
      entry.count = std::numeric_limits<std::int64_t>::max() / RandomModel::number(16, 400);
    if (RandomModel::chance(2))
      entry.value = std::numeric_limits<std::int64_t>::min() / RandomModel::number(16, 400);
  }
  const Bytes tally = encode(extreme, &c.memory);
  Points total = 0;
  for (const ExplainRow& row : explain(*c.model, tally, c.at, &c.memory)) {
    if (row.kind == "rule") RC_ASSERT(std::abs(row.points) <= most_points);
    total += row.points;
  }
  const std::int64_t most = std::numeric_limits<std::int32_t>::max();
  const Evaluation shown = evaluate(*c.model, tally, c.at);
  RC_ASSERT(shown.score == std::clamp<std::int64_t>(rounded(total), -most - 1, most));
  RC_ASSERT(shown.next_change > c.at);
  for (Tick tick = c.at + 1; tick < std::min<Tick>(shown.next_change, c.at + 60); ++tick) {
    RC_ASSERT(outputs(evaluate(*c.model, tally, tick, LookAhead::no)) == outputs(shown));
  }
}

RC_GTEST_PROP(ModelLaws, PrintingAndParsingAreInverse, ()) {
  Case c(RandomModel::chance(2) ? Resolution::hour : Resolution::day);
  const std::string printed = print_model(*c.model);
  const Model* again = parse_model(printed, &c.memory);
  RC_ASSERT(print_model(*again) == printed);
  RC_ASSERT(outputs(evaluate(*again, c.tally, c.at)) == outputs(evaluate(*c.model, c.tally, c.at)));
}

}  // namespace
}  // namespace lead_scoring
