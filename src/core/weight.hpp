// How much an occurrence still weighs. Weights are integers in units of 2^-30, the real number rounded half
// up, so that every platform and every order of addition gives the same sum.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>

#include "calendar.hpp"
#include "lapse.hpp"

namespace lead_scoring {

using Weight = std::int64_t;
inline constexpr int weight_bits = 30;
inline constexpr Weight full_weight = Weight{1} << weight_bits;

enum class DecayKind : std::uint8_t { none, exponential, linear, step, expire };
enum class Anchor : std::uint8_t { occurrence, activity };

struct Decay {
  DecayKind kind = DecayKind::none;
  Anchor anchor = Anchor::occurrence;
  std::int64_t half_life = 0;  // exponential: in minutes, a month being 30 days
  std::int32_t percent = 0;    // step: loss in thousandths of a percent, 1 … 100000
  Lapse lapse{};               // linear, expire: the lifespan; step: the interval between losses
  // For speed only; make_tables fills them in. Weights by age, of what starts no later than last_tabled.
  std::span<const std::uint32_t> table{};
  Tick last_tabled = never;
  std::int64_t lifetime = std::int64_t{1} << 32;  // from this age on nothing weighs anything
};

// 2^(−elapsed/half_life), correctly rounded; 0 beyond 31 half-lives. Both in the same unit, elapsed ≥ 0,
// half_life > 0.
[[nodiscard]] Weight exponential_weight(std::int64_t elapsed, std::int64_t half_life);
// (end − at)/(end − start) for start ≤ at, 0 from `end` on; 1 when `end` is `never`.
[[nodiscard]] Weight linear_weight(Tick start, Tick end, Tick at);
// What `losses` of so many thousandths of a percent leave of all, which is full_percent; and how many leave nothing.
inline constexpr std::int64_t full_percent = 100'000;
[[nodiscard]] constexpr std::int64_t losses_of_all(std::int32_t percent) {
  return (full_percent + percent - 1) / percent;
}
[[nodiscard]] constexpr std::int64_t rest_after(std::int64_t losses, std::int32_t percent) {
  return losses < losses_of_all(percent) ? full_percent - losses * percent : 0;
}
// max(0, 1 − losses·percent/100), percent in thousandths of a percent.
[[nodiscard]] Weight step_weight(std::int64_t losses, std::int32_t percent);

void make_tables(Decay& decay, const Calendar& calendar, std::pmr::memory_resource* memory);

// Weight at tick `at` of something whose age runs from `start` ≤ at. Never grows with `at`.
[[nodiscard]] Weight computed_weight(const Decay& decay, const Calendar& calendar, Tick start, Tick at);
[[nodiscard]] inline Weight weight_at(const Decay& decay, const Calendar& calendar, Tick start, Tick at) {
  const auto age = static_cast<std::size_t>(std::int64_t{at} - start);
  if (age < decay.table.size() && start <= decay.last_tabled) [[likely]]
    return decay.table[age];
  if (static_cast<std::int64_t>(age) >= decay.lifetime) return 0;
  return computed_weight(decay, calendar, start, at);
}
// First tick after `at` whose weight may be smaller than that at `at`; `never` when it stays.
[[nodiscard]] Tick next_loss(const Decay& decay, const Calendar& calendar, Tick start, Tick at);

}  // namespace lead_scoring
