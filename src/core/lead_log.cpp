#include "lead_log.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "lead_sums.hpp"
#include "tally_entries.hpp"
#include "tally_format.hpp"

namespace lead_scoring {

namespace {

// Bytes of a chunk with its head: whole pieces of memory, twice as large each time.
constexpr std::size_t first_chunk = 512;
constexpr std::size_t largest_chunk = 65536;
// Words of a partition: enough to be worth the closing, and not more than the cache holds twice.
constexpr std::size_t least_closed = 1024;
constexpr std::size_t most_closed = 32768;
// What a partition's entries and leads need while it is closed, see LeadSums.
constexpr std::size_t first_scratch = 65536;
constexpr std::size_t bytes_to_close_word = 40;

}  // namespace

LeadLog::LeadLog(Keys keys, std::size_t budget, std::pmr::memory_resource* memory)
    : memory_(memory),
      least_close_at_(std::clamp(budget / partitions / sizeof(std::uint64_t), least_closed, most_closed)),
      keys_(keys) {
  for (Partition& partition : partitions_) partition.close_at = least_close_at_;
}

std::uint64_t LeadLog::hash_of(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

void LeadLog::append_words(Tail& tail, std::int64_t key, const Entry& entry) {
  if (!entry_words::is_signal(entry)) check_signal(entry);
  if (key == static_cast<std::int32_t>(key)) {
    *tail.at++ = is_narrow | static_cast<std::uint32_t>(key);
  } else {
    *tail.at++ = 0;
    *tail.at++ = static_cast<std::uint64_t>(key);
  }
  tail.at = entry_words::put(tail.at, entry);
}

void LeadLog::append(std::string_view key, std::span<const Entry> entries) {
  if (key.size() >= same_key) throw std::length_error("the key of a lead is too long");
  const std::uint64_t hash = hash_of(key);
  const std::size_t partition = partition_of(hash);
  const std::size_t key_words = words_for(key.size());
  const std::size_t most_words = 1 + key_words + entry_words::most;
  Tail& tail = tails_[partition];
  bool is_written = false;
  for (const Entry& entry : entries) {
    if (static_cast<std::size_t>(tail.end - tail.at) < most_words) {
      make_room(partition, most_words);
      is_written = false;
    }
    if (!entry_words::is_signal(entry)) check_signal(entry);
    *tail.at++ = std::uint64_t{short_hash(hash)} << 32 | (is_written ? same_key : key.size());
    if (!is_written) {
      if (key_words > 0) tail.at[key_words - 1] = 0;  // no byte is left as it was found
      std::memcpy(tail.at, key.data(), key.size());
      tail.at += key_words;
      is_written = true;
    }
    tail.at = entry_words::put(tail.at, entry);
  }
}

std::size_t LeadLog::last_words(std::size_t partition) const {
  const Chunk* last = partitions_[partition].last;
  return last == nullptr ? 0 : static_cast<std::size_t>(tails_[partition].at - last->words());
}

void LeadLog::make_room(std::size_t partition, std::size_t words) {
  if (words_in(partition) >= partitions_[partition].close_at) close(partition);
  add_chunk(partition, words);
}

void LeadLog::add_chunk(std::size_t partition, std::size_t words) {
  Partition& p = partitions_[partition];
  const std::size_t wanted =
      std::clamp(std::bit_ceil(words_in(partition) * sizeof(std::uint64_t)), first_chunk, largest_chunk);
  const std::size_t size = std::max(wanted, std::bit_ceil(sizeof(Chunk) + words * sizeof(std::uint64_t)));
  auto* chunk = static_cast<Chunk*>(memory_->allocate(size, alignof(Chunk)));
  *chunk = {nullptr, (size - sizeof(Chunk)) / sizeof(std::uint64_t), 0};
  if (p.last == nullptr) {
    p.first = chunk;
  } else {
    p.last->used = last_words(partition);
    p.earlier_words += p.last->used;
    p.last->next = chunk;
  }
  p.last = chunk;
  tails_[partition] = {chunk->words(), chunk->words() + chunk->capacity};
}

void LeadLog::free_chunks(std::size_t partition) {
  Partition& p = partitions_[partition];
  for (Chunk* chunk = p.first; chunk != nullptr;) {
    Chunk* next = chunk->next;
    memory_->deallocate(chunk, sizeof(Chunk) + chunk->capacity * sizeof(std::uint64_t), alignof(Chunk));
    chunk = next;
  }
  p.first = p.last = nullptr;
  p.earlier_words = 0;
  tails_[partition] = {};
}

void LeadLog::free_blocks(std::size_t partition) {
  for (Block* block = partitions_[partition].closed; block != nullptr;) {
    Block* next = block->next;
    memory_->deallocate(block, sizeof(Block) + block->size, alignof(Block));
    block = next;
  }
  partitions_[partition].closed = nullptr;
}

void LeadLog::add_block(std::size_t partition, Bytes bytes) {
  if (bytes.empty()) return;
  auto* block = static_cast<Block*>(memory_->allocate(sizeof(Block) + bytes.size(), alignof(Block)));
  *block = {partitions_[partition].closed, bytes.size()};
  std::memcpy(block->bytes(), bytes.data(), bytes.size());
  partitions_[partition].closed = block;
}

// Room for nearly all that is needed to close a partition.
void LeadLog::make_scratch(std::size_t partition) {
  const std::size_t size = std::bit_ceil(words_in(partition) * bytes_to_close_word + first_scratch);
  if (size <= scratch_size_) return;
  if (scratch_ != nullptr) memory_->deallocate(scratch_, scratch_size_, alignof(std::max_align_t));
  scratch_size_ = 0;
  scratch_ = static_cast<std::byte*>(memory_->allocate(size, alignof(std::max_align_t)));
  scratch_size_ = size;
}

void LeadLog::close(std::size_t partition) {
  Partition& p = partitions_[partition];
  if (p.last == nullptr && (p.closed == nullptr || p.closed->next == nullptr)) return;
  if (p.last != nullptr) p.last->used = last_words(partition);
  make_scratch(partition);
  std::pmr::monotonic_buffer_resource scratch(scratch_, scratch_size_, memory_);
  LeadSums sums(*this, partition, &scratch);
  const Bytes closed = sums.closed();
  free_chunks(partition);
  free_blocks(partition);
  add_block(partition, closed);
  // As much again as was left, at least, or a large partition would be closed for every few entries.
  p.close_at = std::max(least_close_at_, 2 * words_for(closed.size()));
}

// For each partition the bytes of its closed leads and its words, each behind their number, which is 8 bytes long.
std::size_t LeadLog::written_size() const {
  std::size_t size = 0;
  for (std::size_t i = 0; i < partitions; ++i) {
    size += 2 * sizeof(std::uint64_t) + words_in(i) * sizeof(std::uint64_t);
    for (const Block* block = partitions_[i].closed; block != nullptr; block = block->next)
      size += block->size;
  }
  return size;
}

void LeadLog::write(std::uint8_t* out) const {
  const auto put_bytes = [&out](const void* from, std::size_t size) {
    std::memcpy(out, from, size);
    out += size;
  };
  const auto put_number = [&](std::uint64_t number) { put_bytes(&number, sizeof number); };
  for (std::size_t i = 0; i < partitions; ++i) {
    std::uint64_t closed = 0;
    for (const Block* block = partitions_[i].closed; block != nullptr; block = block->next)
      closed += block->size;
    put_number(closed);
    for (const Block* block = partitions_[i].closed; block != nullptr; block = block->next)
      put_bytes(block->bytes(), block->size);
    put_number(words_in(i));
    for (const Chunk* chunk = partitions_[i].first; chunk != nullptr; chunk = chunk->next)
      put_bytes(chunk->words(),
                sizeof(std::uint64_t) * (chunk->next == nullptr ? last_words(i) : chunk->used));
  }
}

void LeadLog::append(Bytes written) {
  const std::uint8_t* at = written.data();
  const auto take_number = [&at] {
    std::uint64_t number = 0;
    std::memcpy(&number, at, sizeof number);
    at += sizeof number;
    return static_cast<std::size_t>(number);
  };
  for (std::size_t i = 0; i < partitions; ++i) {
    const std::size_t closed = take_number();
    add_block(i, {at, closed});
    at += closed;
    const std::size_t words = take_number();
    if (words == 0) continue;
    // Whole chunks are taken over, so a key that stands for several entries stays with them.
    add_chunk(i, words);
    std::memcpy(tails_[i].at, at, words * sizeof(std::uint64_t));
    tails_[i].at += words;
    at += words * sizeof(std::uint64_t);
    if (words_in(i) >= partitions_[i].close_at) close(i);
  }
  if (at != written.data() + written.size()) throw std::logic_error("a log of leads is longer than it says");
}

void LeadLog::take(LeadLog& other) {
  for (std::size_t i = 0; i < partitions; ++i) {
    Partition& p = partitions_[i];
    Partition& from = other.partitions_[i];
    if (from.closed != nullptr) {
      Block* last = from.closed;
      while (last->next != nullptr) last = last->next;
      last->next = std::exchange(p.closed, from.closed);
    }
    if (from.last != nullptr) {
      const std::size_t words = other.words_in(i);
      from.last->used = other.last_words(i);
      from.last->next = p.first;
      p.first = from.first;
      if (p.last == nullptr) {
        p.last = from.last;
        p.earlier_words = from.earlier_words;
        tails_[i] = other.tails_[i];
      } else {
        p.earlier_words += words;
      }
    }
    from = {nullptr, nullptr, 0, least_close_at_, nullptr};
    other.tails_[i] = {};
    if (words_in(i) >= p.close_at) close(i);
  }
}

bool LeadLog::Cursor::next(LogKey* key, Bytes* tally) {
  while (at_ == end_) {
    if (partition_ == partitions) return false;
    const Block* block = log_->partitions_[partition_++].closed;
    if (block == nullptr) continue;
    at_ = block->bytes();
    end_ = at_ + block->size;
  }
  at_ = LeadSums::read_lead(at_, log_->keys_, key, tally);
  return true;
}

}  // namespace lead_scoring
