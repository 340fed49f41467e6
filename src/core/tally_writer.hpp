// Writes the canonical bytes of a tally, entry by entry in their order; grows its buffer as needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "tally.hpp"

namespace lead_scoring {

class TallyWriter {
 public:
  TallyWriter(std::pmr::memory_resource* memory, std::size_t expected_bytes);
  TallyWriter(const TallyWriter&) = delete;
  TallyWriter& operator=(const TallyWriter&) = delete;

  // Places must come in strictly ascending order; zero entries must not come at all.
  void add(const Entry& entry);
  // What is unread of the reader's present block. It may continue entries of the same signal.
  void copy_rest(TallyReader& reader);
  // Nothing may be written afterwards. The bytes belong to the memory resource.
  [[nodiscard]] Bytes finish();

 private:
  void start_block(std::uint32_t signal);
  void close_block();
  void make_room(std::size_t bytes);
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

}  // namespace lead_scoring
