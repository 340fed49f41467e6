// What reader and writer of the tally bytes share. The format itself is described in tally.hpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lead_scoring::tally_format {

inline constexpr std::uint8_t version = 1;

inline constexpr std::uint64_t has_value = 1;
inline constexpr std::uint64_t has_count = 2;
inline constexpr std::uint64_t has_item = 4;

inline constexpr std::size_t max_varint = 10;
inline constexpr std::size_t max_block_head = 2 * max_varint;
inline constexpr std::size_t max_entry = 3 * max_varint + sizeof(std::uint64_t);

// Small numbers of either sign become small unsigned ones: 0, −1, 1, −2 … turn into 0, 1, 2, 3 …
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t code) {
  return static_cast<std::int64_t>((code >> 1) ^ (~(code & 1) + 1));
}

[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t number) {
  std::size_t size = 1;
  while (number >= 0x80) {
    number >>= 7;
    ++size;
  }
  return size;
}
// Writes the shortest form and returns the place after it; there must be room for max_varint bytes.
constexpr std::uint8_t* put_varint(std::uint8_t* at, std::uint64_t number) {
  while (number >= 0x80) {
    *at++ = static_cast<std::uint8_t>(number | 0x80);
    number >>= 7;
  }
  *at++ = static_cast<std::uint8_t>(number);
  return at;
}

// Eight bytes, the lowest first.
[[nodiscard]] inline std::uint64_t load_word(const std::uint8_t* at) {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  for (int byte = 0; byte < 8; ++byte) word |= std::uint64_t{at[byte]} << (8 * byte);
  return word;
}

}  // namespace lead_scoring::tally_format
