#include "evaluate.hpp"

#include <algorithm>
#include <array>

#include "error.hpp"
#include "explain_rows.hpp"
#include "scorer.hpp"

namespace lead_scoring {
namespace {

// Memory of one evaluation: that of a typical lead lies on the stack, a busy lead's comes from the heap.
class Workspace final : public std::pmr::memory_resource {
 public:
  [[nodiscard]] std::pmr::memory_resource* memory() { return this; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    const std::size_t start = (used_ + alignment - 1) & ~(alignment - 1);
    if (alignment > alignof(std::max_align_t) || bytes > first_.size() || start > first_.size() - bytes)
      return from_heap(bytes, alignment);
    used_ = start + bytes;
    return first_.data() + start;
  }
  [[gnu::noinline]] void* from_heap(std::size_t bytes, std::size_t alignment) {
    if (!heap_) heap_.emplace(first_.size(), std::pmr::new_delete_resource());
    return heap_->allocate(bytes, alignment);
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  alignas(std::max_align_t) std::array<std::byte, 16 * 1024> first_;
  std::size_t used_ = 0;
  std::optional<std::pmr::monotonic_buffer_resource> heap_;
};

void check_tick(const Calendar& calendar, Tick at) {
  if (at >= calendar.first_tick() && at <= calendar.last_tick()) return;
  throw Error(ErrorKind::datetime_out_of_range, "a lead can be evaluated in the years 1400 to 9999 only",
              "The tick " + std::to_string(at) + " lies outside.");
}

}  // namespace

Scorer::Scorer(const Model& model, Bytes tally, Tick at, LookAhead ahead, std::pmr::memory_resource* memory)
    : model_(model), memory_(memory), history_(model, tally, at, memory), scratch_(memory), safe_(at) {
  const std::size_t rules = model.rules.size();
  std::tie(standings_, sums_, roused_, parts_) =
      rooms_for<Standing, Points, std::uint16_t, Part>(memory, rules, number_of_sums(model), rules, rules);
  stand_at(at, ahead);
}

namespace {

// Whether nothing of it makes its listeners say anything, which stays so until an entry arrives.
bool is_silent(const Past& past, std::int64_t lifetime, Tick at) {
  if (past.has_timeless()) return false;
  return past.present == 0 || std::int64_t{at} - past.last_come().tick >= lifetime;
}

}  // namespace

// Rules are looked at with the signals that they listen to; what they say is summed on the way.
void Scorer::stand_at(Tick at, LookAhead ahead) {
  if (at != history_.now()) history_.stand_at(at);
  const Scene here = scene(ahead == LookAhead::yes);
  std::uint16_t* last = roused_.data();
  for (Points& sum : sums_) sum = 0;
  for (const std::uint16_t i : model_.watched) standings_.data()[i] = idle_standing;
  const auto add = [&](std::uint16_t i, const Rule& rule, const Standing& standing) {
    *last++ = i;
    if (standing.points != 0) add_to(sums_, rule, clamped(standing.points, rule.clamp));
  };
  for (const std::uint16_t i : model_.wakeful) {
    const Rule& rule = model_.rules.data()[i];
    Standing& standing = standings_.data()[i];
    stand(rule, here, standing);
    add(i, rule, standing);
  }
  for (const Past& past : history_.seen()) {
    if (is_silent(past, model_.lifetimes.data()[past.signal], at)) continue;
    for (const std::uint16_t i : model_.listeners.data()[past.signal]) {
      const Rule& rule = model_.rules.data()[i];
      Standing& standing = standings_.data()[i];
      stand_on(past, rule, here, standing);
      add(i, rule, standing);
    }
  }
  roused_ = {roused_.data(), last};
  for (const std::uint16_t i : model_.watched)
    parts_.data()[i] = {standings_.data()[i].holds, standings_.data()[i].holds};
  in_segment_ = !model_.segment || is_met(*model_.segment, here);
}

Outcome Scorer::outcome() const {
  Outcome outcome = shown(model_, totals(model_, sums_, parts_));
  // These do not come from the rules, and do not change between arrivals and jumps.
  outcome.shown.in_segment = in_segment_;
  outcome.shown.last_active = history_.last_activity();
  return outcome;
}

void Scorer::tell(std::span<const Standing> standings, ExplainRows& rows) const {
  lead_scoring::tell(model_, sums_, parts_, standings, rows);
}

Standing Scorer::standing(std::size_t rule) {
  Standing standing;
  stand(model_.rules[rule], scene(false), standing);
  return standing;
}

std::pmr::vector<Standing> Scorer::standings(std::pmr::memory_resource* memory) {
  std::pmr::vector<Standing> standings(memory);
  standings.reserve(model_.rules.size());
  for (std::size_t i = 0; i < model_.rules.size(); ++i) standings.push_back(standing(i));
  return standings;
}

std::pmr::vector<Account> Scorer::accounts(std::span<const Standing> standings,
                                           std::pmr::memory_resource* memory) {
  std::pmr::vector<Account> accounts(memory);
  accounts.reserve(standings.size());
  const Scene here = scene(false);
  for (std::size_t i = 0; i < standings.size(); ++i) {
    accounts.push_back(account_of(model_.rules[i], here, standings[i]));
  }
  return accounts;
}

Evaluation evaluate(const Model& model, Bytes tally, Tick at, LookAhead ahead) {
  check_tick(model.calendar, at);
  Workspace workspace;
  Scorer scorer(model, tally, at, ahead, workspace.memory());
  const Outcome outcome = scorer.outcome();
  Evaluation shown = outcome.shown;
  if (ahead == LookAhead::yes) shown.next_change = scorer.next_change(outcome);
  return shown;
}

std::span<const ExplainRow> explain(const Model& model, Bytes tally, Tick at,
                                    std::pmr::memory_resource* memory) {
  check_tick(model.calendar, at);
  Workspace workspace;
  Scorer scorer(model, tally, at, LookAhead::no, workspace.memory());
  const std::pmr::vector<Standing> standings = scorer.standings(workspace.memory());
  const std::pmr::vector<Account> accounts = scorer.accounts(standings, workspace.memory());
  ExplainRows rows(model, standings, accounts, memory);
  scorer.tell(standings, rows);
  ExplainRow* copy = std::pmr::polymorphic_allocator<ExplainRow>(memory).allocate(rows.rows().size());
  std::uninitialized_copy(rows.rows().begin(), rows.rows().end(), copy);
  return {copy, rows.rows().size()};
}

}  // namespace lead_scoring
