#include "history.hpp"

#include <algorithm>
#include <memory>

#include "exact.hpp"

namespace lead_scoring {
namespace {

// Puts the entry where it belongs behind `end`, or into the one before it, from `first` on, when it is of the same
// tick and need not be told from that. Returns the new end.
Entry* put(Entry* first, Entry* end, const Entry& entry, bool is_by_row) {
  if (!is_by_row && end != first && end[-1].tick == entry.tick) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(end[-1].count, entry.count, &sum)) {
      end[-1].count = sum;
      return end;
    }
  }
  *end = entry;
  return end + 1;
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
  // Moves the entries of the present signal, which begin at `first`, to where there is more room.
  [[gnu::noinline]] void grow(Entry*& first, Entry*& next) {
    const auto used = static_cast<std::size_t>(next - first);
    const std::size_t size = 2 * used + 256;
    Entry* larger = allocator.allocate(size);
    std::uninitialized_copy_n(first, used, larger);
    first = larger;
    next = larger + used;
    end = larger + size;
  }
};

History::History(const Model& model, Bytes tally, Tick now, std::pmr::memory_resource* memory)
    : model_(&model),
      pasts_(std::pmr::polymorphic_allocator<Past>(memory).allocate(model.signals.size())),
      now_(now) {
  std::uninitialized_value_construct_n(pasts_, model.signals.size());
  if (tally.empty()) return;
  Room room(tally.size(), memory);
  TallyReader reader(tally);
  std::size_t signal = 0;
  while (reader.next_signal()) {
    while (signal < model.signals.size() && model.signals[signal].number < reader.signal()) ++signal;
    if (signal == model.signals.size()) break;
    if (model.signals[signal].number == reader.signal() && model.signals[signal].is_used)
      read_block(reader, signal, room);
  }
}

void History::read_block(TallyReader& reader, std::size_t signal, Room& room) {
  const Signal& about = model_->signals[signal];
  const bool is_by_row = about.is_by_row;
  const Tick first_tick = model_->calendar.first_tick();
  const Tick last_tick = model_->calendar.last_tick();
  Past& past = pasts_[signal];
  Entry* first = room.at;
  Entry* next = room.at;
  std::size_t timeless_ones = 0;
  std::size_t present = 0;
  std::int64_t count = 0;
  reader.read_rest([&](const Entry& entry) {
    if (entry.count <= 0) [[unlikely]]
      return;
    if (next == room.end) [[unlikely]]
      room.grow(first, next);
    if (entry.tick == timeless) {
      next = put(first, next, entry, is_by_row);
      timeless_ones = static_cast<std::size_t>(next - first);
      count = saturating_add(count, entry.count);
      return;
    }
    if (entry.tick < first_tick || entry.tick > last_tick) [[unlikely]]
      return;
    next = put(first + timeless_ones, next, entry, is_by_row);
    if (entry.tick > now_) return;
    present = static_cast<std::size_t>(next - first) - timeless_ones;
    count = saturating_add(count, entry.count);
  });
  room.at = next;
  for (Entry& entry : std::span(first, timeless_ones)) {
    entry.signal = 0;
    entry.tick = now_;
  }
  past.timeless = {first, timeless_ones};
  past.dated = {first + timeless_ones, next};
  past.present = present;
  past.count = count;
  has_timeless_ |= timeless_ones > 0;
  has_future_ |= past.has_future();
  if (!about.is_activity) return;
  is_always_active_ |= timeless_ones > 0;
  last_activity_ = std::max(last_activity_, last_of(static_cast<SignalIndex>(signal)));
}

void History::stand_at(Tick now) {
  now_ = now;
  if (is_always_active_) last_activity_ = now;
  if (!has_future_ && !has_timeless_) return;
  has_future_ = false;
  for (std::size_t i = 0; i < model_->signals.size(); ++i) {
    Past& past = pasts_[i];
    for (Entry& entry : past.timeless) entry.tick = now;
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
