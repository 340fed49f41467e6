#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "core/calendar.hpp"
#include "core/error.hpp"

namespace lead_scoring {
namespace {

constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();

TEST(Span, ReadsIso8601) {
  EXPECT_EQ(parse_span("P1Y2M3W4DT5H"), (Span{.months = 14, .days = 25, .hours = 5}));
  EXPECT_EQ(parse_span("P3M"), (Span{.months = 3}));
  EXPECT_EQ(parse_span("P90D"), (Span{.days = 90}));
  EXPECT_EQ(parse_span("P2W"), (Span{.days = 14}));
  EXPECT_EQ(parse_span("PT36H"), (Span{.hours = 36}));
  EXPECT_EQ(parse_span("P0D"), Span{});
  EXPECT_EQ(parse_span("P007D"), (Span{.days = 7}));
  EXPECT_EQ(parse_span("P2147483647D"), (Span{.days = most}));
}

TEST(Span, PrintsMonthsDaysAndHours) {
  EXPECT_EQ(to_text(parse_span("P1Y")), "P12M");
  EXPECT_EQ(to_text(parse_span("P1Y2M3W4DT5H")), "P14M25DT5H");
  EXPECT_EQ(to_text(parse_span("PT36H")), "PT36H");
  EXPECT_EQ(to_text(Span{}), "P0D");
}

TEST(Span, RefusesEverythingElse) {
  for (const char* text : {"",      "P",        "PT",
                           "P1DT",  "3M",       "p3m",
                           "P3",    "PM",       "P3m",
                           "P-3M",  "-P3M",     "P+3M",
                           "P1.5M", "P 3M",     "P3M ",
                           " P3M",  "P1D1M",    "P1M1Y",
                           "P1D1D", "PT1H1H",   "P1H",
                           "PT1M",  "PT30S",    "P1DT1D",
                           "PTT1H", "PT1HT",    "P1Y2M3W4DT5H6",
                           "P1X",   "3 months", "P99999999999999999999X1"}) {
    try {
      ADD_FAILURE() << text << " was read as " << to_text(parse_span(text));
    } catch (const Error& error) {
      const bool huge = std::string_view(text).find("999") != std::string_view::npos;
      EXPECT_EQ(error.kind(), huge ? ErrorKind::out_of_range : ErrorKind::invalid_text) << text;
    }
  }
}

TEST(Span, SaysWhatIsWrongWithAText) {
  try {
    (void)parse_span("P1.5M");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "invalid interval: \"P1.5M\"");
    EXPECT_EQ(error.detail(), "Expected Y, M, W or D at character 3, each at most once and in this order.");
    EXPECT_NE(error.hint().find("P3M"), std::string::npos);
  }
  try {
    (void)parse_span("PT30S");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.detail(), "After T only H (hours) may follow, once.");
  }
}

TEST(Span, ChecksForOverflow) {
  const auto overflows = [](auto act) {
    try {
      (void)act();
      return false;
    } catch (const Error& error) {
      return error.kind() == ErrorKind::out_of_range;
    }
  };
  EXPECT_TRUE(overflows([] { return parse_span("P2147483648D"); }));
  EXPECT_TRUE(overflows([] { return parse_span("P178956971Y"); }));
  EXPECT_TRUE(overflows([] { return parse_span("P306783379W"); }));
  EXPECT_TRUE(overflows([] { return parse_span("P1Y2147483647M"); }));
  EXPECT_TRUE(overflows([] { return Span{.days = most} + Span{.days = 1}; }));
  EXPECT_TRUE(overflows([] { return Span{.months = most} + Span{.months = 1}; }));
  EXPECT_TRUE(overflows([] { return Span{.hours = most} + Span{.hours = 1}; }));
  EXPECT_TRUE(overflows([] { return 2 * Span{.days = most}; }));
  EXPECT_TRUE(overflows([] { return std::numeric_limits<std::int64_t>::max() * Span{.months = 2}; }));
  EXPECT_EQ(most * Span{.hours = 1}, (Span{.hours = most}));
}

TEST(Span, KnowsItsNominalLength) {
  EXPECT_EQ(nominal_hours(parse_span("P1M")), 720);
  EXPECT_EQ(nominal_hours(parse_span("P1Y1DT1H")), 360 * 24 + 25);
  EXPECT_EQ(nominal_hours(Span{.months = most, .days = most, .hours = most}),
            std::int64_t{most} * (720 + 24 + 1));
  EXPECT_TRUE(is_zero(parse_span("PT0H")));
  EXPECT_FALSE(is_zero(parse_span("PT1H")));
}

Span any_span(std::int32_t bound) {
  return {.months = *rc::gen::inRange(0, bound),
          .days = *rc::gen::inRange(0, bound),
          .hours = *rc::gen::inRange(0, bound)};
}

RC_GTEST_PROP(SpanProperty, TextIsLossless, ()) {
  const Span span = any_span(*rc::gen::element(3, 1000, most));
  RC_ASSERT(parse_span(to_text(span)) == span);
}

RC_GTEST_PROP(SpanProperty, MultiplesAreRepeatedSums, ()) {
  const Span span = any_span(1000);
  const Span other = any_span(1000);
  const int times = *rc::gen::inRange(0, 50);
  Span sum;
  for (int i = 0; i < times; ++i) sum = sum + span;
  RC_ASSERT(times * span == sum);
  RC_ASSERT(span + other == other + span);
  RC_ASSERT(times * (span + other) == times * span + times * other);
  RC_ASSERT(nominal_hours(span + other) == nominal_hours(span) + nominal_hours(other));
}

RC_GTEST_PROP(SpanProperty, AnyTextIsReadOrRefused, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("PTYMWDHS0123456789+-. ")));
  for (const std::string& input : {text, "P" + text}) {
    try {
      const Span span = parse_span(input);
      RC_ASSERT(parse_span(to_text(span)) == span);
    } catch (const Error& error) {
      RC_ASSERT(error.kind() == ErrorKind::invalid_text || error.kind() == ErrorKind::out_of_range);
    }
  }
}

}  // namespace
}  // namespace lead_scoring
