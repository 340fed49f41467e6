// The workload that the figures of `make bench` run on, as the core sees it: the sheet of bench/sheet.json, which
// model.json has compiled, and leads whose entries are drawn with the shares of bench/sql/workload.sql.
// core/workload.hpp has the other one, whose sheet uses the whole rule language.
#pragma once

#include <fstream>
#include <iterator>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <vector>

#include "workload.hpp"

namespace lead_scoring::bench::fixed {

// What publish makes of bench/sheet.json: see bench/README.md.
inline const Model& model(std::pmr::memory_resource* memory) {
  std::ifstream file(BENCH_MODEL);
  const std::string json{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (json.empty()) throw std::runtime_error("cannot read " BENCH_MODEL);
  return *parse_model(json, memory);
}

class Drawer {
 public:
  Drawer(const Model& model, std::uint64_t seed) : model_(model), random_(seed) {}

  // A lead's tally with exactly so many entries: what is known of the lead itself, the rest from events.
  Bytes lead(std::size_t entries, std::pmr::memory_resource* memory) {
    rows_.clear();
    draw_profile();
    for (;;) {
      std::vector<Entry> copy = rows_;
      const Bytes tally = encode(copy, memory);
      const std::size_t count = entry_count(tally);
      if (count == entries) return tally;
      if (count > entries) {  // the last event had several signals
        rows_.pop_back();
      } else {
        draw_event();
      }
    }
  }

 private:
  bool chance(std::uint32_t per_mille) { return random_.number(1000) < per_mille; }

  void add(std::string_view signal, Tick tick, std::uint64_t item = 0, std::int64_t value = 0) {
    for (const Signal& candidate : model_.signals) {
      if (candidate.name != signal) continue;
      rows_.push_back({.signal = candidate.number, .tick = tick, .item = item, .count = 1, .value = value});
      return;
    }
    throw std::runtime_error("model.json has no signal " + std::string(signal));
  }

  void draw_profile() {
    rows_.push_back({.signal = model_.signals[static_cast<std::size_t>(model_.created)].number,
                     .tick = first_day - static_cast<Tick>(random_.number(200)),
                     .count = 1});
    const std::uint32_t employees = random_.number(1000);
    if (employees < 325) add("large", timeless);
    if (employees >= 325 && employees < 575) add("medium", timeless);
    if (chance(250)) add("target_industry", timeless);
    if (chance(375)) add("decision_maker", timeless);
    if (chance(500)) add("free_mail", timeless);
    if (chance(400)) add("uses_crm", timeless);
  }

  std::uint64_t draw_item(std::string_view kind, std::uint32_t number) {
    return hash_item(std::string(kind) + std::to_string(random_.number(number)));
  }

  void draw_event() {
    const Tick tick = first_day + static_cast<Tick>(random_.number(days));
    const std::uint32_t type = random_.number(1000);
    if (type < 420) {
      add("page", tick);
      const std::uint32_t page = random_.number(1000);
      if (page < 80) add("pricing_page", tick);
      if (page >= 80 && page < 100) add("careers_page", tick);
      if (chance(263)) add("long_visit", tick);  // 300 u^3 >= 120
    } else if (type < 600) {
      add("mail_open", tick);
    } else if (type < 720) {
      add("feature", tick);
    } else if (type < 810) {
      add("mail_click", tick);
      if (chance(250)) add("campaign_click", tick);
    } else if (type < 850) {
      add("download", tick, draw_item("/products/", 200));
    } else if (type < 880) {
      add("form", tick);
    } else if (type < 910) {
      const std::int64_t cents = 2'000 + random_.number(198'000);
      add("order", tick, 0, cents * 100);
      if (cents >= 100'000) add("big_order", tick);
    } else if (type < 940) {
      if (chance(500)) add("ticket", tick);
    } else if (type < 965) {
      add("webinar", tick, draw_item("t", 30));
    } else if (type < 980) {
      add("unsubscribe", tick);
    } else if (type < 990) {
      add("trial", tick);
    } else {
      add("demo", tick);
    }
  }

  const Model& model_;
  Random random_;
  std::vector<Entry> rows_;
};

}  // namespace lead_scoring::bench::fixed
