#include "open_tally.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include "error.hpp"
#include "tally_entries.hpp"
#include "tally_writer.hpp"

namespace lead_scoring {

namespace {

// Small states have little to sum; they rather grow.
constexpr std::uint32_t least_compacted = 32;

// Memory of one compaction or of one closing: that of a typical lead lies on the stack.
class Workspace {
 public:
  [[nodiscard]] std::pmr::memory_resource* memory() { return &memory_; }

 private:
  std::array<std::byte, 2048> first_;
  std::pmr::monotonic_buffer_resource memory_{first_.data(), first_.size(), std::pmr::new_delete_resource()};
};

}  // namespace

std::size_t OpenTally::size_for(std::uint32_t capacity) {
  return sizeof(OpenTally) + std::size_t{capacity} * sizeof(std::uint64_t);
}

OpenTally* OpenTally::create(void* memory, std::uint32_t capacity) {
  auto* tally = new (memory) OpenTally;
  tally->capacity_ = capacity;
  return tally;
}

OpenTally* OpenTally::create_from(void* memory, std::uint32_t capacity, const OpenTally& smaller) {
  if (capacity < smaller.used_) throw std::logic_error("an open tally cannot shrink below its entries");
  OpenTally* tally = create(memory, capacity);
  std::uninitialized_copy_n(smaller.words(), smaller.used_, tally->words());
  tally->used_ = smaller.used_;
  return tally;
}

bool OpenTally::fits(std::size_t size) const {
  return size >= size_for(0) && size_for(capacity_) == size && used_ <= capacity_;
}

bool OpenTally::add_with_care(const Entry& entry) {
  check_signal(entry);
  if (append(entry)) return true;
  if (capacity_ < least_compacted) return false;
  compact();
  // A quarter must be free, or a full state would be sorted again for every few entries.
  return used_ <= capacity_ - capacity_ / 4 && append(entry);
}

bool OpenTally::append(const Entry& entry) {
  std::array<std::uint64_t, entry_words::most> room;
  const auto size = static_cast<std::uint32_t>(entry_words::put(room.data(), entry) - room.data());
  if (capacity_ - used_ < size) return false;
  std::copy_n(room.begin(), size, words() + used_);
  used_ += size;
  return true;
}

bool OpenTally::append(const OpenTally& other) {
  if (capacity_ - used_ < other.used_) return false;
  std::copy_n(other.words(), other.used_, words() + used_);
  used_ += other.used_;
  return true;
}

// Only such a state is a list of its entries.
bool OpenTally::is_plain() const {
  return std::all_of(words(), words() + used_,
                     [](std::uint64_t word) { return word < entry_words::is_more; });
}

void OpenTally::compact() {
  Workspace workspace;
  std::pmr::vector<Entry> sums(workspace.memory());
  sums.reserve(used_);
  for (const Entry& entry : entries()) sums.push_back(entry);
  std::uint64_t* at = words();
  for (const Entry& entry : std::span(sums).first(sort_and_sum(sums))) at = entry_words::put(at, entry);
  used_ = static_cast<std::uint32_t>(at - words());
}

Bytes OpenTally::close(std::pmr::memory_resource* memory) const {
  if (used_ == 0) return {};
  Workspace workspace;
  if (!is_plain()) {
    std::pmr::vector<Entry> copy(workspace.memory());
    copy.reserve(used_);
    for (const Entry& entry : entries()) copy.push_back(entry);
    return encode(copy, memory);
  }
  std::pmr::vector<std::uint64_t> sorted(words(), words() + used_, workspace.memory());
  std::sort(sorted.begin(), sorted.end());
  TallyWriter writer(memory, TallyWriter::expected_bytes(used_));
  for (std::size_t i = 0; i < sorted.size();) {
    Entry sum = entry_words::plain_entry(sorted[i]);
    check_signal(sum);
    while (++i < sorted.size() && sorted[i] == sorted[i - 1]) ++sum.count;
    writer.add(sum);
  }
  return writer.finish();
}

}  // namespace lead_scoring
