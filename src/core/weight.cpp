// The exponential weight is the only one that is not a ratio of integers. 2^(−x) is computed in 63-bit fixed
// point from two tables that are built by the compiler, with an error below 2^-58; the rounding to 2^-30 is
// then certain except for about one argument in 10^8, and those few are decided with 200-bit arithmetic. So the
// result is the correctly rounded one, for every half-life, without a table for each rule. (The double
// function exp2 misrounds a few arguments and differs between platforms.)
#include "weight.hpp"

#include <algorithm>
#include <array>
#include <boost/multiprecision/cpp_bin_float.hpp>

namespace lead_scoring {
namespace {

__extension__ using Wide = unsigned __int128;

// Product of two fractions of 128 bits, without its last bits (error below 2^-126).
constexpr Wide multiply(Wide a, Wide b) {
  const Wide a_high = a >> 64, a_low = a & ~std::uint64_t{0};
  const Wide b_high = b >> 64, b_low = b & ~std::uint64_t{0};
  return a_high * b_high + ((a_high * b_low) >> 64) + ((a_low * b_high) >> 64);
}

constexpr Wide ln2 = (Wide{0xB17217F7D1CF79AB} << 64) | 0xC9E3B39803F2F6AF;  // ln 2 · 2^128

// 2^(−1/2^bits) as a fraction of 128 bits: the series of exp(−y) with y = ln 2 / 2^bits.
constexpr Wide root_of_half(int bits) {
  const Wide y = ln2 >> bits;
  Wide term = y;
  Wide sum = ~Wide{0} - y;
  for (Wide k = 2; term != 0; ++k) {
    term = multiply(term, y) / k;
    sum += k % 2 == 0 ? term : ~term + 1;
  }
  return sum;
}

constexpr int index_bits = 10;
using Powers = std::array<std::uint64_t, 1 << index_bits>;

// 2^(−i/2^bits) in units of 2^-63.
constexpr Powers powers_of_root(int bits) {
  Powers powers{};
  powers[0] = std::uint64_t{1} << 63;
  const Wide root = root_of_half(bits);
  Wide power = root;
  for (std::size_t i = 1; i < powers.size(); ++i) {
    powers[i] = static_cast<std::uint64_t>(power >> 65);
    power = multiply(power, root);
  }
  return powers;
}

constexpr Powers coarse = powers_of_root(index_bits);
constexpr Powers fine = powers_of_root(2 * index_bits);

// 2^(−fraction/2^64) in units of 2^-63, off by less than 16 of them.
std::uint64_t power_of_half(std::uint64_t fraction) {
  const auto high =
      static_cast<std::uint64_t>((Wide{coarse[fraction >> 54]} * fine[fraction >> 44 & 1023]) >> 63);
  // What is left is x < 2^-20: 2^(−x) = 1 − y + y²/2 with y = x·ln 2; the cubic term is below 2^-63.
  const std::uint64_t rest = fraction & ((std::uint64_t{1} << 44) - 1);
  const auto y = static_cast<std::uint64_t>((Wide{rest} * static_cast<std::uint64_t>(ln2 >> 64)) >> 64);
  const auto half_square = static_cast<std::uint64_t>((Wide{y} * y) >> 66);
  const std::uint64_t low = (std::uint64_t{1} << 63) - (y >> 1) + half_square;
  return static_cast<std::uint64_t>((Wide{high} * low) >> 63);
}

Weight decide_with_200_bits(std::int64_t elapsed, std::int64_t half_life) {
  using Real = boost::multiprecision::number<
      boost::multiprecision::cpp_bin_float<200, boost::multiprecision::digit_base_2>,
      boost::multiprecision::et_off>;
  const Real power = pow(Real(2), weight_bits - Real(elapsed) / Real(half_life));
  return static_cast<Weight>(floor(power + Real(1) / 2));
}

}  // namespace

Weight exponential_weight(std::int64_t elapsed, std::int64_t half_life) {
  const std::int64_t halvings = elapsed / half_life;
  const std::int64_t rest = elapsed % half_life;
  if (rest == 0) {  // an exact power of two; 2^-31 is half a unit, and half a unit rounds up
    if (halvings > weight_bits) return halvings == weight_bits + 1 ? 1 : 0;
    return full_weight >> halvings;
  }
  if (halvings > weight_bits) return 0;
  const auto fraction = static_cast<std::uint64_t>((Wide{static_cast<std::uint64_t>(rest)} << 64) /
                                                   static_cast<std::uint64_t>(half_life));
  const int shift = 63 - weight_bits + static_cast<int>(halvings);
  const std::uint64_t sum = power_of_half(fraction) + (std::uint64_t{1} << (shift - 1));
  constexpr std::uint64_t doubt = 32;
  const std::uint64_t dropped = sum & ((std::uint64_t{1} << shift) - 1);
  if (dropped < doubt || dropped > ((std::uint64_t{1} << shift) - 1) - doubt) {
    return decide_with_200_bits(elapsed, half_life);
  }
  return static_cast<Weight>(sum >> shift);
}

Weight linear_weight(Tick start, Tick end, Tick at) {
  if (end == never) return full_weight;
  if (at >= end) return 0;
  const std::int64_t left = std::int64_t{end} - at;
  const std::int64_t whole = std::int64_t{end} - start;
  return ((left << (weight_bits + 1)) + whole) / (2 * whole);
}

Weight step_weight(std::int64_t losses, std::int32_t percent) {
  const std::int64_t left = rest_after(losses, percent);
  return ((left << (weight_bits + 1)) + full_percent) / (2 * full_percent);
}

Weight computed_weight(const Decay& decay, const Calendar& calendar, Tick start, Tick at) {
  switch (decay.kind) {
    case DecayKind::none:
      return full_weight;
    case DecayKind::exponential: {
      const std::int64_t tick_minutes = 24 * 60 / calendar.ticks_per_day();
      return exponential_weight((std::int64_t{at} - start) * tick_minutes, decay.half_life);
    }
    case DecayKind::linear:
      if (std::int64_t{at} - start >= decay.lapse.most) return 0;
      return linear_weight(start, end_of(calendar, start, decay.lapse), at);
    case DecayKind::step:
      return step_weight(times_over(calendar, start, {}, decay.lapse, at, losses_of_all(decay.percent)),
                         decay.percent);
    case DecayKind::expire:
      return is_over(calendar, start, decay.lapse, at) ? 0 : full_weight;
  }
  return 0;
}

void make_tables(Decay& decay, const Calendar& calendar, std::pmr::memory_resource* memory) {
  // What is older is computed: a larger table costs more to make than most sessions gain from it.
  constexpr std::int64_t most = 1024;
  const std::int64_t minutes = 24 * 60 / calendar.ticks_per_day();
  switch (decay.kind) {
    case DecayKind::none:
      return;
    case DecayKind::exponential:
      decay.lifetime = std::min((weight_bits + 1) * (decay.half_life / minutes + 1) + 1, decay.lifetime);
      break;
    case DecayKind::linear:
      // What would end beyond the calendar does not lose weight.
      decay.last_tabled = calendar.last_tick() - decay.lapse.most;
      [[fallthrough]];
    case DecayKind::expire:
      decay.lifetime = decay.lapse.most;
      break;
    case DecayKind::step:
      decay.lifetime = std::min(losses_of_all(decay.percent) * decay.lapse.most, decay.lifetime);
      break;
  }
  // With months the weight depends on the date as well.
  if (decay.kind != DecayKind::exponential && decay.lapse.least != decay.lapse.most) return;
  const auto size = static_cast<std::size_t>(std::min(decay.lifetime, most));
  std::uint32_t* table = std::pmr::polymorphic_allocator<std::uint32_t>(memory).allocate(size);
  for (std::size_t age = 0; age < size; ++age) {
    table[age] = static_cast<std::uint32_t>(computed_weight(decay, calendar, 0, static_cast<Tick>(age)));
  }
  decay.table = {table, size};
}

Tick next_loss(const Decay& decay, const Calendar& calendar, Tick start, Tick at) {
  switch (decay.kind) {
    case DecayKind::none:
      return never;
    case DecayKind::exponential:
      return weight_at(decay, calendar, start, at) > 0 ? at + 1 : never;
    case DecayKind::linear: {
      const Tick end = end_of(calendar, start, decay.lapse);
      return end != never && at < end ? at + 1 : never;
    }
    case DecayKind::step: {
      const std::int64_t all = losses_of_all(decay.percent);
      const std::int64_t losses = times_over(calendar, start, {}, decay.lapse, at, all);
      return losses < all ? nth_end(calendar, start, {}, losses + 1, decay.lapse.span) : never;
    }
    case DecayKind::expire: {
      const Tick end = end_of(calendar, start, decay.lapse);
      return end > at ? end : never;
    }
  }
  return never;
}

}  // namespace lead_scoring
