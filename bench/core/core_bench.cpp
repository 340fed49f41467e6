// Times of the core's kernels, per lead or per entry.
#include <benchmark/benchmark.h>

#include "core/open_tally.hpp"
#include "fixed_workload.hpp"
#include "workload.hpp"

namespace lead_scoring::bench {
namespace {

// Enough of small leads that they do not all stay in the cache together with what is done with them.
std::size_t leads_of(std::size_t entries) { return std::max<std::size_t>(20'000 / entries, 1); }

struct Leads {
  std::pmr::monotonic_buffer_resource memory;
  std::vector<Bytes> tallies;

  explicit Leads(std::size_t entries) {
    Random random(entries);
    for (std::size_t i = 0; i < leads_of(entries); ++i) {
      tallies.push_back(random_lead(random, entries, &memory));
    }
  }
  Leads(const Model& model, std::size_t entries) {
    fixed::Drawer drawer(model, entries);
    for (std::size_t i = 0; i < leads_of(entries); ++i) tallies.push_back(drawer.lead(entries, &memory));
  }
};

void run_evaluate(benchmark::State& state, const Model& model, const Leads& leads, LookAhead ahead) {
  std::size_t lead = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(evaluate(model, leads.tallies[lead], today, ahead));
    lead = lead + 1 < leads.tallies.size() ? lead + 1 : 0;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void run_fixed(benchmark::State& state, LookAhead ahead) {
  std::pmr::monotonic_buffer_resource memory;
  const Model& model = fixed::model(&memory);
  run_evaluate(state, model, Leads(model, static_cast<std::size_t>(state.range(0))), ahead);
}
void evaluate_now(benchmark::State& state) { run_fixed(state, LookAhead::no); }
void evaluate_ahead(benchmark::State& state) { run_fixed(state, LookAhead::yes); }
BENCHMARK(evaluate_now)->Arg(20)->Arg(1'000);
BENCHMARK(evaluate_ahead)->Arg(20)->Arg(1'000);

void run_rich(benchmark::State& state, LookAhead ahead) {
  std::pmr::monotonic_buffer_resource memory;
  run_evaluate(state, *parse_model(sheet, &memory), Leads(static_cast<std::size_t>(state.range(0))), ahead);
}
void evaluate_rich(benchmark::State& state) { run_rich(state, LookAhead::no); }
void evaluate_rich_ahead(benchmark::State& state) { run_rich(state, LookAhead::yes); }
BENCHMARK(evaluate_rich)->Arg(20)->Arg(1'000)->Arg(10'000)->Arg(100'000);
BENCHMARK(evaluate_rich_ahead)->Arg(20)->Arg(1'000)->Arg(10'000)->Arg(100'000);

void decode(benchmark::State& state) {
  const Leads leads(static_cast<std::size_t>(state.range(0)));
  std::size_t lead = 0;
  for (auto _ : state) {
    TallyReader reader(leads.tallies[lead]);
    while (reader.next_signal()) {
      for (Entry entry; reader.next(entry);) benchmark::DoNotOptimize(entry);
    }
    lead = lead + 1 < leads.tallies.size() ? lead + 1 : 0;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(decode)->Arg(20)->Arg(10'000);

// One event into a tally of so many entries.
void merge_event(benchmark::State& state) {
  const auto entries = static_cast<std::size_t>(state.range(0));
  const Leads leads(entries);
  std::pmr::monotonic_buffer_resource memory;
  Random random(1);
  std::vector<Bytes> deltas;
  for (std::size_t i = 0; i < leads.tallies.size(); ++i) {
    Entry event = random_event(random, assets_of(entries));
    deltas.push_back(encode({&event, 1}, &memory));
  }
  std::vector<std::byte> room(16 * entries + 4096);
  std::size_t lead = 0;
  for (auto _ : state) {
    std::pmr::monotonic_buffer_resource scratch(room.data(), room.size());
    benchmark::DoNotOptimize(merge(leads.tallies[lead], deltas[lead], &scratch));
    lead = lead + 1 < leads.tallies.size() ? lead + 1 : 0;
  }
}
BENCHMARK(merge_event)->Arg(10)->Arg(100)->Arg(10'000);

void encode_rows(benchmark::State& state) {
  Random random(1);
  const std::vector<Entry> rows = random_rows(random, static_cast<std::size_t>(state.range(0)));
  std::vector<Entry> copy = rows;
  std::vector<std::byte> room(32 * rows.size() + 4096);
  for (auto _ : state) {
    copy = rows;
    std::pmr::monotonic_buffer_resource scratch(room.data(), room.size());
    benchmark::DoNotOptimize(encode(copy, &scratch));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_rows)->Arg(1)->Arg(20)->Arg(1'000);

// A rebuild's aggregate: rows in the order of time into the states of 100,000 leads, ten rows each; then all are
// closed.
void open_tallies(benchmark::State& state) {
  constexpr std::size_t number = 100'000;
  Random random(1);
  std::vector<Entry> rows;
  std::vector<std::uint32_t> leads;
  for (std::size_t i = 0; i < 10 * number; ++i) {
    rows.push_back(random_event(random, 200));
    leads.push_back(random.number(number));
  }
  for (auto _ : state) {
    std::pmr::monotonic_buffer_resource memory(1 << 20);
    std::vector<OpenTally*> states(number);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      OpenTally*& open = states[leads[i]];
      while (open == nullptr || !open->add(rows[i])) {
        const std::uint32_t capacity = open == nullptr ? 4 : 2 * open->capacity();
        void* room = memory.allocate(OpenTally::size_for(capacity), alignof(std::uint64_t));
        open = open == nullptr ? OpenTally::create(room, capacity)
                               : OpenTally::create_from(room, capacity, *open);
      }
    }
    std::size_t bytes = 0;
    for (const OpenTally* open : states) {
      if (open != nullptr) bytes += open->close(&memory).size();
    }
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows.size()));
}
BENCHMARK(open_tallies)->Unit(benchmark::kMillisecond);

void parse(benchmark::State& state) {
  for (auto _ : state) {
    std::pmr::monotonic_buffer_resource memory;
    benchmark::DoNotOptimize(parse_model(sheet, &memory));
  }
}
BENCHMARK(parse)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lead_scoring::bench
