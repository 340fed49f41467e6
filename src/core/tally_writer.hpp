// Writes the canonical bytes of a tally, entry by entry in their order; grows its buffer as needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "tally.hpp"
#include "tally_format.hpp"

namespace lead_scoring {

class TallyWriter {
 public:
  TallyWriter(std::pmr::memory_resource* memory, std::size_t expected_bytes);
  // Of a typical tally with so many entries.
  [[nodiscard]] static std::size_t expected_bytes(std::size_t entries) {
    return entries * 4 + 2 * tally_format::max_entry;
  }
  TallyWriter(const TallyWriter&) = delete;
  TallyWriter& operator=(const TallyWriter&) = delete;

  // Places must come in strictly ascending order; zero entries must not come at all.
  void add(const Entry& entry) {
    if (entry.signal == signal_) {
      several_ = true;
    } else {
      start_block(entry.signal);
    }
    make_room(tally_format::max_entry);
    const std::uint64_t flags = (entry.value != 0 ? tally_format::has_value : 0) |
                                (entry.count != 1 ? tally_format::has_count : 0) |
                                (entry.item != 0 ? tally_format::has_item : 0);
    const std::uint64_t head = position_of(entry.tick) << 3 | flags;
    if (head < 0x4000) [[likely]] {
      if (head >= 0x80) *at_++ = static_cast<std::uint8_t>(head | 0x80);
      *at_++ = static_cast<std::uint8_t>(head >= 0x80 ? head >> 7 : head);
    } else {
      at_ = tally_format::put_varint(at_, head);
    }
    if (flags != 0) write_fields(entry);
  }
  // What is unread of the reader's present block. It may continue entries of the same signal.
  void copy_rest(TallyReader& reader);
  // Nothing may be written afterwards. The bytes belong to the memory resource.
  [[nodiscard]] Bytes finish();

 private:
  void start_block(std::uint32_t signal);
  void close_block();
  [[nodiscard]] std::uint64_t position_of(Tick tick);
  void write_fields(const Entry& entry);
  void make_room(std::size_t bytes) {
    if (static_cast<std::size_t>(limit_ - at_) < bytes) grow(bytes);
  }
  void grow(std::size_t bytes);

  std::pmr::memory_resource* memory_;
  std::size_t expected_bytes_;
  std::uint8_t* begin_ = nullptr;
  std::uint8_t* at_ = nullptr;
  std::uint8_t* limit_ = nullptr;
  // The present block. Its head is written for a single entry and mended when it closes: most are single.
  std::size_t head_ = 0;
  std::size_t body_ = 0;
  bool several_ = false;
  std::uint32_t signal_ = 0;  // 0: no block yet
  Tick anchor_ = 0;
  Tick tick_ = timeless;
};

// And takes it as the tick of the entry written last.
inline std::uint64_t TallyWriter::position_of(Tick tick) {
  std::uint64_t position = 0;
  if (tick_ != timeless) [[likely]] {
    position = static_cast<std::uint64_t>(std::int64_t{tick} - tick_);
  } else if (tick != timeless) {
    position = 1 + tally_format::zigzag(std::int64_t{tick} - anchor_);
    anchor_ = tick;
  }
  tick_ = tick;
  return position;
}

}  // namespace lead_scoring
