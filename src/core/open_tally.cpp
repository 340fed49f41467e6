#include <algorithm>
#include <memory>
#include <memory_resource>
#include <new>
#include <stdexcept>

#include "tally.hpp"
#include "tally_entries.hpp"

namespace lead_scoring {

std::size_t OpenTally::size_for(std::uint32_t capacity) {
  return sizeof(OpenTally) + std::size_t{capacity} * sizeof(Entry);
}

OpenTally* OpenTally::create(void* memory, std::uint32_t capacity) {
  auto* tally = new (memory) OpenTally;
  tally->capacity_ = capacity;
  return tally;
}

OpenTally* OpenTally::create_from(void* memory, std::uint32_t capacity, const OpenTally& smaller) {
  if (capacity < smaller.used_) throw std::logic_error("an open tally cannot shrink below its entries");
  OpenTally* tally = create(memory, capacity);
  std::uninitialized_copy_n(smaller.data(), smaller.used_, tally->data());
  tally->used_ = smaller.used_;
  return tally;
}

bool OpenTally::add(const Entry& entry) {
  // Rows often come in the order of time, so that many of one day follow each other.
  if (used_ > 0 && same_place(data()[used_ - 1], entry)) {
    add_to(data()[used_ - 1], entry);
    return true;
  }
  if (used_ == capacity_) {
    compact();
    // A quarter must be free, or a full state would be sorted again for every few entries.
    if (used_ == capacity_ || used_ > capacity_ - capacity_ / 4) return false;
  }
  data()[used_++] = entry;
  return true;
}

void OpenTally::compact() { used_ = static_cast<std::uint32_t>(sort_and_sum({data(), used_})); }

Bytes OpenTally::close(std::pmr::memory_resource* memory) const {
  if (used_ == 0) return {};
  std::pmr::polymorphic_allocator<Entry> allocator(memory);
  Entry* copy = allocator.allocate(used_);
  std::uninitialized_copy_n(data(), used_, copy);
  const Bytes bytes = encode({copy, used_}, memory);
  allocator.deallocate(copy, used_);
  return bytes;
}

}  // namespace lead_scoring
