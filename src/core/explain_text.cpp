#include "explain_text.hpp"

#include <cstdlib>

namespace lead_scoring {
namespace {

constexpr std::int64_t million = 1'000'000;

// Without zeros at its end.
std::string decimal(Points points) {
  std::string text = points < 0 ? "-" : "";
  text += std::to_string(std::abs(points / one_point));
  std::string rest = std::to_string(one_point + std::abs(points % one_point)).substr(1);
  while (!rest.empty() && rest.back() == '0') rest.pop_back();
  return rest.empty() ? text : text + "." + rest;
}
std::string with_sign(Points points) { return (points > 0 ? "+" : "") + decimal(points); }

std::string number_of(std::int64_t number, std::string_view unit) {
  return std::to_string(number) + " " + std::string(unit) + (number == 1 ? "" : "s");
}

std::string words_of(const Span& span) {
  std::string text;
  const auto append = [&](std::int64_t number, std::string_view unit) {
    if (number != 0) text += (text.empty() ? "" : " ") + number_of(number, unit);
  };
  append(span.months / 12, "year");
  append(span.months % 12, "month");
  append(span.days, "day");
  append(span.hours, "hour");
  return text;
}

// Whole percent, never 100 for less than all.
std::string percent(std::int64_t millionths) {
  return millionths < million / 100 ? "less than 1%" : std::to_string(millionths * 100 / million) + "%";
}

std::string several(std::int64_t number, std::string_view name) {
  return (number == 1 ? std::string() : std::to_string(number) + " x ") + std::string(name);
}

std::string tier_words(const ExplainRow& row) {
  std::string text;
  switch (row.source->count_by) {
    case CountBy::occurrences:
      text = several(row.counted, row.rule);
      break;
    case CountBy::items:
      text = std::to_string(row.counted) + " different x " + std::string(row.rule);
      break;
    case CountBy::value:
      text = std::string(row.rule) + " of " + std::to_string(row.counted);
      break;
  }
  const Window& window = row.tier->window;
  if (window.older_than.given()) text += " at least " + words_of(window.older_than.span) + " ago";
  if (window.within.given()) text += " in " + words_of(window.within.span);
  return text;
}

std::string quiet_words(const ExplainRow& row, const Calendar& calendar, Tick at) {
  const std::int64_t days = std::int64_t{calendar.day_of(at)} - calendar.day_of(row.quiet_since);
  const std::string age =
      days > 0 ? number_of(days, "day") : number_of(std::int64_t{at} - row.quiet_since, "hour");
  return "no " + std::string(row.signal.empty() ? "activity" : row.signal) + " for " + age;
}

std::string rule_words(const ExplainRow& row, const Calendar& calendar, Tick at) {
  switch (row.source->measure) {
    case Measure::tiers:
      return tier_words(row);
    case Measure::inactivity:
      return quiet_words(row, calendar, at);
    case Measure::season:
      return std::string(row.rule) + ", in season";
    case Measure::cycle:
      return std::string(row.rule) +
             (*row.weight < million ? ", " + percent(*row.weight) + " of the cycle" : ", due");
    case Measure::occurrences:
    case Measure::value:
      break;
  }
  std::string text = several(row.counted, row.rule);
  if (row.dropped > 0) {
    text = std::to_string(row.counted) + " of " + several(row.counted + row.dropped, row.rule);
  }
  if (row.weight && *row.weight < million) text += ", faded to " + percent(*row.weight);
  return text;
}

// A clamp, ceiling, persona or verdict.
std::string other_words(const ExplainRow& row) {
  std::string text(row.rule);
  if (row.kind == "verdict") return text + " by " + std::string(row.reason);
  if (row.kind == "persona")
    return "persona " + std::string(row.group) + " gives way to " + std::string(row.reason);
  if (!row.reason.empty()) return text + " of " + std::string(row.reason);
  if (!row.group.empty()) return text + " of " + std::string(row.group);
  if (!row.component.empty()) return text.replace(0, std::string_view("component").size(), row.component);
  return text;
}

// "MQL from 30", "SQL from 80 and fit 20".
std::string words_of(const Model& model, const Band& band) {
  std::string minima;
  const auto append = [&](const std::string& minimum) {
    minima += (minima.empty() ? "" : " and ") + minimum;
  };
  if (band.min_score) append(std::to_string(*band.min_score));
  if (band.min_fit) append("fit " + std::to_string(*band.min_fit));
  if (band.min_engagement) append("engagement " + std::to_string(*band.min_engagement));
  if (band.min_grade >= 0) append("grade " + std::string(model.grade_name(band.min_grade)));
  if (band.min_level >= 0) append("level " + std::string(model.level_name(band.min_level)));
  return std::string(band.name) + (band.min_score && band.is_exclusive ? " above " : " from ") + minima;
}

std::string total_words(const Model& model, const Evaluation& shown, Points total) {
  std::string text = "total " + decimal(total);
  if (total != shown.score * one_point) text += ", score " + std::to_string(shown.score);
  if (shown.disqualified) return text + ": disqualified";
  if (shown.band >= 0) text += ": " + std::string(model.band_name(shown.band));
  const auto next = static_cast<std::size_t>(shown.band + 1);
  if (next < model.bands.size()) text += " (" + words_of(model, model.bands[next]) + ")";
  return text;
}

}  // namespace

std::string explain_text(const Model& model, std::span<const ExplainRow> rows, const Evaluation& shown,
                         Tick at) {
  std::string text;
  for (const ExplainRow& row : rows) {
    if (row.kind == "rule" && row.points == 0) continue;
    text += row.kind == "rule" ? rule_words(row, model.calendar, at) : other_words(row);
    if (row.points != 0) text += ": " + with_sign(row.points);
    text += "; ";
  }
  if (text.empty()) text = "nothing counts now; ";
  text += total_words(model, shown, rows.empty() ? 0 : rows.back().running);
  return shown.in_segment ? text : text + "; outside the sheet's segment";
}

}  // namespace lead_scoring
