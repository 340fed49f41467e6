#include "history.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "exact.hpp"

namespace lead_scoring {

namespace {

// Leaves out what does not exist, and sums the entries of a tick where no rule can tell them apart; returns the new
// end.
Entry* tidy(Entry* first, Entry* last, const Signal& signal, const Calendar& calendar) {
  Entry* end = first;
  for (Entry* entry = first; entry != last; ++entry) {
    const bool exists =
        entry->count > 0 && (entry->tick == timeless ||
                             (entry->tick >= calendar.first_tick() && entry->tick <= calendar.last_tick()));
    if (!exists) continue;
    if (!signal.is_by_row && end != first && end[-1].tick == entry->tick) {
      std::int64_t sum = 0;
      if (!__builtin_add_overflow(end[-1].count, entry->count, &sum)) {
        end[-1].count = sum;
        continue;
      }
    }
    *end++ = *entry;
  }
  return end;
}

std::int64_t sum_of_counts(std::span<const Entry> entries) {
  std::int64_t sum = 0;
  for (const Entry& entry : entries) sum = saturating_add(sum, entry.count);
  return sum;
}

}  // namespace

// Where entries are put, one signal behind the other. Each takes a byte of a tally at least, most take three, so
// that a large tally is not given all the room it could need, but more when it does.
struct History::Room {
  std::pmr::polymorphic_allocator<Entry> allocator;
  Entry* at = nullptr;
  Entry* end = nullptr;

  Room(std::size_t bytes, std::pmr::memory_resource* memory) : allocator(memory) {
    const std::size_t size = bytes <= 256 ? bytes : 256 + bytes / 3;
    at = allocator.allocate(size);
    end = at + size;
  }
  // Moves the entries of the present signal to where there is more room; returns their new end.
  Entry* grow(const Entry* last) {
    const auto used = static_cast<std::size_t>(last - at);
    const std::size_t size = 2 * used + 256;
    Entry* larger = allocator.allocate(size);
    std::uninitialized_copy_n(at, used, larger);
    at = larger;
    end = larger + size;
    return larger + used;
  }
};

History::History(const Model& model, Bytes tally, Tick now, std::pmr::memory_resource* memory)
    : model_(&model),
      pasts_(std::pmr::polymorphic_allocator<Past>(memory).allocate(model.signals.size())),
      now_(now),
      earliest_(model.calendar.first_tick()) {
  // All bytes 0 is a Past without entries.
  std::memset(static_cast<void*>(pasts_), 0, model.signals.size() * sizeof(Past));
  if (tally.empty()) return;
  Room room(tally.size(), memory);
  TallyReader reader(tally);
  const std::uint32_t* const numbers = model.numbers.data();
  std::size_t index = 0;
  while (reader.next_signal()) {
    while (numbers[index] < reader.signal()) ++index;
    if (index == model.signals.size()) break;
    const Signal* const signal = &model.signals[index];
    if (signal->number != reader.signal() || !signal->is_used) continue;
    Past* const past = &pasts_[index];
    TallyReader::Facts facts;
    Entry* last = reader.read_into(room.at, room.end, facts);
    while (!reader.is_read()) [[unlikely]] last = reader.read_into(room.grow(last), room.end, facts);
    Entry* const first = room.at;
    past->count = facts.more + (last - first);
    past->dated = {first, last};
    past->present = past->dated.size();
    past->next_seen = seen_;
    seen_ = past;
    room.at = last;
    // Nearly always all entries are dated ones that have come.
    const bool is_plain = facts.is_plain && first->tick >= earliest_ && last[-1].tick <= now_ &&
                          (signal->is_by_row || !facts.has_repeated);
    if (!is_plain) room.at = arrange(*past, first, last, *signal);
    if (signal->is_activity && past->present > 0)
      last_activity_ = std::max(last_activity_, past->dated[past->present - 1].tick);
  }
  if (is_always_active_) last_activity_ = now_;
}

// A block with timeless, future or absent entries, or such as count together. Returns the new end.
Entry* History::arrange(Past& past, Entry* first, Entry* last, const Signal& signal) {
  last = tidy(first, last, signal, model_->calendar);
  Entry* dated = first;
  for (; dated != last && dated->tick == timeless; ++dated) {
    dated->signal = 0;
    dated->tick = now_;
  }
  Entry* come = last;
  while (come != dated && come[-1].tick > now_) --come;
  past.timeless = {first, dated};
  past.dated = {dated, last};
  past.present = static_cast<std::size_t>(come - dated);
  past.count = sum_of_counts({first, come});
  has_future_ |= come != last;
  if (first != dated) {
    past.next_timeless = timeless_;
    timeless_ = &past;
  }
  is_always_active_ |= signal.is_activity && first != dated;
  return last;
}

void History::stand_at(Tick now) {
  now_ = now;
  if (is_always_active_) last_activity_ = now;
  for (Past* past = timeless_; past != nullptr; past = past->next_timeless) {
    for (Entry& entry : past->timeless) entry.tick = now;
  }
  if (!has_future_) return;
  has_future_ = false;
  for (std::size_t i = 0; i < model_->signals.size(); ++i) {
    Past& past = pasts_[i];
    if (!past.has_future()) continue;
    while (past.has_future() && past.dated[past.present].tick <= now) {
      past.count = saturating_add(past.count, past.dated[past.present].count);
      ++past.present;
    }
    has_future_ |= past.has_future();
    if (model_->signals[i].is_activity) {
      last_activity_ = std::max(last_activity_, last_of(static_cast<SignalIndex>(i)));
    }
  }
}

Tick History::next_arrival() const {
  // A timeless activity makes the lead active on every tick anew.
  Tick next = is_always_active_ ? now_ + 1 : never;
  if (!has_future_) return next;
  for (std::size_t i = 0; i < model_->signals.size(); ++i) {
    if (pasts_[i].has_future()) next = std::min(next, pasts_[i].dated[pasts_[i].present].tick);
  }
  return next;
}

}  // namespace lead_scoring
