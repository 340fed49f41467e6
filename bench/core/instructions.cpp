// Counts the instructions of the core's kernels, which does not depend on how busy the machine is. To be run by
// valgrind --tool=callgrind --instr-atstart=no; scripts/check.sh instructions compares the counts with the budgets of
// instructions.txt. Each kernel dumps its counts under "NAME RUNS"; RUNS is what to divide by.
#include <valgrind/callgrind.h>

#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "core/open_tally.hpp"
#include "fixed_workload.hpp"
#include "workload.hpp"

namespace lead_scoring::bench {
namespace {

constexpr std::size_t leads = 64;

std::deque<std::string> titles;  // valgrind reads them after the call

// Runs it twice: the first run warms up what is built once in a process.
void count(const std::string& name, std::size_t runs, const std::function<void()>& kernel) {
  titles.push_back(name + ' ' + std::to_string(runs));
  kernel();
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
  kernel();
  CALLGRIND_DUMP_STATS_AT(titles.back().c_str());
  CALLGRIND_STOP_INSTRUMENTATION;
}

std::int64_t checksum = 0;  // what the kernels compute, so that none of it can be left out

void count_evaluations(const Model& model, const std::vector<Bytes>& tallies, const std::string& suffix) {
  for (const LookAhead ahead : {LookAhead::no, LookAhead::yes}) {
    count("evaluate" + suffix + (ahead == LookAhead::no ? "" : "_ahead"), tallies.size(), [&] {
      for (const Bytes tally : tallies) {
        const Evaluation shown = evaluate(model, tally, today, ahead);
        checksum += shown.score + shown.next_change;
      }
    });
  }
}

// The figure `evaluate` of the benchmark.
void count_fixed_evaluations(std::size_t entries) {
  std::pmr::monotonic_buffer_resource memory;
  const Model& model = fixed::model(&memory);
  fixed::Drawer drawer(model, entries);
  std::vector<Bytes> tallies;
  for (std::size_t i = 0; i < leads; ++i) tallies.push_back(drawer.lead(entries, &memory));
  count_evaluations(model, tallies, "");
}

void count_rich_evaluations(std::size_t entries, std::size_t number, const std::string& suffix) {
  std::pmr::monotonic_buffer_resource memory;
  const Model& model = *parse_model(sheet, &memory);
  Random random(entries);
  std::vector<Bytes> tallies;
  for (std::size_t i = 0; i < number; ++i) tallies.push_back(random_lead(random, entries, &memory));
  count_evaluations(model, tallies, suffix);
}

void count_decoding(std::size_t entries) {
  std::pmr::monotonic_buffer_resource memory;
  Random random(entries);
  const Bytes tally = random_lead(random, entries, &memory);
  count("decode_entry", entries, [&] {
    TallyReader reader(tally);
    while (reader.next_signal()) {
      for (Entry entry; reader.next(entry);) checksum += entry.tick;
    }
  });
}

// A row's delta into a small and into a large tally.
void count_merging(std::size_t entries, const std::string& name) {
  std::pmr::monotonic_buffer_resource memory;
  Random random(entries);
  std::vector<Bytes> tallies;
  std::vector<Bytes> deltas;
  for (std::size_t i = 0; i < leads; ++i) {
    tallies.push_back(random_lead(random, entries, &memory));
    Entry event = random_event(random, 200);
    deltas.push_back(encode({&event, 1}, &memory));
  }
  std::vector<std::byte> room(1 << 20);
  count(name, leads, [&] {
    for (std::size_t i = 0; i < leads; ++i) {
      std::pmr::monotonic_buffer_resource scratch(room.data(), room.size());
      checksum += static_cast<std::int64_t>(merge(tallies[i], deltas[i], &scratch).size());
    }
  });
}

void count_encoding(std::size_t entries) {
  std::pmr::monotonic_buffer_resource memory;
  Random random(entries);
  std::vector<std::vector<Entry>> leads_rows;
  for (std::size_t i = 0; i < leads; ++i) leads_rows.push_back(random_rows(random, entries));
  std::vector<std::byte> room(1 << 16);
  count("encode", leads, [&] {
    for (const std::vector<Entry>& rows : leads_rows) {
      std::vector<Entry> copy = rows;
      std::pmr::monotonic_buffer_resource scratch(room.data(), room.size());
      checksum += static_cast<std::int64_t>(encode(copy, &scratch).size());
    }
  });
}

void count_open_tallies(std::size_t entries) {
  Random random(entries);
  std::vector<std::vector<Entry>> leads_rows;
  for (std::size_t i = 0; i < leads; ++i) leads_rows.push_back(random_rows(random, entries));
  std::vector<OpenTally*> open(leads);
  std::vector<std::byte> room(1 << 20);
  count("open_add", leads * entries, [&] {
    std::pmr::monotonic_buffer_resource memory(room.data(), room.size());
    for (OpenTally*& state : open) state = nullptr;
    for (std::size_t row = 0; row < entries; ++row) {
      for (std::size_t i = 0; i < leads; ++i) {
        while (open[i] == nullptr || !open[i]->add(leads_rows[i][row])) {
          const std::uint32_t capacity = open[i] == nullptr ? 4 : 2 * open[i]->capacity();
          void* larger = memory.allocate(OpenTally::size_for(capacity), alignof(std::uint64_t));
          open[i] = open[i] == nullptr ? OpenTally::create(larger, capacity)
                                       : OpenTally::create_from(larger, capacity, *open[i]);
        }
      }
    }
  });
  std::vector<std::byte> closing(1 << 16);
  count("open_close", leads, [&] {
    for (const OpenTally* state : open) {
      std::pmr::monotonic_buffer_resource scratch(closing.data(), closing.size());
      checksum += static_cast<std::int64_t>(state->close(&scratch).size());
    }
  });
}

void count_parsing() {
  count("parse", 1, [&] {
    std::pmr::monotonic_buffer_resource memory;
    checksum += static_cast<std::int64_t>(parse_model(sheet, &memory)->rules.size());
  });
}

void run() {
  count_fixed_evaluations(20);
  count_rich_evaluations(20, leads, "_rich");
  count_rich_evaluations(1'000, 4, "_rich_1000");
  count_decoding(1'000);
  count_merging(10, "merge_10");
  count_merging(1'000, "merge_1000");
  count_encoding(20);
  count_open_tallies(10);
  count_parsing();
  std::printf("checksum %lld\n", static_cast<long long>(checksum));
}

}  // namespace
}  // namespace lead_scoring::bench

int main() { lead_scoring::bench::run(); }
