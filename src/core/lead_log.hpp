// The tallies of many leads while the rows of a table are read in no order of leads: a log, closed at the end.
//
// A growing tally a lead would be outside the CPU's caches nearly always when the next row comes to it. So an entry is
// only appended, with its lead's key, to one of a few partitions by the key's hash, whose ends stay in the cache. A
// partition is small enough to be sorted into leads within the cache; that is done when all rows are read, or when it
// has grown too large, and leaves closed tallies, about three bytes an entry.
//
// Keys are equal when their bytes are. Where a column's equality is another one, the caller groups again what comes out.
//
// Nothing is freed when a log goes away: its memory resource sees to that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>

#include "entry_words.hpp"
#include "tally.hpp"

namespace lead_scoring {

// Of a lead. Which of the two is meant is known for a whole log.
struct LogKey {
  std::int64_t number = 0;
  std::string_view bytes{};
};

class LeadLog {
 public:
  enum class Keys { numbers, bytes };
  static constexpr std::size_t partitions = 256;

  // `budget`: bytes that appended entries may take altogether before they are closed.
  LeadLog(Keys keys, std::size_t budget, std::pmr::memory_resource* memory);

  // invalid_parameter for a signal number out of range.
  void append(std::int64_t key, std::span<const Entry> entries) {
    const std::size_t partition = partition_of(hash_of(key));
    Tail& tail = tails_[partition];
    for (const Entry& entry : entries) {
      if (tail.end - tail.at < most_number_words) [[unlikely]]
        make_room(partition, most_number_words);
      if (fits_one_word(key, entry)) [[likely]] {
        *tail.at++ = one_word(key, entry);
      } else {
        append_words(tail, key, entry);
      }
    }
  }
  void append(std::string_view key, std::span<const Entry> entries);
  // All that another log of the same keys has written with write().
  void append(Bytes written);
  // All that another log of the same keys holds. Its memory is used from now on, and must live as long as this log's; the
  // other log is empty then.
  void take(LeadLog& other);

  // Closes what has been appended to a partition. It may be appended to again. out_of_range when a sum overflows; the
  // log must not be used any more then.
  void close(std::size_t partition);

  // What write() needs, and the log as bytes, for a log of the same keys elsewhere.
  [[nodiscard]] std::size_t written_size() const;
  void write(std::uint8_t* out) const;

  // The leads of all partitions, which must be closed, in no order; a lead whose tally is empty does not come.
  class Cursor {
   public:
    explicit Cursor(const LeadLog* log) : log_(log) {}
    // False: there is none left. Key and tally lie in the log.
    [[nodiscard]] bool next(LogKey* key, Bytes* tally);

   private:
    const LeadLog* log_;
    std::size_t partition_ = 0;
    const std::uint8_t* at_ = nullptr;
    const std::uint8_t* end_ = nullptr;
  };

 private:
  friend class LeadSums;

  // Words that were appended. A key that is a number and its entry are
  //   1 << 63 | signal << 54 | tick << 32 | key   one word, when the entry is a plain one and the numbers fit: nearly always
  //   is_narrow | key, then the entry             when only the key fits
  //   0, the key, then the entry
  // A key of bytes is its short hash << 32 | its length, then the bytes, then one entry; `same_key` as the length stands for
  // the key before in the same chunk.
  struct Chunk {
    Chunk* next;
    std::size_t capacity;
    std::size_t used;  // not kept of the last one: its end is the tail's
    [[nodiscard]] std::uint64_t* words() { return reinterpret_cast<std::uint64_t*>(this + 1); }
    [[nodiscard]] const std::uint64_t* words() const {
      return reinterpret_cast<const std::uint64_t*>(this + 1);
    }
  };
  // Closed leads: for each the key (a zigzag varint, or a varint length and the bytes), the varint length of its tally, and
  // that.
  struct Block {
    Block* next;
    std::size_t size;
    [[nodiscard]] std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this + 1); }
    [[nodiscard]] const std::uint8_t* bytes() const {
      return reinterpret_cast<const std::uint8_t*>(this + 1);
    }
  };
  // What an append touches, apart from the rest: all of it fits the innermost cache.
  struct Tail {
    std::uint64_t* at = nullptr;
    std::uint64_t* end = nullptr;
  };
  struct Partition {
    Chunk* first = nullptr;
    Chunk* last = nullptr;
    std::size_t earlier_words = 0;  // in all chunks but the last
    std::size_t close_at = 0;       // words, from which on it is closed instead of growing
    Block* closed = nullptr;        // one, and more only while logs are put together
  };

  static constexpr std::ptrdiff_t most_number_words = 2 + entry_words::most;
  static constexpr std::uint64_t is_one_word = std::uint64_t{1} << 63;
  static constexpr std::uint64_t is_narrow = std::uint64_t{1} << 62;
  static constexpr std::uint32_t signals_in_word = 512;
  static constexpr std::uint32_t ticks_in_word = 1 << 22;
  static constexpr std::uint64_t same_key = 0xFFFFFFFF;

  // The highest bits are the partition; a short hash is those below, which tell leads of one partition apart.
  [[nodiscard]] static std::uint64_t hash_of(std::int64_t key) {
    return static_cast<std::uint64_t>(key) * 0x9E3779B97F4A7C15;
  }
  [[nodiscard]] static std::uint64_t hash_of(std::string_view key);
  [[nodiscard]] static std::size_t partition_of(std::uint64_t hash) { return hash >> 56; }
  static_assert(partitions == std::size_t{1} << (64 - 56));
  [[nodiscard]] static std::uint32_t short_hash(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 24);
  }
  [[nodiscard]] static std::size_t words_for(std::size_t bytes) {
    return (bytes + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
  }

  [[nodiscard]] static bool fits_one_word(std::int64_t key, const Entry& entry) {
    return entry_words::is_plain(entry) && entry.signal - 1 < signals_in_word - 1 &&
           static_cast<std::uint32_t>(entry.tick) < ticks_in_word && key == static_cast<std::int32_t>(key);
  }
  [[nodiscard]] static std::uint64_t one_word(std::int64_t key, const Entry& entry) {
    return is_one_word | std::uint64_t{entry.signal} << 54 |
           std::uint64_t{static_cast<std::uint32_t>(entry.tick)} << 32 | static_cast<std::uint32_t>(key);
  }
  // As entry_words has a plain entry.
  [[nodiscard]] static std::uint64_t place_of(std::uint64_t one_word) {
    return (one_word >> 54 & (signals_in_word - 1)) << 32 | (one_word >> 32 & (ticks_in_word - 1)) |
           0x80000000U;
  }
  static void append_words(Tail& tail, std::int64_t key, const Entry& entry);
  void make_room(std::size_t partition, std::size_t words);
  void add_chunk(std::size_t partition, std::size_t words);
  void add_block(std::size_t partition, Bytes bytes);
  void make_scratch(std::size_t partition);
  void free_chunks(std::size_t partition);
  void free_blocks(std::size_t partition);
  [[nodiscard]] std::size_t last_words(std::size_t partition) const;
  [[nodiscard]] std::size_t words_in(std::size_t partition) const {
    return partitions_[partition].earlier_words + last_words(partition);
  }

  std::array<Tail, partitions> tails_;
  std::array<Partition, partitions> partitions_;
  std::pmr::memory_resource* memory_;
  // Used by one closing after another.
  std::byte* scratch_ = nullptr;
  std::size_t scratch_size_ = 0;
  std::size_t least_close_at_;
  Keys keys_;
};

}  // namespace lead_scoring
