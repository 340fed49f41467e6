// An aggregate's state. Entries in any order, added one by one, through growth and compaction, are the sum that merging
// them gives; and memory that claims to be a state, as a value handed to the functions of the aggregate could be, is
// read with an error of ours or as what it says.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory_resource>
#include <vector>

#include "core/error.hpp"
#include "core/open_tally.hpp"
#include "core/tally.hpp"

namespace {

using namespace lead_scoring;

void require(bool holds) {
  if (!holds) std::abort();
}

// The numbers of an input, of which there is no end: zeros follow.
class Numbers {
 public:
  Numbers(const std::uint8_t* at, const std::uint8_t* end) : at_(at), end_(end) {}
  [[nodiscard]] bool done() const { return at_ == end_; }
  std::uint8_t byte() { return done() ? std::uint8_t{0} : *at_++; }
  std::uint64_t word() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | byte();
    return value;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

// Few places, so that entries meet; now and then any number at all.
Entry entry_of(Numbers& numbers) {
  const std::uint8_t kind = numbers.byte();
  Entry entry;
  entry.signal = 1 + (kind & 3U);
  entry.tick = (kind & 4U) != 0 ? timeless : static_cast<Tick>(numbers.byte());
  entry.count = (kind & 8U) != 0 ? static_cast<std::int64_t>(static_cast<std::int8_t>(numbers.byte())) : 1;
  if ((kind & 16U) != 0) entry.value = static_cast<std::int64_t>(static_cast<std::int8_t>(numbers.byte()));
  if ((kind & 32U) != 0) entry.item = numbers.byte();
  if ((kind & 192U) == 192U) {
    entry.count = static_cast<std::int64_t>(numbers.word());
    entry.value = static_cast<std::int64_t>(numbers.word());
    entry.item = numbers.word();
    entry.tick = static_cast<Tick>(numbers.word());
  }
  return entry;
}

OpenTally* grown(const OpenTally* full, std::pmr::memory_resource& memory) {
  const std::uint32_t capacity = full->capacity() * 2 + 8;
  return OpenTally::create_from(memory.allocate(OpenTally::size_for(capacity), 8), capacity, *full);
}

void add_all(Numbers numbers, std::pmr::memory_resource& memory) {
  OpenTally* state = OpenTally::create(memory.allocate(OpenTally::size_for(2), 8), 2);
  Bytes sum;
  while (!numbers.done()) {
    Entry entry = entry_of(numbers);
    while (!state->add(entry)) state = grown(state, memory);
    sum = merge(sum, encode({&entry, 1}, &memory), &memory);
  }
  const Bytes closed = state->close(&memory);
  check_canonical(closed);
  require(std::equal(closed.begin(), closed.end(), sum.begin(), sum.end()));
}

void read_as_state(const std::uint8_t* data, std::size_t size, std::pmr::memory_resource& memory) {
  if (size < sizeof(OpenTally)) return;
  // Of just this size, so that a read beyond it is found.
  std::vector<std::uint64_t> copy((size + 7) / 8);
  std::memcpy(copy.data(), data, size);
  const auto* state = reinterpret_cast<const OpenTally*>(copy.data());
  if (!state->fits(size)) return;
  for (const Entry& entry : state->entries()) (void)entry;
  check_canonical(state->close(&memory));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::pmr::monotonic_buffer_resource memory;
  try {
    add_all({data, data + size}, memory);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::out_of_range);
  }
  try {
    read_as_state(data, size, memory);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::corrupt_data || error.kind() == ErrorKind::out_of_range);
  }
  return 0;
}
