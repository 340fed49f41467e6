#include "history.hpp"

#include <algorithm>

#include "exact.hpp"

namespace lead_scoring {
namespace {

struct Block {  // of one signal: where its entries lie
  std::size_t signal;
  std::size_t begin;
  std::size_t dated;
  std::size_t end;
};

// Appends the entries of the reader's present block that exist.
Block read_block(TallyReader& reader, const Calendar& calendar, std::pmr::vector<Entry>& entries) {
  const Tick first = calendar.first_tick();
  const Tick last = calendar.last_tick();
  const std::size_t begin = entries.size();
  std::size_t dated = begin;
  Entry entry;
  while (reader.next(entry)) {
    if (entry.count <= 0) continue;
    if (entry.tick != timeless && (entry.tick < first || entry.tick > last)) continue;
    entries.push_back(entry);
    if (entry.tick == timeless) ++dated;
  }
  return {0, begin, dated, entries.size()};
}

}  // namespace

History::History(const Model& model, Bytes tally, std::pmr::memory_resource* memory)
    : model_(&model), entries_(memory), pasts_(model.signals.size(), memory) {
  entries_.reserve(tally.size() / 3 + 8);  // an entry has about three bytes
  std::pmr::vector<Block> blocks(memory);
  blocks.reserve(model.signals.size());
  TallyReader reader(tally);
  std::size_t signal = 0;
  while (reader.next_signal()) {
    while (signal < model.signals.size() && model.signals[signal].number < reader.signal()) ++signal;
    if (signal == model.signals.size()) break;
    if (model.signals[signal].number != reader.signal()) continue;
    blocks.push_back(read_block(reader, model.calendar, entries_));
    blocks.back().signal = signal;
  }
  for (const Block& block : blocks) {
    Past& past = pasts_[block.signal];
    past.timeless = {entries_.data() + block.begin, block.dated - block.begin};
    past.dated = {entries_.data() + block.dated, block.end - block.dated};
    for (const Entry& entry : past.timeless) past.count = saturating_add(past.count, entry.count);
  }
}

void History::stand_at(Tick now) {
  now_ = now;
  last_activity_ = timeless;
  for (std::size_t i = 0; i < pasts_.size(); ++i) {
    Past& past = pasts_[i];
    while (past.has_future() && past.dated[past.present].tick <= now) {
      past.count = saturating_add(past.count, past.dated[past.present].count);
      ++past.present;
    }
    if (model_->signals[i].is_activity) {
      last_activity_ = std::max(last_activity_, last_of(static_cast<SignalIndex>(i)));
    }
  }
}

Tick History::last_of(SignalIndex signal) const {
  const Past& past = of(signal);
  if (!past.timeless.empty()) return now_;
  return past.present > 0 ? past.dated[past.present - 1].tick : timeless;
}

Tick History::next_arrival() const {
  Tick next = never;
  for (std::size_t i = 0; i < pasts_.size(); ++i) {
    const Past& past = pasts_[i];
    if (!model_->signals[i].is_used) continue;
    if (past.has_future()) next = std::min(next, past.dated[past.present].tick);
    // A timeless activity makes the lead active on every tick anew.
    if (model_->signals[i].is_activity && !past.timeless.empty()) next = std::min(next, now_ + 1);
  }
  return next;
}

}  // namespace lead_scoring
