// Decays and cycles of any moment: closed forms, and the same answers as rules give where those can be asked.
#include "age.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "error.hpp"
#include "exact.hpp"
#include "lapse.hpp"
#include "weight.hpp"

namespace lead_scoring {
namespace {

constexpr std::int64_t hour = 3'600'000'000;
constexpr std::int64_t minute = hour / 60;
constexpr Duration months(std::int32_t n) { return {n, 0, 0}; }
constexpr Duration days(std::int32_t n) { return {0, n, 0}; }
constexpr Duration hours(std::int64_t n) { return {0, 0, n * hour}; }

Moment on(std::string_view date, std::int64_t late = 0) { return parse_date(date) * 24 * hour + late; }
double ratio(const Share& share) {
  return static_cast<double>(share.part) / static_cast<double>(share.whole);
}

TEST(Age, ExponentialHalvesFromExactElapsedTime) {
  const Moment at = on("2026-01-01", 7);
  EXPECT_EQ(exponential_share(at, at, days(30)), (Share{full_weight, full_weight}));
  EXPECT_EQ(exponential_share(at, at + 30 * 24 * hour, days(30)), (Share{full_weight / 2, full_weight}));
  EXPECT_EQ(exponential_share(at, at + 60 * 24 * hour, months(1)), (Share{full_weight / 4, full_weight}));
  EXPECT_EQ(exponential_share(at, at + 3, {0, 0, 1}), (Share{full_weight / 8, full_weight}));
  EXPECT_EQ(exponential_share(at, on("9999-12-31"), {0, 0, 1}).part, 0);
  EXPECT_NEAR(ratio(exponential_share(at, at + hour, days(1))), 0.971531941153606, 1e-9);
}

TEST(Age, LinearIsTheExactFractionToTheMicrosecond) {
  const Moment at = on("2026-01-31", 90 * minute);
  EXPECT_EQ(linear_share(at, at + 3 * 24 * hour, days(90)), (Share{87 * 24 * hour, 90 * 24 * hour})) << "V14";
  EXPECT_EQ(linear_share(at, at, months(1)), (Share{28 * 24 * hour, 28 * 24 * hour})) << "until 28 February";
  EXPECT_EQ(linear_share(at, on("2026-02-28", 90 * minute), months(1)), no_share);
  EXPECT_EQ(linear_share(at, on("2026-02-28", 90 * minute) - 1, months(1)).part, 1);
  EXPECT_EQ(linear_share(at, at + 1, {0, 0, 4}), (Share{3, 4}));
  EXPECT_EQ(linear_share(at, at + hour, {0, 0, 90 * minute}), (Share{30 * minute, 90 * minute}));
  EXPECT_EQ(linear_share(on("9999-06-01"), on("9999-12-31"), months(12)), full_share)
      << "the end is out of sight";
}

TEST(Age, StepsAreTheCalendarsAtTheMomentsOwnTimeOfDay) {
  const Moment at = on("2026-01-31", 90 * minute);
  const auto left = [&](std::string_view date, std::int64_t late) {
    return step_share(at, on(date, late), 50'000, months(1)).part;
  };
  EXPECT_EQ(left("2026-02-28", 90 * minute - 1), 100'000);
  EXPECT_EQ(left("2026-02-28", 90 * minute), 50'000) << "V13: half after a month";
  EXPECT_EQ(left("2026-03-31", 90 * minute - 1), 50'000)
      << "two months from the start, not one from the first step";
  EXPECT_EQ(left("2026-03-31", 90 * minute), 0);
  EXPECT_EQ(step_share(at, at + 3 * hour, 33'333, hours(1)), (Share{1, 100'000})) << "exact";
  EXPECT_EQ(step_share(at, at + 4 * hour, 33'333, hours(1)), (Share{0, 100'000}));
}

TEST(Age, V3AndV4CyclesGrowStepByStep) {
  const BuyingCycle quarter{.length = months(3), .step = months(1)};
  const BuyingCycle third{.length = months(4), .step = months(1)};
  EXPECT_EQ(cycle_share(on("2026-01-15"), on("2026-01-15"), quarter).part, 0);
  EXPECT_EQ(cycle_share(on("2026-01-15"), on("2026-02-14"), quarter).part, 0);
  EXPECT_EQ(60 * ratio(cycle_share(on("2026-01-15"), on("2026-02-15"), quarter)), 20);
  EXPECT_EQ(60 * ratio(cycle_share(on("2026-01-15"), on("2026-03-15"), quarter)), 40);
  EXPECT_EQ(60 * ratio(cycle_share(on("2026-01-15"), on("2026-04-15"), quarter)), 60);
  for (int month = 1; month <= 4; ++month) {
    EXPECT_EQ(
        60 * ratio(cycle_share(on("2026-01-15"), on("2026-0" + std::to_string(1 + month) + "-15"), third)),
        15 * month);
  }
}

TEST(Age, CyclesWithoutStepGrowEvenlyAndAHoldEndsThem) {
  const BuyingCycle even{.length = days(4), .hold = days(2)};
  const Moment last = on("2026-01-15", 90 * minute);
  EXPECT_EQ(cycle_share(last, last + 24 * hour + 1, even), (Share{24 * hour + 1, 96 * hour}));
  EXPECT_EQ(cycle_share(last, last + 96 * hour, even), full_share);
  EXPECT_EQ(cycle_share(last, last + 144 * hour - 1, even), full_share);
  EXPECT_EQ(cycle_share(last, last + 144 * hour, even), no_share);
  EXPECT_EQ(cycle_share(on("9999-12-30"), on("9999-12-31"), {.length = months(1)}), no_share) << "never due";
}

TEST(Age, WhatCannotCountHasNoShare) {
  constexpr Moment past = std::numeric_limits<Moment>::min();
  constexpr Moment future = std::numeric_limits<Moment>::max();
  const Moment now = on("2026-01-01");
  for (const Moment at : {past, future, now + 1, on("1400-01-01") - 1, on("9999-12-31") + 24 * hour}) {
    EXPECT_EQ(exponential_share(at, now, days(1)), no_share);
    EXPECT_EQ(linear_share(at, now, months(12'000)), no_share);
    EXPECT_EQ(step_share(at, now, 1, months(1)), no_share);
    EXPECT_EQ(cycle_share(at, now, {.length = days(1)}), no_share);
  }
  EXPECT_EQ(linear_share(on("1400-01-01"), on("1400-01-01"), days(1)).part, 24 * hour);
  EXPECT_THROW((void)exponential_share(now, on("9999-12-31") + 24 * hour, days(1)), Error);
  EXPECT_THROW((void)cycle_share(now, past, {.length = days(1)}), Error);
}

TEST(Age, FlawsOfDurations) {
  EXPECT_EQ(flaw_of({}, Grain::hour), Flaw::not_positive);
  EXPECT_EQ(flaw_of({.months = 1, .days = -1}, Grain::hour), Flaw::not_positive);
  EXPECT_EQ(flaw_of({.microseconds = 1}, Grain::microsecond), Flaw::none);
  EXPECT_EQ(flaw_of({.days = 1, .microseconds = 1}, Grain::hour), Flaw::not_whole_hours);
  EXPECT_EQ(flaw_of(months(12'000), Grain::hour), Flaw::none);
  EXPECT_EQ(flaw_of({.months = 12'000, .days = 1}, Grain::hour), Flaw::too_long);
  EXPECT_EQ(flaw_of({.months = std::numeric_limits<std::int32_t>::max(),
                     .days = std::numeric_limits<std::int32_t>::max(),
                     .microseconds = std::numeric_limits<std::int64_t>::max()},
                    Grain::hour),
            Flaw::too_long);
}

// On whole hours everything is what the weights of a rule on an hourly audience are.
RC_GTEST_PROP(Age, AgreesWithTheWeightsOfRules, ()) {
  const Calendar calendar(Resolution::hour);
  const auto tick = *rc::gen::inRange<Tick>(calendar.start_of(parse_date("2019-12-01")),
                                            calendar.start_of(parse_date("2021-03-31")));
  const auto now = tick + *rc::gen::inRange<Tick>(0, 24 * 400);
  const auto late = *rc::gen::inRange<std::int64_t>(0, hour);
  const Span span{*rc::gen::inRange(0, 4), *rc::gen::inRange(0, 40), *rc::gen::inRange(1, 30)};
  const Duration duration{span.months, span.days, span.hours * hour};
  const auto percent = *rc::gen::inRange(1, 100'001);
  const Moment at = tick * hour + late;
  const Moment as_of = now * hour + late + *rc::gen::inRange<std::int64_t>(0, hour - late);
  const Lapse lapse = make_lapse(calendar, span);

  const Decay step{.kind = DecayKind::step, .percent = percent, .lapse = lapse};
  const Share left = step_share(at, as_of, percent, duration);
  RC_ASSERT((2 * (left.part << weight_bits) + left.whole) / (2 * left.whole) ==
            weight_at(step, calendar, tick, now));

  const Decay linear{.kind = DecayKind::linear, .lapse = lapse};
  const Share rest = linear_share(tick * hour, now * hour, duration);
  const auto weight =
      static_cast<Weight>(((Int128{rest.part} << (weight_bits + 1)) + rest.whole) / (2 * Int128{rest.whole}));
  RC_ASSERT(weight == weight_at(linear, calendar, tick, now));

  const Decay exponential{.kind = DecayKind::exponential, .half_life = nominal_hours(span) * 60};
  RC_ASSERT(exponential_share(tick * hour, now * hour, duration).part ==
            weight_at(exponential, calendar, tick, now));
}

}  // namespace
}  // namespace lead_scoring
