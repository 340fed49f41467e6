#include "lead_sums.hpp"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "entry_words.hpp"
#include "tally_format.hpp"
#include "tally_writer.hpp"

namespace lead_scoring {

namespace {

constexpr std::size_t first_table = 1024;
constexpr std::size_t most_moves = 16;  // for each entry, before others ways of sorting are better

// A varint that we have written ourselves.
const std::uint8_t* take_varint(const std::uint8_t* at, std::uint64_t* number) {
  *number = 0;
  for (int shift = 0;; shift += 7) {
    *number |= std::uint64_t{*at & 0x7FU} << shift;
    if (*at++ < 0x80) return at;
  }
}

}  // namespace

LeadSums::LeadSums(const LeadLog& log, std::size_t partition, std::pmr::memory_resource* scratch)
    : log_(log),
      partition_(log.partitions_[partition]),
      has_numbers_(log.keys_ == LeadLog::Keys::numbers),
      scratch_(scratch),
      leads_(scratch),
      table_(first_table, scratch),
      read_(scratch),
      places_(scratch),
      out_(scratch) {}

const std::uint8_t* LeadSums::read_lead(const std::uint8_t* at, LeadLog::Keys keys, LogKey* key,
                                        Bytes* tally) {
  std::uint64_t number = 0;
  at = take_varint(at, &number);
  if (keys == LeadLog::Keys::numbers) {
    key->number = tally_format::unzigzag(number);
  } else {
    key->bytes = {reinterpret_cast<const char*>(at), static_cast<std::size_t>(number)};
    at += number;
  }
  at = take_varint(at, &number);
  *tally = {at, static_cast<std::size_t>(number)};
  return at + number;
}

void LeadSums::grow() {
  table_.assign(table_.size() * 4, 0);
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t i = 0; i < leads_.size(); ++i) {
    std::size_t at = leads_[i].hash;
    while (table_[at & mask] != 0) ++at;
    table_[at & mask] = i + 1;
  }
}

// Keys go by value, in registers: a LogKey that was written in parts is not read as a whole without a stall.
template <class Key>
[[gnu::always_inline]] inline std::uint32_t LeadSums::number_of(Key key, std::uint32_t hash) {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash;
  for (; table_[at & mask] != 0; ++at) {
    const std::uint32_t known = table_[at & mask] - 1;
    if constexpr (std::is_same_v<Key, std::int64_t>) {
      if (leads_[known].key.number == key) return known;
    } else {
      if (leads_[known].hash == hash && leads_[known].key.bytes == key) return known;
    }
  }
  if constexpr (std::is_same_v<Key, std::int64_t>) {
    return add_lead({key, {}}, hash, at & mask);
  } else {
    return add_lead({0, key}, hash, at & mask);
  }
}

std::uint32_t LeadSums::add_lead(const LogKey& key, std::uint32_t hash, std::size_t place) {
  leads_.push_back({key, hash, 0, {}});
  const auto number = static_cast<std::uint32_t>(leads_.size());
  table_[place] = number;
  if (2 * leads_.size() > table_.size()) grow();
  return number - 1;
}

void LeadSums::read_closed() {
  for (const LeadLog::Block* block = partition_.closed; block != nullptr; block = block->next) {
    const std::uint8_t* at = block->bytes();
    for (const std::uint8_t* end = at + block->size; at != end;) {
      LogKey key;
      Bytes tally;
      at = read_lead(at, log_.keys_, &key, &tally);
      const std::uint64_t hash = has_numbers_ ? LeadLog::hash_of(key.number) : LeadLog::hash_of(key.bytes);
      const std::uint32_t short_hash = LeadLog::short_hash(hash);
      Lead& lead =
          leads_[has_numbers_ ? number_of(key.number, short_hash) : number_of(key.bytes, short_hash)];
      lead.tally = lead.tally.empty() ? tally : merge(lead.tally, tally, scratch_);
    }
  }
}

void LeadSums::number_numbers(const LeadLog::Chunk& chunk) {
  const std::uint64_t* at = chunk.words();
  for (const std::uint64_t* end = at + chunk.used; at != end;) {
    const std::uint64_t head = *at++;
    std::int64_t key = static_cast<std::int32_t>(head);
    if ((head & LeadLog::is_one_word) != 0) [[likely]] {
      const std::uint32_t hash = LeadLog::short_hash(LeadLog::hash_of(key));
      number_entry(key, hash, {LeadLog::place_of(head), nullptr});
      continue;
    }
    if ((head & LeadLog::is_narrow) == 0) key = static_cast<std::int64_t>(*at++);
    at = number_words(key, LeadLog::short_hash(LeadLog::hash_of(key)), at);
  }
}

void LeadSums::number_bytes(const LeadLog::Chunk& chunk) {
  const std::uint64_t* at = chunk.words();
  std::string_view key;
  for (const std::uint64_t* end = at + chunk.used; at != end;) {
    const std::uint64_t head = *at++;
    const std::size_t length = head & LeadLog::same_key;
    if (length != LeadLog::same_key) {
      key = {reinterpret_cast<const char*>(at), length};
      at += LeadLog::words_for(length);
    }
    at = number_words(key, static_cast<std::uint32_t>(head >> 32), at);
  }
}

// Returns the place behind the entry.
template <class Key>
const std::uint64_t* LeadSums::number_words(Key key, std::uint32_t hash, const std::uint64_t* at) {
  const std::uint64_t first = *at++;
  const bool is_plain = (first & entry_words::is_more) == 0;
  number_entry(key, hash, {first & ~entry_words::is_more, is_plain ? nullptr : at});
  return is_plain ? at : at + entry_words::words_of_more(at);
}

template <class Key>
[[gnu::always_inline]] inline void LeadSums::number_entry(Key key, std::uint32_t hash, Place place) {
  const std::uint32_t lead = number_of(key, hash);
  ++leads_[lead].count;
  ++signals_[signal_of(place)];
  read_.push_back({place, lead});
}

void LeadSums::number_entries() {
  std::size_t words = 0;
  for (const LeadLog::Chunk* chunk = partition_.first; chunk != nullptr; chunk = chunk->next)
    words += chunk->used;
  read_.reserve(words);  // of which an entry takes one, at least
  for (const LeadLog::Chunk* chunk = partition_.first; chunk != nullptr; chunk = chunk->next) {
    if (has_numbers_) {
      number_numbers(*chunk);
    } else {
      number_bytes(*chunk);
    }
  }
}

// Lead by lead. Rows mostly come in the order of time, and so they stay here for each signal: what is left to sort of a
// lead is next to nothing.
void LeadSums::spread_entries() {
  std::pmr::vector<std::uint32_t> by_signal(read_.size(), scratch_);
  std::uint32_t start = 0;
  for (std::uint32_t& signal : signals_) start += std::exchange(signal, start);
  for (std::uint32_t i = 0; i < read_.size(); ++i) by_signal[signals_[signal_of(read_[i].place)]++] = i;
  places_.resize(read_.size());
  start = 0;
  for (Lead& lead : leads_) start += std::exchange(lead.count, start);
  for (const std::uint32_t i : by_signal) places_[leads_[read_[i].lead].count++] = read_[i].place;
}

std::uint64_t LeadSums::item_of(const Place& place) {
  return place.more == nullptr ? 0 : entry_words::item_of_more(place.more);
}

// By place, then item. Nearly in order already: few have to move, and not far.
void LeadSums::sort(std::span<Place> places) {
  std::size_t moves = most_moves * places.size();
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (places[i - 1].place <= places[i].place) [[likely]]
      continue;
    const Place moved = places[i];
    std::size_t to = i;
    for (; to > 0 && moved.place < places[to - 1].place; --to) places[to] = places[to - 1];
    places[to] = moved;
    if (i - to > moves) [[unlikely]] {
      std::sort(places.begin(), places.end(),
                [](const Place& a, const Place& b) { return a.place < b.place; });
      break;
    }
    moves -= i - to;
  }
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (places[i].place != places[i - 1].place) continue;
    const std::size_t first = i - 1;
    while (++i < places.size() && places[i].place == places[first].place) {
    }
    std::sort(places.begin() + static_cast<std::ptrdiff_t>(first),
              places.begin() + static_cast<std::ptrdiff_t>(i),
              [](const Place& a, const Place& b) { return item_of(a) < item_of(b); });
  }
}

Bytes LeadSums::sum(std::span<Place> places, std::pmr::memory_resource* memory) {
  const auto entry_of = [](const Place& place) {
    Entry entry = entry_words::plain_entry(place.place);
    if (place.more != nullptr)
      entry_words::read_more(place.more, place.more + entry_words::words_of_more(place.more), entry);
    return entry;
  };
  sort(places);
  TallyWriter writer(memory, TallyWriter::expected_bytes(places.size()));
  for (std::size_t i = 0; i < places.size();) {
    const bool is_alone = i + 1 == places.size() || places[i + 1].place != places[i].place;
    if (is_alone && places[i].more == nullptr) [[likely]] {
      writer.add(entry_words::plain_entry(places[i++].place));
      continue;
    }
    Entry sum = entry_of(places[i]);
    for (++i; i < places.size() && places[i].place == places[i - 1].place; ++i) {
      const Entry next = entry_of(places[i]);
      if (next.item != sum.item) break;
      add_to(sum, next);
    }
    if (!is_zero(sum)) writer.add(sum);
  }
  return writer.finish();
}

void LeadSums::write_lead(const Lead& lead, std::span<Place> places, std::pmr::memory_resource* memory) {
  Bytes tally = lead.tally;
  if (!places.empty()) {
    const Bytes added = sum(places, memory);
    tally = tally.empty() ? added : merge(tally, added, memory);
  }
  if (tally.empty()) return;
  std::array<std::uint8_t, tally_format::max_varint> room;
  const auto put_number = [&](std::uint64_t number) {
    out_.insert(out_.end(), room.data(), tally_format::put_varint(room.data(), number));
  };
  put_number(has_numbers_ ? tally_format::zigzag(lead.key.number) : lead.key.bytes.size());
  out_.insert(out_.end(), lead.key.bytes.begin(), lead.key.bytes.end());
  put_number(tally.size());
  out_.insert(out_.end(), tally.begin(), tally.end());
}

Bytes LeadSums::closed() {
  read_closed();
  number_entries();
  spread_entries();
  std::array<std::byte, 4096> room;
  std::pmr::monotonic_buffer_resource memory(room.data(), room.size(), scratch_);
  out_.reserve(places_.size() * 4 + leads_.size() * 8);
  std::size_t start = 0;
  for (const Lead& lead : leads_) {
    write_lead(lead, std::span(places_).subspan(start, lead.count - start), &memory);
    start = lead.count;
    memory.release();
  }
  return {out_.data(), out_.size()};
}

}  // namespace lead_scoring
