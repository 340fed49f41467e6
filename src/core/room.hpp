// Memory for lists of plain data, which the memory resource frees.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <tuple>
#include <type_traits>

namespace lead_scoring {

// Room for a list whose length stays, all of which is written before it is read.
template <typename T>
[[nodiscard]] std::span<T> room_for(std::size_t size, std::pmr::memory_resource* memory) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {std::pmr::polymorphic_allocator<T>(memory).allocate(size), size};
}

// The same for several lists, in the order of descending alignment.
template <typename... T>
[[nodiscard]] std::tuple<std::span<T>...> rooms_for(std::pmr::memory_resource* memory,
                                                    std::same_as<std::size_t> auto... sizes) {
  static_assert((std::is_trivially_copyable_v<T> && ...));
  constexpr std::array alignments{alignof(T)...};
  static_assert(std::is_sorted(alignments.rbegin(), alignments.rend()));
  auto* at =
      static_cast<std::byte*>(memory->allocate((... + (sizes * sizeof(T))), alignof(std::max_align_t)));
  const auto take = [&]<typename Each>(std::size_t size, Each*) {
    Each* const first = reinterpret_cast<Each*>(at);
    at += size * sizeof(Each);
    return std::span<Each>(first, size);
  };
  return {take(sizes, static_cast<T*>(nullptr))...};
}

}  // namespace lead_scoring
