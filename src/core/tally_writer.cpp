#include "tally_writer.hpp"

#include <algorithm>
#include <cstring>

#include "tally_format.hpp"

namespace lead_scoring {

using namespace tally_format;

TallyWriter::TallyWriter(std::pmr::memory_resource* memory, std::size_t expected_bytes)
    : memory_(memory), expected_bytes_(expected_bytes) {}

void TallyWriter::write_fields(const Entry& entry) {
  if (entry.count != 1) at_ = put_varint(at_, zigzag(entry.count));
  if (entry.value != 0) at_ = put_varint(at_, zigzag(entry.value));
  if (entry.item != 0) {
    for (int shift = 0; shift < 64; shift += 8) *at_++ = static_cast<std::uint8_t>(entry.item >> shift);
  }
}

void TallyWriter::copy_rest(TallyReader& reader) {
  // Up to its first dated entry a block is written anew, because the anchor may differ here.
  Entry entry;
  while (reader.next(entry)) {
    add(entry);
    if (entry.tick != timeless) break;
  }
  const Bytes rest = reader.take_rest();
  if (rest.empty()) return;
  make_room(rest.size());
  std::memcpy(at_, rest.data(), rest.size());
  at_ += rest.size();
  several_ = true;
}

Bytes TallyWriter::finish() {
  if (signal_ != 0) close_block();
  return {begin_, at_};
}

void TallyWriter::start_block(std::uint32_t signal) {
  if (signal_ != 0) close_block();
  make_room(1 + max_varint);
  if (signal_ == 0) *at_++ = version;
  head_ = static_cast<std::size_t>(at_ - begin_);
  at_ = put_varint(at_, std::uint64_t{signal - signal_} << 1);
  body_ = static_cast<std::size_t>(at_ - begin_);
  several_ = false;
  signal_ = signal;
  tick_ = timeless;
}

void TallyWriter::close_block() {
  if (!several_) return;
  const std::size_t length = static_cast<std::size_t>(at_ - begin_) - body_;
  const std::size_t shift = varint_size(length);
  make_room(shift);
  std::memmove(begin_ + body_ + shift, begin_ + body_, length);
  put_varint(begin_ + body_, length);
  begin_[head_] |= 1;
  at_ += shift;
}

void TallyWriter::grow(std::size_t bytes) {
  const std::size_t used = static_cast<std::size_t>(at_ - begin_);
  const std::size_t old_size = static_cast<std::size_t>(limit_ - begin_);
  const std::size_t size = std::max({used + bytes, 2 * old_size, expected_bytes_});
  auto* larger = static_cast<std::uint8_t*>(memory_->allocate(size, 1));
  if (old_size != 0) {
    std::memcpy(larger, begin_, used);
    memory_->deallocate(begin_, old_size, 1);
  }
  begin_ = larger;
  at_ = larger + used;
  limit_ = larger + size;
}

}  // namespace lead_scoring
