#include "pg/growing_tally.hpp"

#include "core/error.hpp"
#include "pg/tally_datum.hpp"

namespace lead_scoring {

namespace {

// A whole piece of memory, and a few typical rows.
constexpr std::size_t block_size = 128;
constexpr std::uint32_t first_compaction = 512;

static_assert(sizeof(GrowingTally) % alignof(std::uint64_t) == 0);
const std::uint32_t block_words = static_cast<std::uint32_t>(
    (block_size - sizeof(GrowingTally) - OpenTally::size_for(0)) / sizeof(std::uint64_t));

OpenTally* part_of(GrowingTally* block) { return reinterpret_cast<OpenTally*>(block + 1); }
const OpenTally* part_of(const GrowingTally* block) { return reinterpret_cast<const OpenTally*>(block + 1); }
std::size_t size_of(std::uint32_t words) { return sizeof(GrowingTally) + OpenTally::size_for(words); }
std::uint32_t words_of(const GrowingTally* block) { return block->words + part_of(block)->used(); }

GrowingTally* make_block(std::uint32_t words, std::pmr::memory_resource& memory) {
  auto* block = static_cast<GrowingTally*>(memory.allocate(size_of(words), MAXIMUM_ALIGNOF));
  *block = {nullptr, 0, first_compaction};
  OpenTally::create(block + 1, words);
  return block;
}

void free_chain(GrowingTally* block, std::pmr::memory_resource& memory) {
  while (block != nullptr) {
    GrowingTally* earlier = block->earlier;
    memory.deallocate(block, size_of(part_of(block)->capacity()), MAXIMUM_ALIGNOF);
    block = earlier;
  }
}

// All blocks as one, not compacted.
GrowingTally* joined(const GrowingTally* last, std::pmr::memory_resource& memory) {
  GrowingTally* whole = make_block(words_of(last), memory);
  for (const GrowingTally* block = last; block != nullptr; block = block->earlier)
    if (!part_of(whole)->append(*part_of(block)))
      throw std::logic_error("a growing tally has more words than it says");
  return whole;
}

// A block with room after `last`, which is full.
GrowingTally* next_block(GrowingTally* last, std::pmr::memory_resource& memory) {
  const std::uint32_t words = words_of(last);
  if (words > std::numeric_limits<std::uint32_t>::max() - block_words)
    throw Error(ErrorKind::out_of_range, "a tally has too many entries to be summed");
  if (words >= last->compact_at) {
    GrowingTally* whole = joined(last, memory);
    part_of(whole)->compact();  // a sum may overflow: then what is there stays as it is
    free_chain(last, memory);
    const std::uint64_t twice = 2 * static_cast<std::uint64_t>(words_of(whole));
    whole->compact_at = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(twice, first_compaction, std::numeric_limits<std::uint32_t>::max()));
    return whole;
  }
  GrowingTally* next = make_block(block_words, memory);
  next->earlier = last;
  next->words = words;
  next->compact_at = last->compact_at;
  return next;
}

}  // namespace

GrowingTally* growing_tally_add(GrowingTally* tally, std::span<const Entry> entries, MemoryContext context) {
  return run_core([=] {
    ContextResource memory(context);
    GrowingTally* last = tally != nullptr ? tally : make_block(block_words, memory);
    for (const Entry& entry : entries)
      while (!part_of(last)->add(entry)) last = next_block(last, memory);
    return last;
  });
}

Datum growing_tally_value(const GrowingTally* tally, MemoryContext scratch) {
  const Bytes bytes = run_core([=] {
    ContextResource memory(scratch);
    const GrowingTally* whole = tally->earlier == nullptr ? tally : joined(tally, memory);
    return part_of(whole)->close(&memory);
  });
  return tally_datum_from(bytes);
}

}  // namespace lead_scoring
