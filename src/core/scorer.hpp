// One lead under one model, looked at from one tick after the other.
#pragma once

#include <memory_resource>
#include <span>
#include <vector>

#include "account.hpp"
#include "combine.hpp"
#include "history.hpp"
#include "measure.hpp"

namespace lead_scoring {

class Scorer {
 public:
  // `at` lies in the years 1400–9999.
  Scorer(const Model& model, Bytes tally, Tick at, LookAhead ahead, std::pmr::memory_resource* memory);

  [[nodiscard]] std::span<const Standing> standings() const { return standings_; }
  [[nodiscard]] Outcome outcome(ExplainRows* rows = nullptr);
  // What explain tells of each rule beside its standing.
  [[nodiscard]] std::pmr::vector<Account> accounts(std::pmr::memory_resource* memory);
  // First tick after that of the construction at which an output differs from those given, or a little earlier.
  // To be asked once, of a scorer that looked ahead; it stands at some later tick afterwards.
  [[nodiscard]] Tick next_change(const Outcome& now);

 private:
  enum class Verdict { same, different, unproven };

  [[nodiscard]] Scene scene(bool looks_ahead) { return {model_, history_, scratch_, looks_ahead}; }
  void stand_at(Tick at, LookAhead ahead);
  [[nodiscard]] Tick first_jump();
  [[nodiscard]] Tick search_until(Tick stop);
  void probe(Tick at);
  [[nodiscard]] Verdict compare(Tick at);
  [[nodiscard]] bool is_proven_same();
  [[nodiscard]] bool is_one_persona(std::int16_t winner) const;

  const Model& model_;
  History history_;
  Scratch scratch_;
  std::pmr::vector<Standing> standings_;
  std::pmr::vector<Part> parts_;
  std::pmr::vector<Points> group_sums_;

  // next_change: the outputs are those of shown_ on every tick up to safe_, where standings_ stand.
  Tick safe_;
  Outcome at_safe_;
  Outcome at_probe_;
  Evaluation shown_;
  std::pmr::vector<Standing> probed_;
  std::pmr::vector<Part> high_parts_;
  std::pmr::vector<Points> high_group_sums_;
  int tries_ = 0;
};

}  // namespace lead_scoring
