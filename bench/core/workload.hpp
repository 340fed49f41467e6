// What the benchmarks of the core run on: one sheet that uses the whole rule language, and leads made from a seed,
// so that every run on every machine has the same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/evaluate.hpp"
#include "core/model.hpp"
#include "core/tally.hpp"

namespace lead_scoring::bench {

// 25 rules over 12 types of events (signals 1 to 12) and what is known of the lead itself (13 to 16): every
// measure, every decay, repeat limits, windows, guards, clamps, personas, grades, levels and bands.
inline constexpr std::string_view sheet = R"({
"format": 1, "time_zone": "Europe/London", "resolution": "day",
"signals": {"visit": 1, "open": 2, "click": 3, "pricing": 4, "download": 5, "form": 6, "webinar": 7, "chat": 8,
            "demo": 9, "order": 10, "careers": 11, "unsubscribe": 12, "title": 13, "country": 14, "free_mail": 15,
            "created": 16},
"activity": ["visit", "click", "pricing", "download", "form", "webinar", "chat", "demo", "order"],
"created": 16, "max_score": 200,
"components": {"engagement": {"min": -50, "max": 150}, "fit": {"max": 60}},
"groups": [{"name": "web", "max": 40}, {"name": "mail", "min": -10, "max": 20}, {"name": "buying", "max": 90},
           {"name": "buyer", "component": "fit", "persona": true}, {"name": "user", "component": "fit", "persona": true}],
"rules": [
{"name": "visits", "group": "web", "signal": "visit", "points": 1, "max": 15, "repeat": {"limit": 2, "period": "day"},
 "decay": {"kind": "exponential", "half_life": "P14D"}},
{"name": "busy weeks", "group": "web", "signal": "visit", "measure": "tiers",
 "tiers": [{"min": 5, "points": 10, "within": "P7D"}, {"min": 3, "points": 6, "within": "P30D"}, {"min": 1, "points": 2, "within": "P90D"}]},
{"name": "pricing", "group": "web", "signal": "pricing", "points": 6, "max": 18,
 "decay": {"kind": "exponential", "half_life": "P30D"}},
{"name": "pricing after a click", "group": "web", "signal": "pricing", "points": 3,
 "guard": {"signal": "click", "min": 1, "within": "P30D"}, "decay": {"kind": "expire", "lifespan": "P60D"}},
{"name": "careers", "group": "web", "signal": "careers", "points": -5, "min": -20,
 "decay": {"kind": "expire", "lifespan": "P6M"}},
{"name": "opens", "group": "mail", "signal": "open", "points": 0.5, "max": 5, "repeat": {"limit": 1, "period": "week"},
 "decay": {"kind": "linear", "lifespan": "P90D"}},
{"name": "clicks", "group": "mail", "signal": "click", "points": 2,
 "decay": {"kind": "exponential", "half_life": "P30D", "anchor": "activity"}},
{"name": "unsubscribed", "group": "mail", "signal": "unsubscribe", "points": -20},
{"name": "downloads", "signal": "download", "points": 4, "max": 20, "repeat": {"limit": 1, "per_item": true},
 "decay": {"kind": "linear", "lifespan": "P6M"}},
{"name": "reading list", "signal": "download", "measure": "tiers", "count_by": "items",
 "tiers": [{"min": 4, "points": 8, "within": "P1Y"}, {"min": 2, "points": 3, "within": "P1Y"}]},
{"name": "forms", "signal": "form", "points": 8, "max": 24, "decay": {"kind": "step", "percent": 25, "every": "P1M"}},
{"name": "webinars", "signal": "webinar", "points": 10, "max": 30, "decay": {"kind": "step", "percent": 10, "every": "P30D"}},
{"name": "chats", "signal": "chat", "points": 7, "decay": {"kind": "exponential", "half_life": "P60D"}, "since": "order"},
{"name": "demo", "group": "buying", "signal": "demo", "points": 30, "decay": {"kind": "exponential", "half_life": "P90D"}},
{"name": "hot demo", "group": "buying", "signal": "demo", "points": 10, "hand_raise": true,
 "decay": {"kind": "expire", "lifespan": "P14D"}},
{"name": "orders", "group": "buying", "signal": "order", "points": 5, "repeat": {"limit": 1, "period": "month"},
 "decay": {"kind": "linear", "lifespan": "P1Y"}},
{"name": "revenue", "group": "buying", "signal": "order", "measure": "value", "points": 0.01, "max": 40,
 "decay": {"kind": "exponential", "half_life": "P180D"}},
{"name": "due again", "group": "buying", "signal": "order", "measure": "cycle", "points": 15, "cycle": "P3M",
 "step": "P1M", "hold": "P2M"},
{"name": "quiet", "measure": "inactivity", "points": -5, "after": "P30D", "every": "P30D", "max_times": 6},
{"name": "asleep", "measure": "inactivity", "after": "P6M", "ceiling": 30},
{"name": "season", "measure": "season", "points": 3, "windows": [["03-01", "05-31"]], "guard": {"signal": "order", "min": 1}},
{"name": "director", "component": "fit", "group": "buyer", "signal": "title", "points": 20},
{"name": "our market", "component": "fit", "group": "user", "signal": "country", "points": 12},
{"name": "campaign", "component": "fit", "signal": "form", "points": 2, "max": 4, "valid_from": "2020-03-01", "valid_to": "2020-09-30"},
{"name": "free mail", "component": "fit", "signal": "free_mail", "points": -10}],
"grades": [{"name": "A", "min": 30}, {"name": "B", "min": 15}, {"name": "C", "min": 0}],
"levels": [{"name": "1", "min": 60}, {"name": "2", "min": 20}, {"name": "3", "min": 0}],
"bands": [{"name": "cold", "rank": 1}, {"name": "warm", "rank": 2, "min_score": 20},
          {"name": "MQL", "rank": 3, "min_score": 45, "min_grade": "B"},
          {"name": "SQL", "rank": 4, "min_score": 80, "exclusive": true, "min_level": "2"}]})";

inline constexpr Tick first_day = 7305;  // 2020-01-01
inline constexpr int days = 731;
inline constexpr Tick today = first_day + days;

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  // 0 … below − 1
  std::uint32_t number(std::uint32_t below) {  // SplitMix64
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return static_cast<std::uint32_t>(((z ^ z >> 31) >> 32) * below >> 32);
  }

 private:
  std::uint64_t state_;
};

// One event: the k-th type is 1/k as frequent as the first, downloads and webinars have items, orders values.
inline Entry random_event(Random& random, std::uint32_t assets) {
  constexpr std::uint32_t types = 12;
  constexpr std::uint32_t scale = 27720;
  std::uint32_t sum = 0;
  for (std::uint32_t k = 1; k <= types; ++k) sum += scale / k;
  std::uint32_t left = random.number(sum);
  std::uint32_t type = 1;
  for (; left >= scale / type; ++type) left -= scale / type;
  Entry entry{.signal = type, .tick = first_day + static_cast<Tick>(random.number(days)), .count = 1};
  if (type == 5 || type == 7) entry.item = hash_item("asset " + std::to_string(random.number(assets)));
  if (type == 10) entry.value = (20 + random.number(2000)) * 10'000;
  return entry;
}

// A lead with many events has seen many things.
inline std::uint32_t assets_of(std::size_t rows) {
  return static_cast<std::uint32_t>(std::max<std::size_t>(200, rows));
}

// The entries of a lead before they are summed: four facts about itself, the rest events.
inline std::vector<Entry> random_rows(Random& random, std::size_t rows) {
  const std::uint32_t assets = assets_of(rows);
  std::vector<Entry> entries;
  entries.reserve(rows);
  entries.push_back({.signal = 13, .count = 1});
  entries.push_back({.signal = 14, .count = 1});
  if (random.number(2) == 0) entries.push_back({.signal = 15, .count = 1});
  entries.push_back({.signal = 16, .tick = first_day + static_cast<Tick>(random.number(days)), .count = 1});
  while (entries.size() < rows) entries.push_back(random_event(random, assets));
  return entries;
}

// A lead's tally with exactly so many entries.
inline Bytes random_lead(Random& random, std::size_t entries, std::pmr::memory_resource* memory) {
  std::vector<Entry> rows = random_rows(random, entries);
  for (;;) {
    std::vector<Entry> copy = rows;
    const Bytes tally = encode(copy, memory);
    const std::size_t count = entry_count(tally);
    if (count >= entries) return tally;
    for (std::size_t i = count; i < entries; ++i) rows.push_back(random_event(random, assets_of(entries)));
  }
}

}  // namespace lead_scoring::bench
