#include <string>

#include "error.hpp"
#include "tally.hpp"
#include "tally_format.hpp"

namespace lead_scoring {

using namespace tally_format;

Bytes TallyReader::take_rest() {
  const Bytes rest(at_, limit_);
  at_ = limit_;
  return rest;
}

// Also reached with nothing left to read. Longer forms than needed are read, but are not canonical.
TallyReader::Varint TallyReader::long_varint(Bytes bytes, const std::uint8_t* at, const std::uint8_t* limit) {
  std::uint64_t number = 0;
  for (int shift = 0; at != limit; shift += 7) {
    const std::uint64_t byte = *at++;
    if (shift == 63 && byte > 1) fail("a number of more than 64 bits", bytes, at);
    number |= (byte & 0x7f) << shift;
    if (byte < 0x80) return {number, at};
  }
  fail("the end of the bytes inside an entry", bytes, at);
}

const std::uint8_t* TallyReader::read_fields(Bytes bytes, const std::uint8_t* at, const std::uint8_t* limit,
                                             std::uint64_t flags, Entry& entry, Facts& facts) {
  TallyReader reader({});
  reader.begin_ = bytes.data();
  reader.end_ = bytes.data() + bytes.size();
  reader.at_ = at;
  reader.limit_ = limit;
  reader.read_fields(entry, flags);
  // A tally has less than 2^31 bytes, and so less entries than that.
  facts.is_plain = facts.is_plain && entry.count > 0 && entry.count < std::int64_t{1} << 31;
  if (facts.is_plain) facts.more += entry.count - 1;
  return reader.at_;
}

void TallyReader::fail(const char* what, Bytes bytes, const std::uint8_t* at) {
  throw Error(ErrorKind::corrupt_data, "corrupt tally",
              "Found " + std::string(what) + " at byte " + std::to_string(at - bytes.data()) + " of " +
                  std::to_string(bytes.size()) + ".",
              "lead_scoring.rebuild() recounts the tallies of an audience from its sources.");
}

}  // namespace lead_scoring
