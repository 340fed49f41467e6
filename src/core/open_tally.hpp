// An aggregate's growing state: plain memory owned by the caller, aligned as a 64-bit word is. Entries are appended
// in any order, also several of one place and zero ones, and compacted when the state is full.
//
// What counts is memory, since there may be many groups: entries are words, see entry_words.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory_resource>
#include <span>

#include "entry_words.hpp"
#include "tally.hpp"

namespace lead_scoring {

class OpenTally {
 public:
  // Capacities are numbers of words.
  static std::size_t size_for(std::uint32_t capacity);
  static OpenTally* create(void* memory, std::uint32_t capacity);  // memory of size_for(capacity)
  // A copy with more room (or with no less than its entries need).
  static OpenTally* create_from(void* memory, std::uint32_t capacity, const OpenTally& smaller);
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  [[nodiscard]] std::uint32_t used() const { return used_; }
  // Whether memory of so many bytes can hold what this claims to be. What lies in it is checked where it is read.
  [[nodiscard]] bool fits(std::size_t size) const;

  // False when it is full even after compaction to at most three quarters: create a larger one, add again.
  // out_of_range when a sum overflows.
  [[nodiscard]] bool add(const Entry& entry) {
    if (used_ < capacity_ && entry_words::is_plain(entry) && entry_words::is_signal(entry)) [[likely]] {
      words()[used_++] = entry_words::place_of(entry);
      return true;
    }
    return add_with_care(entry);
  }
  // All entries of the other, as they lie there. False: there is no room for them.
  [[nodiscard]] bool append(const OpenTally& other);
  void compact();  // sort, sum equal places, drop zeros
  // Canonical bytes; does not change the state (a final function must not).
  [[nodiscard]] Bytes close(std::pmr::memory_resource* memory) const;

  // In the order in which they lie there; corrupt_data for what no state of ours holds.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = const Entry*;
    using reference = const Entry&;
    Iterator(const std::uint64_t* at, const std::uint64_t* end) : next_(at), end_(end) { ++*this; }
    const Entry& operator*() const { return entry_; }
    Iterator& operator++() {
      at_ = next_;
      if (at_ != end_) next_ = entry_words::read(next_, end_, entry_);
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    Entry entry_{};
    const std::uint64_t* at_ = nullptr;
    const std::uint64_t* next_;
    const std::uint64_t* end_;
  };
  struct Entries {
    const std::uint64_t* first;
    const std::uint64_t* last;
    [[nodiscard]] Iterator begin() const { return {first, last}; }
    [[nodiscard]] Iterator end() const { return {last, last}; }
  };
  [[nodiscard]] Entries entries() const { return {words(), words() + used_}; }

 private:
  OpenTally() = default;
  [[nodiscard]] bool add_with_care(const Entry& entry);
  [[nodiscard]] bool append(const Entry& entry);
  [[nodiscard]] bool is_plain() const;
  [[nodiscard]] std::uint64_t* words() { return reinterpret_cast<std::uint64_t*>(this + 1); }
  [[nodiscard]] const std::uint64_t* words() const {
    return reinterpret_cast<const std::uint64_t*>(this + 1);
  }
  std::uint32_t used_ = 0;
  std::uint32_t capacity_ = 0;
};
static_assert(sizeof(OpenTally) == 8);

}  // namespace lead_scoring
