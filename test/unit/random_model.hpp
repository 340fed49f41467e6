// Random models and tallies that reach every measure, decay, window and clamp.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "core/calendar.hpp"
#include "core/tally.hpp"

namespace lead_scoring::testing {

inline constexpr Tick first_day = 7000;  // March 2019; the histories of the tests are about two years long

class RandomModel {
 public:
  explicit RandomModel(Resolution resolution) : resolution_(resolution) {}

  std::string json() {
    std::string text =
        R"({"format": 1, "time_zone": "UTC", "resolution": ")" +
        std::string(resolution_ == Resolution::day ? "day" : "hour") + R"(", )" +
        R"("signals": {"a": 1, "b": 2, "c": 3, "p": 4}, "activity": ["a", "b"], "created": 4, )";
    if (chance(2)) text += R"("max_score": )" + std::to_string(number(5, 120)) + ", ";
    if (chance(3)) text += R"("min_score": )" + std::to_string(number(-60, 4)) + ", ";
    if (chance(3)) text += R"("components": {"engagement": {"min": -30, "max": 90}, "fit": {"max": 40.5}}, )";
    text += R"("groups": [{"name": "g", "min": -20, "max": 60}, {"name": "h", "component": "fit"},
               {"name": "p1", "component": "fit", "persona": true},
               {"name": "p2", "component": "fit", "persona": true, "max": 30}], )";
    text += R"("grades": [{"name": "A", "min": 30}, {"name": "B", "min": 5}],
               "levels": [{"name": "1", "min": 40}, {"name": "2", "min": 10}],
               "bands": [{"name": "cold", "rank": 1}, {"name": "MQL", "rank": 2, "min_score": 20},
                         {"name": "SQL", "rank": 3, "min_score": 50, "exclusive": true, "min_grade": "B"},
                         {"name": "hot", "rank": 4, "min_level": "1", "min_fit": 1}], )";
    text += R"("rules": [)";
    const int rules = number(1, 7);
    for (int i = 0; i < rules; ++i) text += (i > 0 ? ", " : "") + rule(i);
    text += "]";
    if (chance(4)) text += R"(, "segment": )" + condition();
    return text + "}";
  }

  std::vector<Entry> entries() {
    const int per_day = resolution_ == Resolution::day ? 1 : 24;
    std::vector<Entry> entries;
    const int size = number(0, 14);
    for (int i = 0; i < size; ++i) {
      Entry entry;
      entry.signal = static_cast<std::uint32_t>(number(1, 4));
      entry.tick = chance(entry.signal >= 3 ? 3 : 30)
                       ? timeless
                       : (first_day + number(0, 500)) * per_day + number(0, per_day - 1);
      entry.item = static_cast<std::uint64_t>(number(0, 2));
      entry.count = chance(15) ? -1 : number(1, 3);
      entry.value = number(-40, 60) * 5'000;
      entries.push_back(entry);
    }
    return entries;
  }

  static int number(int least, int most) { return *rc::gen::inRange(least, most + 1); }
  static bool chance(int one_in) { return number(1, one_in) == 1; }

 private:
  template <std::size_t size>
  static std::string one_of(const char* const (&words)[size]) {
    return words[number(0, static_cast<int>(size) - 1)];
  }
  std::string span() {
    if (resolution_ == Resolution::hour)
      return one_of({"\"PT5H\"", "\"P1D\"", "\"P1MT7H\"", "\"P9D\"", "\"P1M\""});
    return one_of({"\"P1D\"", "\"P7D\"", "\"P30D\"", "\"P1M\"", "\"P1M3D\"", "\"P3M\"", "\"P100D\""});
  }
  static std::string signal() { return one_of({"\"a\"", "\"b\"", "\"c\"", "\"p\""}); }
  static std::string flag(std::string_view name) { return ", \"" + std::string(name) + "\": true"; }

  std::string window() {
    switch (number(1, 4)) {
      case 1:
        return R"(, "within": )" + span();
      case 2:
        return R"(, "older_than": )" + span();
      case 3:
        return R"(, "older_than": "P1D", "within": "P2M")";
      default:
        return {};
    }
  }
  std::string condition() {
    return R"({"signal": )" + signal() +
           one_of({R"(, "min": 1)", R"(, "min": 2)", R"(, "max": 0)", R"(, "max": 2)",
                   R"(, "min": 1, "max": 3)"}) +
           window() + "}";
  }
  std::string decay() {
    const std::string anchor = chance(3) ? R"(, "anchor": "activity"})" : "}";
    switch (number(1, 7)) {
      case 1:
      case 2:
        return R"(, "decay": {"kind": "exponential", "half_life": )" +
               one_of({"\"P30D\"", "\"P2D\"", "\"PT36H\"", "\"P180D\"", "\"PT90M\""}) + anchor;
      case 3:
      case 4:
        return R"(, "decay": {"kind": "linear", "lifespan": )" + span() + anchor;
      case 5:
        return R"(, "decay": {"kind": "step", "percent": )" + one_of({"50", "33.333", "10", "100"}) +
               R"(, "every": )" + span() + anchor;
      case 6:
        return R"(, "decay": {"kind": "expire", "lifespan": )" + span() + anchor;
      default:
        return {};
    }
  }
  std::string repeat(bool needs_per_item) {
    std::string text = R"(, "repeat": {"limit": )" + std::to_string(number(1, 3));
    text += R"(, "period": )" +
            one_of({"\"ever\"", "\"day\"", "\"week\"", "\"month\"", "\"quarter\"", "\"year\""});
    return text + (needs_per_item || chance(2) ? R"(, "per_item": true})" : "}");
  }
  std::string occurrence_filters() {
    std::string text;
    if (chance(4)) text += R"(, "since": )" + signal();
    if (chance(4)) text += R"(, "valid_from": "2019-05-01")";
    if (chance(4)) text += R"(, "valid_to": "2020-05-31")";
    return text;
  }
  std::string tiers() {
    const int by = number(0, 2);
    std::string text = by == 1 ? R"(, "count_by": "items")" : by == 2 ? R"(, "count_by": "value")" : "";
    if (chance(3)) text += R"(, "window_anchor": "last")";
    if (by != 2 && chance(3)) text += repeat(by == 1);
    text += R"(, "tiers": [{"min": 3, "points": 30)" + window() + R"(}, {"points": 12.5)" + window() + "}";
    if (chance(2)) text += R"(, {"min": 0, "max": 0, "points": -4})";
    return text + "]";
  }
  std::string inactivity() {
    std::string text = R"(, "after": )" + span();
    if (chance(2)) text += R"(, "every": )" + span() + (chance(2) ? R"(, "max_times": 3)" : "");
    if (chance(2)) text += R"(, "ceiling": )" + std::to_string(number(0, 40));
    return text;
  }
  std::string cycle() {
    std::string text = chance(2) ? R"(, "learned": true, "cycle": )" + span() : R"(, "cycle": )" + span();
    text += chance(2) ? R"(, "step": )" + span() : R"(, "linear": true)";
    return text + (chance(2) ? R"(, "hold": )" + span() : "");
  }
  std::string season() {
    switch (number(1, 3)) {
      case 1:
        return R"(, "windows": [["11-15", "02-29"], ["03-10", "03-10"]])";
      case 2:
        return R"(, "months": [3, 4, 12])";
      default:
        return R"(, "learned": true, "signal": )" + signal() + occurrence_filters();
    }
  }
  std::string rule(int i) {
    std::string text = R"({"name": "r)" + std::to_string(i) + "\"";
    text += one_of({"", R"(, "group": "g")", R"(, "component": "fit")", R"(, "group": "h")",
                    R"(, "group": "p1")", R"(, "group": "p2")"});
    if (chance(4)) text += R"(, "min": -15)";
    if (chance(4)) text += R"(, "max": 25)";
    if (chance(4)) text += R"(, "guard": )" + condition();
    if (chance(12)) text += flag("disqualifies");
    if (chance(12)) text += flag("hand_raise");
    if (chance(12)) text += R"(, "forces_band": "SQL")";
    const std::string points = R"(, "points": )" + one_of({"10", "-5", "3", "0.125", "60", "-20.5", "1"});
    const std::string own = R"(, "signal": )" + signal();
    switch (number(1, 9)) {
      case 1:
      case 2:
      case 3:
        return text + points + own + decay() + occurrence_filters() + (chance(3) ? repeat(false) : "") + "}";
      case 4:
      case 5:
        return text + R"(, "measure": "value")" + points + own + decay() + occurrence_filters() + "}";
      case 6:
        return text + R"(, "measure": "tiers")" + own + tiers() + occurrence_filters() + "}";
      case 7:
        return text + R"(, "measure": "inactivity")" + points + (chance(2) ? own : "") + inactivity() + "}";
      case 8:
        return text + R"(, "measure": "cycle")" + points + own + cycle() + occurrence_filters() + "}";
      default:
        return text + R"(, "measure": "season")" + points + season() + "}";
    }
  }

  Resolution resolution_;
};

}  // namespace lead_scoring::testing
