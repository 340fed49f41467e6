// Text from a client: read into canonical bytes that print and read back the same, or refused with an error
// of ours.
#include <algorithm>
#include <cstdlib>
#include <memory_resource>
#include <string_view>

#include "core/error.hpp"
#include "core/tally.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lead_scoring;
  std::pmr::monotonic_buffer_resource memory;
  Bytes tally;
  try {
    tally = parse_tally({reinterpret_cast<const char*>(data), size}, &memory);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::invalid_text || error.kind() == ErrorKind::out_of_range);
    return 0;
  }
  check_canonical(tally);
  const std::string text = to_text(tally);
  const Bytes again = parse_tally(text, &memory);
  require(std::equal(tally.begin(), tally.end(), again.begin(), again.end()));
  require(to_text(again) == text);
  return 0;
}
