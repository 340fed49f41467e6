#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tally.hpp"

namespace lead_scoring {

std::uint64_t hash_item(std::string_view text) {
  const std::uint64_t hash = XXH3_64bits(text.data(), text.size());
  return hash != 0 ? hash : 1;  // 0 is "no item"
}

}  // namespace lead_scoring
