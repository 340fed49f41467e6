// Calendar intervals and their ISO 8601 text.
#include <array>
#include <charconv>
#include <string>

#include "calendar.hpp"
#include "error.hpp"

namespace lead_scoring {

namespace {

[[noreturn]] void out_of_range() {
  throw Error(ErrorKind::out_of_range, "interval out of range",
              "An interval holds at most 2147483647 months, days and hours each.");
}

// a·b + c, if it fits a component.
[[nodiscard]] std::int32_t component(std::int64_t a, std::int64_t b, std::int64_t c) {
  std::int64_t result = 0;
  std::int32_t narrow = 0;
  if (__builtin_mul_overflow(a, b, &result) || __builtin_add_overflow(result, c, &narrow)) out_of_range();
  return narrow;
}

[[noreturn]] void reject(std::string_view text, const std::string& detail) {
  throw Error(ErrorKind::invalid_text, "invalid interval: \"" + excerpt(text) + "\"", detail,
              "Write an ISO 8601 duration of whole years, months, weeks, days and hours, such as P3M, P90D "
              "or PT36H.");
}

struct Unit {
  char designator;
  bool is_time;  // stands after the T
  std::int32_t Span::*component;
  int size;
};
// In the order in which ISO 8601 wants them.
constexpr std::array units{Unit{'Y', false, &Span::months, 12}, Unit{'M', false, &Span::months, 1},
                           Unit{'W', false, &Span::days, 7}, Unit{'D', false, &Span::days, 1},
                           Unit{'H', true, &Span::hours, 1}};

}  // namespace

Span operator*(std::int64_t times, const Span& span) {
  return {.months = component(times, span.months, 0),
          .days = component(times, span.days, 0),
          .hours = component(times, span.hours, 0)};
}

Span operator+(const Span& a, const Span& b) {
  return {.months = component(1, a.months, b.months),
          .days = component(1, a.days, b.days),
          .hours = component(1, a.hours, b.hours)};
}

bool is_zero(const Span& span) { return span == Span{}; }

std::int64_t nominal_hours(const Span& span) {
  return (std::int64_t{span.months} * 30 + span.days) * 24 + span.hours;
}

Span parse_span(std::string_view text) {
  Span span;
  std::size_t at = 0;
  if (text.empty() || text[at++] != 'P') reject(text, "An interval starts with P.");
  bool in_time = false;
  bool any = false;
  auto unit = units.begin();
  while (at < text.size()) {
    if (text[at] == 'T' && !in_time) {
      in_time = true;
      any = false;
      ++at;
      continue;
    }
    std::int32_t number = 0;
    const auto [rest, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) out_of_range();
    const auto number_at = at;
    at = static_cast<std::size_t>(rest - text.data());
    if (error != std::errc() || text[number_at] == '-') {
      reject(text, "Expected a whole number at character " + std::to_string(number_at + 1) + ".");
    }
    const char designator = at < text.size() ? text[at] : '\0';
    while (unit != units.end() && !(unit->designator == designator && unit->is_time == in_time)) ++unit;
    if (unit == units.end()) {
      reject(text, in_time ? "After T only H (hours) may follow, once."
                           : "Expected Y, M, W or D at character " + std::to_string(at + 1) +
                                 ", each at most once and in this order.");
    }
    span.*unit->component = component(number, unit->size, span.*unit->component);
    ++unit;
    ++at;
    any = true;
  }
  if (!any) reject(text, "A number and its unit are missing at the end.");
  return span;
}

std::string to_text(const Span& span) {
  if (is_zero(span)) return "P0D";
  std::string text = "P";
  if (span.months != 0) text += std::to_string(span.months) + 'M';
  if (span.days != 0) text += std::to_string(span.days) + 'D';
  if (span.hours != 0) text += 'T' + std::to_string(span.hours) + 'H';
  return text;
}

}  // namespace lead_scoring
