#include "core/weight.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <random>

namespace lead_scoring {
namespace {

using Real = boost::multiprecision::number<
    boost::multiprecision::cpp_bin_float<250, boost::multiprecision::digit_base_2>,
    boost::multiprecision::et_off>;

Weight reference(std::int64_t elapsed, std::int64_t half_life) {
  if (elapsed > 31 * half_life) return 0;
  const Real power = pow(Real(2), 30 - Real(elapsed) / Real(half_life));
  return static_cast<Weight>(floor(power + Real(1) / 2));
}

TEST(ExponentialWeight, IsExactAtWholeHalfLives) {
  for (const std::int64_t half_life : {1LL, 7LL, 43'200LL, 527'040'000LL}) {
    for (std::int64_t n = 0; n <= 30; ++n)
      EXPECT_EQ(exponential_weight(n * half_life, half_life), full_weight >> n);
    EXPECT_EQ(exponential_weight(31 * half_life, half_life), 1) << "2^-31 is half a unit, which rounds up";
    EXPECT_EQ(exponential_weight(31 * half_life + 1, half_life), 0);
    EXPECT_EQ(exponential_weight(32 * half_life, half_life), 0);
  }
}

TEST(ExponentialWeight, IsTheCorrectlyRoundedRealNumber) {
  for (const std::int64_t half_life : {30LL, 45LL, 90LL, 7LL, 1009LL, 360'000LL}) {
    for (std::int64_t elapsed = 0; elapsed < 400; ++elapsed) {
      ASSERT_EQ(exponential_weight(elapsed, half_life), reference(elapsed, half_life))
          << elapsed << '/' << half_life;
    }
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto half_life =
        static_cast<std::int64_t>(random() % (std::uint64_t{1} << (1 + random() % 40))) + 1;
    const auto elapsed = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(32 * half_life));
    ASSERT_EQ(exponential_weight(elapsed, half_life), reference(elapsed, half_life))
        << elapsed << '/' << half_life;
  }
}

TEST(ExponentialWeight, DecidesArgumentsWhoseRoundingIsClose) {
  // For each of many results the two arguments that enclose the rounding boundary: 2^(−x) = (w + ½)/2^30. With
  // a half-life of 2^52 units they come so close to it that 63 bits of precision do not tell the side.
  constexpr std::int64_t half_life = std::int64_t{1} << 52;
  std::mt19937_64 random(2);
  for (int i = 0; i < 300; ++i) {
    const auto w = static_cast<std::int64_t>(random() % (1 << 30));
    const Real exact = 30 - log(Real(w) + Real(1) / 2) / log(Real(2));
    const auto below = static_cast<std::int64_t>(floor(exact * Real(half_life)));
    for (const std::int64_t elapsed : {below, below + 1}) {
      ASSERT_EQ(exponential_weight(elapsed, half_life), reference(elapsed, half_life)) << w << ' ' << elapsed;
    }
    EXPECT_EQ(exponential_weight(below, half_life), w + 1);
    EXPECT_EQ(exponential_weight(below + 1, half_life), w);
  }
}

TEST(ExponentialWeight, NeverGrows) {
  for (const std::int64_t half_life : {1LL, 3LL, 100LL, 8'640'000LL}) {
    Weight previous = full_weight;
    for (std::int64_t elapsed = 0; elapsed < 5000; ++elapsed) {
      const Weight weight = exponential_weight(elapsed, half_life);
      ASSERT_LE(weight, previous);
      previous = weight;
    }
  }
}

TEST(LinearWeight, IsTheShareThatIsLeftRoundedHalfUp) {
  EXPECT_EQ(linear_weight(0, 90, 0), full_weight);
  EXPECT_EQ(linear_weight(0, 90, 45), full_weight / 2);
  EXPECT_EQ(linear_weight(0, 3, 1), 715'827'883) << "2/3 of 2^30 is 715827882.67";
  EXPECT_EQ(linear_weight(0, 3, 2), 357'913'941) << "1/3 of 2^30 is 357913941.33";
  EXPECT_EQ(linear_weight(0, 90, 90), 0);
  EXPECT_EQ(linear_weight(0, 90, 1'000'000), 0);
  EXPECT_EQ(linear_weight(-500'000, never, 2'000'000), full_weight);
}

TEST(StepWeight, LosesItsPercentAtEachStep) {
  EXPECT_EQ(step_weight(0, 50'000), full_weight);
  EXPECT_EQ(step_weight(1, 50'000), full_weight / 2);
  EXPECT_EQ(step_weight(2, 50'000), 0);
  EXPECT_EQ(step_weight(1, 33'333), 715'831'462) << "0.66667 of 2^30 is 715831461.8";
  EXPECT_EQ(step_weight(4, 33'333), 0);
  EXPECT_EQ(step_weight(1'000'000'000'000, 1), 0);
}

TEST(WeightAt, FollowsTheCalendar) {
  const Calendar calendar(Resolution::day);
  const Tick start = parse_date("2024-01-31");
  Decay decay{.kind = DecayKind::expire, .lapse = make_lapse(calendar, {.months = 1})};
  EXPECT_EQ(weight_at(decay, calendar, start, parse_date("2024-02-28")), full_weight);
  EXPECT_EQ(weight_at(decay, calendar, start, parse_date("2024-02-29")), 0);
  EXPECT_EQ(next_loss(decay, calendar, start, start), parse_date("2024-02-29"));
  EXPECT_EQ(next_loss(decay, calendar, start, parse_date("2024-02-29")), never);
  decay = {.kind = DecayKind::step, .percent = 40'000, .lapse = make_lapse(calendar, {.months = 1})};
  EXPECT_EQ(next_loss(decay, calendar, start, start), parse_date("2024-02-29"));
  // The second loss is at start ⊕ 2 months, not a month after the first.
  EXPECT_EQ(next_loss(decay, calendar, start, parse_date("2024-02-29")), parse_date("2024-03-31"));
  EXPECT_EQ(next_loss(decay, calendar, start, parse_date("2024-03-31")), parse_date("2024-04-30"));
  EXPECT_EQ(next_loss(decay, calendar, start, parse_date("2024-04-30")), never) << "nothing is left to lose";
}

TEST(WeightAt, CountsHalfLivesInTheAudiencesTicks) {
  const Decay day_and_half{.kind = DecayKind::exponential, .half_life = 36 * 60};
  EXPECT_EQ(weight_at(day_and_half, Calendar(Resolution::day), 100, 103), full_weight / 4);
  EXPECT_EQ(weight_at(day_and_half, Calendar(Resolution::hour), 100, 136), full_weight / 2);
  const Decay ninety_minutes{.kind = DecayKind::exponential, .half_life = 90};
  EXPECT_EQ(weight_at(ninety_minutes, Calendar(Resolution::hour), 100, 103), full_weight / 4);
  EXPECT_EQ(weight_at(ninety_minutes, Calendar(Resolution::day), 100, 102), 0) << "32 half-lives";
}

TEST(Lapse, BoundsEncloseTheLengthOfEveryInterval) {
  for (const Resolution resolution : {Resolution::day, Resolution::hour}) {
    const Calendar calendar(resolution);
    const int per_day = calendar.ticks_per_day();
    for (const Span& span : {Span{1, 0, 0}, Span{2, 3, 0}, Span{3, 0, 0}, Span{12, 0, 0}, Span{37, 1, 24},
                             Span{1200, 0, 0}, Span{5999, 0, 0}, Span{0, 30, 0}, Span{0, 0, 48}}) {
      const Lapse lapse = make_lapse(calendar, span);
      for (Tick day = -219'000; day < 600'000; day += 7) {
        const Tick tick = day * per_day;
        const Tick end = calendar.add(tick, span);
        ASSERT_LE(lapse.least, end - tick);
        ASSERT_GE(lapse.most, end - tick);
        ASSERT_EQ(end_of(calendar, tick, lapse), end);
        ASSERT_TRUE(is_over(calendar, tick, lapse, end));
        ASSERT_FALSE(is_over(calendar, tick, lapse, end - 1));
      }
    }
  }
}

TEST(Lapse, BeyondTheCalendarIsNever) {
  const Calendar calendar(Resolution::day);
  const Lapse month = make_lapse(calendar, {.months = 1});
  const Lapse days = make_lapse(calendar, {.days = 31});
  EXPECT_EQ(end_of(calendar, calendar.last_tick(), month), never);
  EXPECT_EQ(end_of(calendar, calendar.last_tick() - 3, days), never);
  EXPECT_FALSE(is_over(calendar, calendar.last_tick() - 3, days, calendar.last_tick()));
}

TEST(Lapse, TimesAreCountedByTheCalendar) {
  const Calendar calendar(Resolution::day);
  const Lapse month = make_lapse(calendar, {.months = 1});
  const Tick start = parse_date("2023-12-31");
  const auto times = [&](std::string_view date, std::int64_t most = 1000) {
    return times_over(calendar, start, {}, month, parse_date(date), most);
  };
  EXPECT_EQ(times("2024-01-30"), 0);
  EXPECT_EQ(times("2024-01-31"), 1);
  EXPECT_EQ(times("2024-02-28"), 1);
  EXPECT_EQ(times("2024-02-29"), 2);
  EXPECT_EQ(times("2044-02-28"), 241);
  EXPECT_EQ(times("2044-02-29"), 242);
  EXPECT_EQ(times("2044-02-29", 5), 5);
  EXPECT_EQ(times("9999-12-31", 1'000'000), 7976 * 12);
  EXPECT_EQ(times_over(calendar, start, {.days = 10}, month, parse_date("2024-02-09"), 9), 0);
  EXPECT_EQ(times_over(calendar, start, {.days = 10}, month, parse_date("2024-02-10"), 9), 1);
}

}  // namespace
}  // namespace lead_scoring
