// A lead's tally, decoded once and seen from one tick: what has happened by then, and what arrives next.
#pragma once

#include <algorithm>
#include <memory_resource>
#include <span>

#include "model.hpp"
#include "tally.hpp"

namespace lead_scoring {

// The entries of one signal with a positive count; others do not exist. Where no rule of the model can tell the
// difference, those of one tick have been summed.
struct Past {
  // First timeless ones, with signal 0 and the tick of now, which History keeps up to date; then dated ones in
  // ascending order of ticks, present and future.
  Entry* entries = nullptr;
  std::uint32_t timeless_number = 0;
  std::uint32_t dated_number = 0;
  std::uint32_t present = 0;  // how many of the dated ones have come
  SignalIndex signal = no_signal;
  std::int64_t count = 0;         // occurrences by now, timeless ones included; saturates
  Past* next_timeless = nullptr;  // for History: another signal with timeless entries

  [[nodiscard]] bool has_timeless() const { return timeless_number > 0; }
  [[nodiscard]] std::span<const Entry> timeless() const { return {entries, timeless_number}; }
  [[nodiscard]] std::span<const Entry> dated() const { return {entries + timeless_number, dated_number}; }
  [[nodiscard]] std::span<const Entry> come() const { return {entries + timeless_number, present}; }
  [[nodiscard]] const Entry& last_come() const { return entries[timeless_number + present - 1]; }
  [[nodiscard]] const Entry& next_to_come() const { return entries[timeless_number + present]; }
  [[nodiscard]] bool is_empty() const { return present + timeless_number == 0; }
  [[nodiscard]] bool has_future() const { return present < dated_number; }
};

class History {
 public:
  // Entries of signals that the model does not use are passed over, and so are those with a tick outside
  // the years 1400–9999, which only a forged tally can have.
  History(const Model& model, Bytes tally, Tick now, std::pmr::memory_resource* memory);

  // Time only moves forward, except between ticks with no arrival between them.
  void stand_at(Tick now);
  [[nodiscard]] Tick now() const { return now_; }

  [[nodiscard]] const Past& of(SignalIndex signal) const { return pasts_[places_[signal]]; }
  // Those that the tally has entries of.
  [[nodiscard]] std::span<const Past> seen() const { return {pasts_ + 1, pasts_end_}; }
  // Last tick ≤ now of the signal (now itself, for timeless entries); `timeless` when there is none.
  [[nodiscard]] Tick last_of(SignalIndex signal) const {
    const Past& past = of(signal);
    if (past.has_timeless()) return now_;
    return past.present > 0 ? past.last_come().tick : timeless;
  }
  [[nodiscard]] Tick last_activity() const { return last_activity_; }  // `timeless`: never active
  // First tick after now at which an entry arrives that can matter, or at which last_activity moves on.
  [[nodiscard]] Tick next_arrival() const;

 private:
  [[nodiscard]] Entry* arrange(Past& past, Entry* last, const Signal& signal);
  void stand_timeless(Past& past, const Signal& signal);

  const Model* model_;
  // The first has no entries: it is that of all signals without any. Then those of the signals that have entries.
  Past* pasts_;
  Past* pasts_end_;
  std::uint32_t* places_;  // by signal: which of the pasts
  Tick now_;
  Tick last_activity_ = timeless;
  Past* timeless_ = nullptr;  // the first signal with such entries
  bool has_future_ = false;
  bool is_always_active_ = false;  // by a timeless activity
};

}  // namespace lead_scoring
