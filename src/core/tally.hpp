// A tally: the finite map (signal, tick, item) → (count, value) of one lead. Tallies form an abelian
// group. The bytes are canonical: two tallies are equal iff their bytes are. The empty tally has no bytes.
//
// Encoding, format 1 (all numbers are minimal-length LEB128 varints; zigzag where signed):
//   byte 0x01, then one block a signal in ascending order of signal number:
//     varint  (signal gap << 1) | several     gap against the previous block's signal, the first against 0
//     varint  body length in bytes            only when `several` (two or more entries): lets a reader skip
//     entries in ascending order of (tick, item), timeless first:
//       varint (position << 3) | flags        1: value is stored, 2: count is stored, 4: item is stored
//         position of a block's first entry, and of the first dated one after timeless ones:
//           0 timeless, otherwise 1 + zigzag(tick − anchor); the anchor is the first dated tick of the
//           nearest earlier block that has one, or 0
//         position of any other entry: tick − previous tick; between timeless entries 0
//       varint zigzag(count)                  unless it is 1
//       varint zigzag(value)                  unless it is 0
//       8 bytes little-endian item            unless it is 0 (no item, or the NULL item)
// An entry with count 0 and value 0 does not exist; negative counts do (a row that failed on insert and
// matched on delete leaves −1).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>

#include "calendar.hpp"
#include "tally_format.hpp"

namespace lead_scoring {

struct Entry {
  std::uint32_t signal = 0;  // 1 … 2^31−1
  Tick tick = timeless;
  std::uint64_t item = 0;  // hash of the item's text; 0 is "no item"
  std::int64_t count = 0;
  std::int64_t value = 0;  // in 1/10000
  friend bool operator==(const Entry&, const Entry&) = default;
};
inline constexpr std::uint32_t max_signal = 2147483647;

// The order of entries in a tally: signal, tick (timeless first), item.
[[nodiscard]] inline bool before(const Entry& a, const Entry& b) {
  if (a.signal != b.signal) return a.signal < b.signal;
  if (a.tick != b.tick) return a.tick < b.tick;
  return a.item < b.item;
}
[[nodiscard]] inline bool same_place(const Entry& a, const Entry& b) {
  return a.signal == b.signal && a.tick == b.tick && a.item == b.item;
}
[[nodiscard]] inline bool is_zero(const Entry& entry) { return entry.count == 0 && entry.value == 0; }
// Adds count and value of an entry of the same place; out_of_range, naming the place, on overflow.
void add_to(Entry& sum, const Entry& other);

using Bytes = std::span<const std::uint8_t>;

// 64-bit hash of an item's text (XXH3), never 0. Two items that collide count as one.
[[nodiscard]] std::uint64_t hash_item(std::string_view text);

// Forward reader:
//   while (reader.next_signal()) while (reader.next(entry)) …      an unread rest of a block is skipped.
// Safe on hostile bytes: every step is bounds-checked and throws corrupt_data, after which the reader must
// not be used any more. Signals come in strictly ascending order and the ticks of a signal in ascending
// order whatever the bytes are; that they are canonical is check_canonical's business.
class TallyReader {
 public:
  explicit TallyReader(Bytes bytes);
  bool next_signal();
  [[nodiscard]] std::uint32_t signal() const { return signal_; }
  bool next(Entry& entry);
  // What the entries of a block have in common.
  struct Facts {
    std::int64_t more = 0;      // while plain: sum of the counts beyond one each
    bool is_plain = true;       // no count is 0 or less, or so large that their sum could be too large
    bool has_repeated = false;  // ticks that several dated entries share
  };
  // The same for the first entry of a block, and for as many of the others as there is room for; returns the end of
  // what it has written.
  void read_first(Entry& entry, Facts& facts);
  [[nodiscard]] Entry* read_rest(Entry* out, const Entry* end, Facts& facts);
  [[nodiscard]] bool is_read() const { return at_ == limit_; }  // the present block
  // The unread bytes of the present block, which count as read from now on. They continue the entry read
  // last, which must be a dated one: only then are all positions in them free of the anchor.
  [[nodiscard]] Bytes take_rest();

 private:
  [[nodiscard]] std::uint64_t varint();
  struct Varint {
    std::uint64_t number;
    const std::uint8_t* end;
  };
  [[nodiscard]] static Varint long_varint(Bytes bytes, const std::uint8_t* at, const std::uint8_t* limit);
  [[nodiscard]] std::uint64_t long_varint();
  void skip_to_anchor();
  void start_dated(std::uint64_t position);
  void read_fields(Entry& entry, std::uint64_t flags);
  [[nodiscard]] std::uint64_t read_head();  // as varint, where there is a byte left
  void write(std::uint64_t head, Tick tick, Entry& entry, Facts& facts);
  [[nodiscard]] static const std::uint8_t* read_fields(Bytes bytes, const std::uint8_t* at,
                                                       const std::uint8_t* limit, std::uint64_t flags,
                                                       Entry& entry, Facts& facts);
  [[nodiscard]] Bytes bytes() const { return {begin_, end_}; }
  [[noreturn]] static void fail(const char* what, Bytes bytes, const std::uint8_t* at);
  [[noreturn, gnu::always_inline]] void fail(const char* what) const { fail(what, bytes(), at_); }

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const std::uint8_t* limit_;  // end of the block as far as it is known: of a single entry once it was read
  std::uint32_t signal_ = 0;
  Tick anchor_ = 0;       // turns into the next block's anchor with the first dated entry
  Tick tick_ = timeless;  // of the entry read last
  bool single_ = false;
};

// All functions that return bytes allocate them from `memory`; nobody frees them one by one.
// Entries in any order, equal places summed, zero entries dropped; sorts the span in place.
[[nodiscard]] Bytes encode(std::span<Entry> entries, std::pmr::memory_resource* memory);
// a + b, and −a; out_of_range on overflow.
[[nodiscard]] Bytes merge(Bytes a, Bytes b, std::pmr::memory_resource* memory);
[[nodiscard]] Bytes negate(Bytes tally, std::pmr::memory_resource* memory);
// The entries of the given signals (ascending), or all the others.
[[nodiscard]] Bytes only(Bytes tally, std::span<const std::uint32_t> signals,
                         std::pmr::memory_resource* memory);
[[nodiscard]] Bytes without(Bytes tally, std::span<const std::uint32_t> signals,
                            std::pmr::memory_resource* memory);
[[nodiscard]] std::size_t entry_count(Bytes tally);
// Accepts exactly the canonical bytes and throws invalid_binary, naming the byte offset, for all others.
void check_canonical(Bytes bytes);

// Text form: {} or {signal@tick#item:count=value, …}; "@tick" is missing for timeless entries, "#item"
// (16 hex digits) without item, "=value" (decimal) when it is 0. An example:
//   {1@9811:1,2@9811#00c0ffee00c0ffee:3=12.5,7:1}
// Input may have white space and any order; equal places are summed. invalid_text and out_of_range name the
// character.
[[nodiscard]] std::string to_text(Bytes tally);
[[nodiscard]] Bytes parse_tally(std::string_view text, std::pmr::memory_resource* memory);

// The inner loop of every evaluation: a plain entry (one occurrence, no value, no item, a few ticks after the
// one before) is one byte and must stay a handful of instructions. So what is rare is told the reader's state by
// value: a reader whose address nobody takes lives in registers.
[[gnu::always_inline]] inline TallyReader::TallyReader(Bytes bytes)
    : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()), limit_(at_) {
  if (bytes.empty()) return;
  if (*at_ != tally_format::version) fail("an unknown format number");
  limit_ = ++at_;
}

[[gnu::always_inline]] inline std::uint64_t TallyReader::long_varint() {
  const Varint read = long_varint(bytes(), at_, limit_);
  at_ = read.end;
  return read.number;
}

[[gnu::always_inline]] inline std::uint64_t TallyReader::varint() {
  if (at_ != limit_ && at_[0] < 0x80) [[likely]]
    return *at_++;
  if (limit_ - at_ > 1 && at_[1] < 0x80) {
    const std::uint64_t number = (at_[0] & 0x7fU) | at_[1] << 7;
    at_ += 2;
    return number;
  }
  return long_varint();
}

[[gnu::always_inline]] inline void TallyReader::start_dated(std::uint64_t position) {
  const std::int64_t tick = anchor_ + tally_format::unzigzag(position - 1);
  // `timeless` is no tick: it is the smallest number of the type.
  if (tick <= timeless || tick > std::numeric_limits<Tick>::max()) [[unlikely]]
    fail("a tick beyond its range");
  tick_ = anchor_ = static_cast<Tick>(tick);
}

[[gnu::always_inline]] inline void TallyReader::read_fields(Entry& entry, std::uint64_t flags) {
  if ((flags & tally_format::has_count) != 0) entry.count = tally_format::unzigzag(varint());
  if ((flags & tally_format::has_value) != 0) entry.value = tally_format::unzigzag(varint());
  if ((flags & tally_format::has_item) != 0) {
    if (limit_ - at_ < static_cast<std::ptrdiff_t>(sizeof entry.item))
      fail("the end of the bytes inside an item");
    entry.item = tally_format::load_word(at_);
    at_ += sizeof entry.item;
  }
}

[[gnu::always_inline]] inline bool TallyReader::next(Entry& entry) {
  if (at_ == limit_) return false;
  const std::uint64_t head = varint();
  const std::uint64_t position = head >> 3;
  if (tick_ != timeless) [[likely]] {
    if (position > static_cast<std::uint64_t>(std::int64_t{std::numeric_limits<Tick>::max()} - tick_))
        [[unlikely]]
      fail("a tick beyond its range");
    tick_ = static_cast<Tick>(tick_ + static_cast<std::int64_t>(position));
  } else if (position != 0) {
    start_dated(position);
  }
  entry = {.signal = signal_, .tick = tick_, .item = 0, .count = 1, .value = 0};
  if ((head & 7) != 0) read_fields(entry, head & 7);
  if (single_) limit_ = at_;
  return true;
}

[[gnu::always_inline]] inline void TallyReader::skip_to_anchor() {
  Entry skipped;
  while (tick_ == timeless && next(skipped)) {
  }
}

[[gnu::always_inline]] inline bool TallyReader::next_signal() {
  // The next block may be anchored on this one's first dated entry, so a skipped block is read as far as that.
  if (tick_ == timeless && at_ != limit_) [[unlikely]]
    skip_to_anchor();
  const std::uint8_t* at = at_ = limit_;
  if (at == end_) return false;
  limit_ = end_;
  tick_ = timeless;
  // Nearly always a gap below 64 and a length below 128.
  std::uint64_t head = *at;
  if (head < 0x80) [[likely]] {
    at_ = at + 1;
  } else {
    head = long_varint();
  }
  const std::uint64_t gap = head >> 1;
  if (gap - 1 >= max_signal - signal_) [[unlikely]]  // 0 becomes the greatest
    fail("a signal number not greater than the one before, or too great");
  signal_ += static_cast<std::uint32_t>(gap);
  single_ = (head & 1) == 0;
  if (single_) {
    if (at_ == end_) [[unlikely]]
      fail("the end of the bytes inside an entry");
    return true;
  }
  const std::uint64_t length = varint();
  if (length > static_cast<std::uint64_t>(end_ - at_)) [[unlikely]]
    fail("a block longer than the bytes");
  limit_ = at_ + length;
  return true;
}

[[gnu::always_inline]] inline std::uint64_t TallyReader::read_head() {
  const std::uint8_t* const at = at_;
  if (at[0] < 0x80) {
    ++at_;
    return at[0];
  }
  if (at + 1 != limit_ && at[1] < 0x80) [[likely]] {
    at_ += 2;
    return (at[0] & 0x7fU) | std::uint64_t{at[1]} << 7;
  }
  if (limit_ - at > 2 && at[2] < 0x80) {  // as the first dated entry of a tally has it
    at_ += 3;
    return (at[0] & 0x7fU) | (at[1] & 0x7fU) << 7 | std::uint64_t{at[2]} << 14;
  }
  return long_varint();
}

[[gnu::always_inline]] inline void TallyReader::write(std::uint64_t head, Tick tick, Entry& entry,
                                                      Facts& facts) {
  entry = {.signal = signal_, .tick = tick, .item = 0, .count = 1, .value = 0};
  const std::uint64_t flags = head & 7;
  if (flags == 0) [[likely]]
    return;
  if (flags == tally_format::has_item && limit_ - at_ >= static_cast<std::ptrdiff_t>(sizeof entry.item)) {
    entry.item = tally_format::load_word(at_);
    at_ += sizeof entry.item;
  } else {
    at_ = read_fields(bytes(), at_, limit_, flags, entry, facts);
  }
}

[[gnu::always_inline]] inline void TallyReader::read_first(Entry& entry, Facts& facts) {
  const std::uint64_t head = read_head();
  if (head >> 3 != 0) start_dated(head >> 3);
  write(head, tick_, entry, facts);
  if (single_) limit_ = at_;
}

[[gnu::always_inline]] inline Entry* TallyReader::read_rest(Entry* out, const Entry* end, Facts& facts) {
  // Each takes a byte at least, so that no more begin before `stop` than there is room for.
  const std::uint8_t* const stop = at_ + std::clamp<std::ptrdiff_t>(end - out, 0, limit_ - at_);
  while (tick_ == timeless && at_ < stop) {
    read_first(*out++, facts);
  }
  std::int64_t tick = tick_;
  while (at_ < stop) {
    const std::uint64_t head = read_head();
    tick += static_cast<std::int64_t>(head >> 3);  // of 61 bits
    if (tick > std::numeric_limits<Tick>::max()) [[unlikely]]
      fail("a tick beyond its range");
    facts.has_repeated |= head < 8;
    write(head, static_cast<Tick>(tick), *out++, facts);
  }
  tick_ = static_cast<Tick>(tick);
  return out;
}

}  // namespace lead_scoring
