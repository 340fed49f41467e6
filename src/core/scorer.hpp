// One lead under one model, looked at from one tick after the other.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <tuple>
#include <vector>

#include "account.hpp"
#include "combine.hpp"
#include "history.hpp"
#include "measure.hpp"

namespace lead_scoring {

// Room for a list whose length stays, all of which is written before it is read; the memory resource frees it.
template <typename T>
[[nodiscard]] std::span<T> room_for(std::size_t size, std::pmr::memory_resource* memory) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {std::pmr::polymorphic_allocator<T>(memory).allocate(size), size};
}

// The same for several lists, in the order of descending alignment.
template <typename... T>
[[nodiscard]] std::tuple<std::span<T>...> rooms_for(std::pmr::memory_resource* memory,
                                                    std::same_as<std::size_t> auto... sizes) {
  static_assert((std::is_trivially_copyable_v<T> && ...));
  auto* at = static_cast<std::byte*>(memory->allocate((... + (sizes * sizeof(T))), alignof(std::max_align_t)));
  const auto take = [&]<typename Each>(std::size_t size, Each*) {
    Each* const first = reinterpret_cast<Each*>(at);
    at += size * sizeof(Each);
    return std::span<Each>(first, size);
  };
  return {take(sizes, static_cast<T*>(nullptr))...};
}

class Scorer {
 public:
  // `at` lies in the years 1400–9999.
  Scorer(const Model& model, Bytes tally, Tick at, LookAhead ahead, std::pmr::memory_resource* memory);

  [[nodiscard]] Outcome outcome() const;
  [[nodiscard]] std::span<const Points> sums() const { return sums_; }
  // Of each rule; and what explain tells of it beside its standing.
  [[nodiscard]] std::pmr::vector<Standing> standings(std::pmr::memory_resource* memory) const;
  [[nodiscard]] std::pmr::vector<Account> accounts(std::span<const Standing> standings,
                                                   std::pmr::memory_resource* memory);
  // First tick after that of the construction at which an output differs from those given, or a little earlier.
  // To be asked once, of a scorer that looked ahead; it stands at some later tick afterwards.
  [[nodiscard]] Tick next_change(const Outcome& now);

 private:
  enum class Verdict { same, different, unproven };

  [[nodiscard]] Scene scene(bool looks_ahead) { return {model_, history_, scratch_, looks_ahead}; }
  void stand_at(Tick at, LookAhead ahead);
  [[nodiscard]] Outcome completed(Outcome outcome) const;
  [[nodiscard]] Tick first_jump();
  [[nodiscard]] Tick search_until(Tick stop);
  [[nodiscard]] bool stays_counted(const Rule& rule) const;
  [[nodiscard]] Occurrences kept(const Occurrences& counted);
  void probe(Tick at);
  [[nodiscard]] Verdict compare(Tick at);
  [[nodiscard]] bool is_proven_same();
  [[nodiscard]] bool is_proven_by_bounds();
  [[nodiscard]] bool is_shown(const Totals& totals) const;
  [[nodiscard]] bool is_one_persona(std::span<const Points> low, std::span<const Points> high) const;

  const Model& model_;
  std::pmr::memory_resource* memory_;
  History history_;
  Scratch scratch_;
  std::span<Standing> standings_;  // by rule; only of those that are roused or watched
  std::span<Points> sums_;
  std::span<std::uint16_t> roused_;  // rules that are not idle for want of any entry, now or later
  bool in_segment_ = true;

  // next_change: the outputs are those of shown_ on every tick up to safe_, where standings_ and sums_ stand.
  Tick safe_;
  Totals at_safe_;
  Totals at_probe_;
  Evaluation shown_;
  std::span<std::uint16_t> movers_;  // the rules that move before the next jump
  std::span<Occurrences> counted_;   // what they count, which stays until then
  std::span<Standing> probed_;       // by rule; only of those that move or are watched
  std::span<Points> probed_sums_;
  int tries_ = 0;
};

}  // namespace lead_scoring
