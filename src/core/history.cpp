#include "history.hpp"

#include <algorithm>
#include <memory>

#include "exact.hpp"
#include "room.hpp"

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

// Where entries are put, one signal behind the other. Behind `end` there is room for one more of each signal, so that
// nobody asks before the first of a signal.
struct Room {
  Entry* first;  // of the present signal
  Entry* last;
  Entry* end;
};

// Each entry takes a byte of a tally at least, most take three, so that a large tally is not given all the room it
// could need, but more when it does.
std::size_t first_room(std::size_t bytes) { return bytes <= 256 ? bytes : 256 + bytes / 3; }

// Moves the entries of the present signal to where there is more.
[[gnu::noinline]] Room grown(Room room, std::size_t signals, std::pmr::memory_resource* memory) {
  const auto used = static_cast<std::size_t>(room.last - room.first);
  const std::size_t size = 2 * used + 256;
  Entry* larger = std::pmr::polymorphic_allocator<Entry>(memory).allocate(size + signals);
  std::uninitialized_copy_n(room.first, used, larger);
  return {larger, larger + used, larger + size};
}

}  // namespace

History::History(const Model& model, Bytes tally, Tick now, std::pmr::memory_resource* memory)
    : model_(&model), now_(now) {
  const std::size_t signals = model.signals.size();
  // A signal takes two bytes of a tally at least.
  const auto [pasts, entries, places] = rooms_for<Past, Entry, std::uint32_t>(
      memory, std::min(signals, tally.size() / 2) + 1, first_room(tally.size()) + signals, signals);
  places_ = places.data();
  std::fill_n(places_, signals, std::uint32_t{0});
  pasts_ = std::construct_at(pasts.data());
  pasts_end_ = pasts_ + 1;
  if (tally.empty()) return;
  Room room{entries.data(), entries.data(), entries.data() + entries.size() - signals};
  TallyReader reader(tally);
  const std::uint32_t* const numbers = model.numbers.data();
  const Tick earliest = model.calendar.first_tick();
  Tick active = timeless;
  std::size_t index = 0;
  std::uint32_t place = 0;
  while (reader.next_signal()) {
    while (numbers[index] < reader.signal()) ++index;
    if (numbers[index] != reader.signal()) {
      if (index == signals) break;
      continue;
    }
    TallyReader::Facts facts;
    reader.read_first(*room.first, facts);
    room.last = room.first + 1;
    while (!reader.is_read()) {
      room.last = reader.read_rest(room.last, room.end, facts);
      if (reader.is_read()) [[likely]]
        break;
      room = grown(room, signals, memory);
    }
    const auto number = static_cast<std::uint32_t>(room.last - room.first);
    const Signal& signal = model.signals.data()[index];
    places.data()[index] = ++place;
    Past* const past = std::construct_at(pasts.data() + place, Past{.entries = room.first,
                                                                    .dated_number = number,
                                                                    .present = number,
                                                                    .signal = static_cast<SignalIndex>(index),
                                                                    .count = facts.more + number});
    // Nearly always all entries are dated ones that have come, or there is a single timeless one.
    const Tick last = room.last[-1].tick;
    if (facts.is_plain && room.first->tick >= earliest && last <= now &&
        (signal.is_by_row || !facts.has_repeated)) [[likely]] {
      if (signal.is_activity) active = std::max(active, last);
    } else if (facts.is_plain && number == 1 && last == timeless) {
      stand_timeless(*past, signal);
    } else {
      room.last = arrange(*past, room.last, signal);
      if (signal.is_activity && past->present > 0) active = std::max(active, past->last_come().tick);
    }
    room.first = room.last;
  }
  pasts_end_ = pasts_ + place + 1;
  last_activity_ = is_always_active_ ? now : active;
}

// A block with future or absent entries, several timeless ones, or such as count together. Returns the new end.
Entry* History::arrange(Past& past, Entry* last, const Signal& signal) {
  Entry* const first = past.entries;
  last = tidy(first, last, signal, model_->calendar);
  Entry* dated = first;
  while (dated != last && dated->tick == timeless) ++dated;
  Entry* come = last;
  while (come != dated && come[-1].tick > now_) --come;
  past.timeless_number = static_cast<std::uint32_t>(dated - first);
  past.dated_number = static_cast<std::uint32_t>(last - dated);
  past.present = static_cast<std::uint32_t>(come - dated);
  past.count = sum_of_counts({first, come});
  has_future_ |= come != last;
  if (first != dated) stand_timeless(past, signal);
  return last;
}

// The timeless entries of a past stand at now from here on. A single one has been taken for a dated one so far.
void History::stand_timeless(Past& past, const Signal& signal) {
  if (past.timeless_number == 0) {
    past.timeless_number = 1;
    past.dated_number = past.present = 0;
  }
  for (Entry& entry : std::span(past.entries, past.timeless_number)) {
    entry.signal = 0;
    entry.tick = now_;
  }
  past.next_timeless = timeless_;
  timeless_ = &past;
  is_always_active_ |= signal.is_activity;
}

void History::stand_at(Tick now) {
  now_ = now;
  if (is_always_active_) last_activity_ = now;
  for (Past* past = timeless_; past != nullptr; past = past->next_timeless) {
    for (Entry& entry : std::span(past->entries, past->timeless_number)) entry.tick = now;
  }
  if (!has_future_) return;
  has_future_ = false;
  for (Past& past : std::span(pasts_ + 1, pasts_end_)) {
    if (!past.has_future()) continue;
    while (past.has_future() && past.next_to_come().tick <= now) {
      past.count = saturating_add(past.count, past.next_to_come().count);
      ++past.present;
    }
    has_future_ |= past.has_future();
    if (model_->signals[static_cast<std::size_t>(past.signal)].is_activity) {
      last_activity_ = std::max(last_activity_, last_of(past.signal));
    }
  }
}

Tick History::next_arrival() const {
  // A timeless activity makes the lead active on every tick anew.
  Tick next = is_always_active_ ? now_ + 1 : never;
  if (!has_future_) return next;
  for (const Past& past : seen()) {
    if (past.has_future()) next = std::min(next, past.next_to_come().tick);
  }
  return next;
}

}  // namespace lead_scoring
