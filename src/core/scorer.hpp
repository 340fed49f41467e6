// One lead under one model, looked at from one tick after the other.
#pragma once

#include <memory_resource>
#include <span>
#include <vector>

#include "account.hpp"
#include "combine.hpp"
#include "history.hpp"
#include "measure.hpp"
#include "room.hpp"

namespace lead_scoring {

// A rule that moves before the next jump.
struct Mover {
  // What it says at one tick: what next_change needs of a standing.
  struct Said {
    Points points = 0;
    Points rising = 0;
    Points clamped = 0;
    bool is_mixed = false;
    bool holds = false;
  };
  const Rule* rule;
  std::uint16_t index;
  bool counts_anew;     // timeless entries move with now, all others stay until the jump
  Tick moves;           // the first tick at which it may move
  Occurrences counted;  // that stay
  Said safe;            // at the tick that is safe
  Said probed;
};

class Scorer {
 public:
  // `at` lies in the years 1400–9999.
  Scorer(const Model& model, Bytes tally, Tick at, LookAhead ahead, std::pmr::memory_resource* memory);

  [[nodiscard]] Outcome outcome() const;
  [[nodiscard]] Standing standing(std::size_t rule);
  // Of each rule; and what explain tells of it beside its standing.
  [[nodiscard]] std::pmr::vector<Standing> standings(std::pmr::memory_resource* memory);
  [[nodiscard]] std::pmr::vector<Account> accounts(std::span<const Standing> standings,
                                                   std::pmr::memory_resource* memory);
  void tell(std::span<const Standing> standings, ExplainRows& rows) const;
  // First tick after that of the construction at which an output differs from those given, or a little earlier.
  // To be asked once, of a scorer that looked ahead; it stands at some later tick afterwards.
  [[nodiscard]] Tick next_change(const Outcome& now);

 private:
  enum class Verdict { same, different, unproven };

  [[nodiscard]] Scene scene(bool looks_ahead) { return {model_, history_, scratch_, looks_ahead}; }
  void stand_at(Tick at, LookAhead ahead);
  [[nodiscard]] Tick first_jump();
  [[nodiscard]] Tick search_until(Tick stop);
  [[nodiscard]] Tick between(Tick safe, Tick bound) const;
  [[nodiscard]] bool is_at_rest() const;
  void start_mover(std::uint16_t index, Mover& mover);
  [[nodiscard]] Occurrences kept(const Occurrences& counted);
  void probe(Tick at);
  [[nodiscard]] Verdict compare(Tick at);
  [[nodiscard]] bool is_proven_same();
  [[nodiscard]] bool is_proven_by_bounds();
  [[nodiscard]] std::int64_t step_at_probe(std::int64_t ticks) const;
  [[nodiscard]] bool is_shown(const Totals& totals) const;
  [[nodiscard]] bool is_one_persona(std::span<const Points> low, std::span<const Points> high) const;

  const Model& model_;
  std::pmr::memory_resource* memory_;
  History history_;
  Scratch scratch_;
  std::span<Standing> standings_;  // by rule; only of those that are roused or watched
  std::span<Points> sums_;
  std::span<Part> parts_;            // by rule; only of those that are watched
  std::span<std::uint16_t> roused_;  // rules that can say something before the next arrival
  bool in_segment_ = true;

  // next_change: the outputs are those of shown_ on every tick up to safe_, where sums_ and parts_ stand.
  Tick safe_;
  Totals at_safe_;
  Totals at_probe_;
  Evaluation shown_;
  Alike engagement_shown_;
  Alike fit_shown_;
  Alike score_shown_;
  std::span<Mover> movers_;
  std::span<Points> probed_sums_;
  std::span<Part> probed_parts_;
  int tries_ = 0;
};

}  // namespace lead_scoring
