#include <string>

#include "error.hpp"
#include "tally.hpp"
#include "tally_format.hpp"

namespace lead_scoring {

using namespace tally_format;

TallyReader::TallyReader(Bytes bytes)
    : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()), limit_(at_) {
  if (bytes.empty()) return;
  if (*at_ != version) fail("an unknown format number");
  limit_ = ++at_;
}

void TallyReader::skip_to_anchor() {
  Entry skipped;
  while (tick_ == timeless && next(skipped)) {
  }
}

Bytes TallyReader::take_rest() {
  const Bytes rest(at_, limit_);
  at_ = limit_;
  return rest;
}

// Also reached with nothing left to read. Longer forms than needed are read, but are not canonical.
std::uint64_t TallyReader::long_varint() {
  std::uint64_t number = 0;
  const std::uint8_t* at = at_;  // a local, which the compiler may keep in a register
  for (int shift = 0; at != limit_; shift += 7) {
    const std::uint64_t byte = *at++;
    if (shift == 63 && byte > 1) {
      at_ = at;
      fail("a number of more than 64 bits");
    }
    number |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      at_ = at;
      return number;
    }
  }
  at_ = at;
  fail("the end of the bytes inside an entry");
}

void TallyReader::fail(const char* what) const {
  throw Error(ErrorKind::corrupt_data, "corrupt tally",
              "Found " + std::string(what) + " at byte " + std::to_string(at_ - begin_) + " of " +
                  std::to_string(end_ - begin_) + ".",
              "lead_scoring.rebuild() recounts the tallies of an audience from its sources.");
}

}  // namespace lead_scoring
