// Small models and tallies for tests of the scoring core.
#pragma once

#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/calendar.hpp"
#include "core/evaluate.hpp"
#include "core/model.hpp"
#include "core/tally.hpp"

namespace lead_scoring::testing {

// Owns what models, tallies and explain rows of one test point to.
class Bench {
 public:
  // A model from its rules and whatever else stands in the document, both as JSON: '{"name": "r", …}, …' and
  // '"bands": […]'. Signals: order 1, visit 2, open 3, profile 4, rejection 5; order and visit are activity;
  // created 9.
  const Model& model(std::string_view rules, std::string_view rest = {},
                     std::string_view resolution = "day") {
    std::string json =
        R"({"format": 1, "time_zone": "Europe/London", "resolution": ")" + std::string(resolution) +
        R"(", "signals": {"order": 1, "visit": 2, "open": 3, "profile": 4, "rejection": 5},)" +
        R"( "activity": ["order", "visit"], "created": 9, "rules": [)" + std::string(rules) + "]";
    if (!rest.empty()) json += ", " + std::string(rest);
    return *parse_model(json + "}", &memory_);
  }
  // The tally's text form, in which ":1" may be left out: "{1@0,1@7:2,2@31:1=9.5}".
  Bytes tally(std::string_view text) {
    std::string full;
    bool has_count = false;
    for (const char c : text) {
      if (c == ':') has_count = true;
      if ((c == ',' || c == '}') && !has_count && full.size() > 1) full += ":1";
      if (c == ',') has_count = false;
      full += c;
    }
    return parse_tally(full, &memory_);
  }
  std::pmr::memory_resource* memory() { return &memory_; }

  Evaluation evaluate(const Model& model, std::string_view tally_text, Tick at) {
    return lead_scoring::evaluate(model, tally(tally_text), at);
  }
  std::span<const ExplainRow> explain(const Model& model, std::string_view tally_text, Tick at) {
    return lead_scoring::explain(model, tally(tally_text), at, &memory_);
  }
  // Thousandths of the rule of that name.
  Points points(const Model& model, std::string_view tally_text, Tick at, std::string_view rule = "r") {
    return row(model, tally_text, at, rule).points;
  }
  std::string reason(const Model& model, std::string_view tally_text, Tick at, std::string_view rule = "r") {
    return std::string(row(model, tally_text, at, rule).reason);
  }
  ExplainRow row(const Model& model, std::string_view tally_text, Tick at, std::string_view rule = "r") {
    for (const ExplainRow& row : explain(model, tally_text, at)) {
      if (row.rule == rule) return row;
    }
    return {};
  }

 private:
  std::pmr::monotonic_buffer_resource memory_;
};

// Days since 2000-01-01.
inline Tick day(std::string_view date) { return parse_date(date); }

}  // namespace lead_scoring::testing
