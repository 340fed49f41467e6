// Entries as 64-bit words, the form in which they wait to be sorted and summed. Nearly all are plain ones (one
// occurrence, no value, no item), which take one word:
//   signal << 32 | tick − timeless            a plain entry; so words in ascending order are entries in theirs
//   the same with the highest bit set         any other entry; behind it
//     zigzag(count) << 3 | flags                1: a value follows, 2: an item follows, 4: the count follows instead
//     [count] [value] [item]
#pragma once

#include <cstddef>
#include <cstdint>

#include "tally.hpp"

namespace lead_scoring::entry_words {

inline constexpr std::uint64_t is_more = std::uint64_t{1} << 63;  // than a plain entry
inline constexpr std::size_t most = 5;                            // of an entry

[[nodiscard]] inline std::uint64_t place_of(const Entry& entry) {
  return std::uint64_t{entry.signal} << 32 | (static_cast<std::uint32_t>(entry.tick) ^ 0x80000000U);
}
[[nodiscard]] inline bool is_plain(const Entry& entry) {
  return entry.count == 1 && entry.value == 0 && entry.item == 0;
}
[[nodiscard]] inline bool is_signal(const Entry& entry) { return entry.signal - 1 < max_signal; }

[[nodiscard]] inline Entry plain_entry(std::uint64_t word) {
  return {.signal = static_cast<std::uint32_t>(word >> 32) & max_signal,
          .tick = static_cast<Tick>(static_cast<std::uint32_t>(word) ^ 0x80000000U),
          .item = 0,
          .count = 1,
          .value = 0};
}

// Writes what is not a plain entry; returns the place after it.
std::uint64_t* put_more(std::uint64_t* at, const Entry& entry);

// Writes an entry; there must be room for `most` words.
inline std::uint64_t* put(std::uint64_t* at, const Entry& entry) {
  if (!is_plain(entry)) [[unlikely]]
    return put_more(at, entry);
  *at++ = place_of(entry);
  return at;
}

// What stands behind the first word of an entry that is not a plain one: how many words, and the item, which is the last.
inline constexpr std::uint64_t has_value = 1;
inline constexpr std::uint64_t has_item = 2;
inline constexpr std::uint64_t has_wide_count = 4;
[[nodiscard]] inline std::size_t words_of_more(const std::uint64_t* more) {
  return static_cast<std::size_t>(1 + (*more & 1) + (*more >> 1 & 1) + (*more >> 2 & 1));
}
[[nodiscard]] inline std::uint64_t item_of_more(const std::uint64_t* more) {
  return (*more & has_item) != 0 ? more[words_of_more(more) - 1] : 0;
}

// Reads an entry and moves on; corrupt_data when it goes on behind the end. At least one word must be there.
const std::uint64_t* read_more(const std::uint64_t* at, const std::uint64_t* end, Entry& entry);

inline const std::uint64_t* read(const std::uint64_t* at, const std::uint64_t* end, Entry& entry) {
  const std::uint64_t word = *at++;
  entry = plain_entry(word);
  return (word & is_more) == 0 ? at : read_more(at, end, entry);
}

}  // namespace lead_scoring::entry_words
