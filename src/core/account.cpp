#include "account.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace lead_scoring {
namespace {

constexpr std::int64_t million = 1'000'000;

std::int64_t millionths(Int128 part, Int128 whole) {
  return static_cast<std::int64_t>((2 * part * million + whole) / (2 * whole));
}

bool is_valid(const Rule& rule, Tick tick) { return rule.first_valid <= tick && tick <= rule.last_valid; }

// Why occurrences of the rule's signal do not reach its measure.
Drops drops_before_measure(const Rule& rule, const Scene& scene, const Occurrences& counted) {
  Drops drops;
  const Past& past = scene.history.of(rule.signal);
  const Tick since = rule.since == no_signal ? timeless : scene.history.last_of(rule.since);
  const auto drop = [&](Tick tick, std::int64_t count) {
    if (!is_valid(rule, tick))
      drops.not_valid = saturating_add(drops.not_valid, count);
    else if (tick <= since)
      drops.since = saturating_add(drops.since, count);
  };
  for (const Entry& entry : past.come()) drop(entry.tick, entry.count);
  for (const Entry& entry : past.timeless()) drop(scene.now(), entry.count);
  for (const Entry& entry : past.dated().subspan(past.present)) {
    drops.not_yet = saturating_add(drops.not_yet, entry.count);
  }
  drops.limit = std::max<std::int64_t>(past.count - counted.count - drops.not_valid - drops.since, 0);
  return drops;
}

}  // namespace

Account account_of(const Rule& rule, const Scene& scene, const Standing& standing) {
  Account account;
  if (rule.measure == Measure::inactivity) {
    account.quiet_since = quiet_since(rule, scene);
    return account;
  }
  if (rule.signal == no_signal) return account;
  const Occurrences counted = counted_occurrences(rule, scene);
  account.drops = drops_before_measure(rule, scene, counted);
  if (standing.reason == Reason::guard) return account;  // nothing was measured
  switch (rule.measure) {
    case Measure::occurrences:
    case Measure::value: {
      const Weighed weighed = weigh_counts(rule, scene, counted);
      account.drops.decayed = weighed.weightless;
      if (counted.count > 0) account.weight = millionths(weighed.sum, Int128{counted.count} << weight_bits);
      break;
    }
    case Measure::tiers: {
      const TierAccount tiers = look_at_tiers(rule, scene, counted);
      account.tier = tiers.tier;
      account.drops.outside = tiers.outside;
      break;
    }
    case Measure::cycle:
      if (const std::optional<Share> share = share_of_cycle(rule, scene, counted)) {
        account.weight = millionths(share->part, share->whole);
      }
      break;
    case Measure::inactivity:
    case Measure::season:
      break;
  }
  return account;
}

std::string_view text_of(const Drops& drops, std::pmr::memory_resource* memory) {
  const std::array<std::pair<std::string_view, std::int64_t>, 6> parts{{{"limit", drops.limit},
                                                                        {"not valid", drops.not_valid},
                                                                        {"since", drops.since},
                                                                        {"decayed", drops.decayed},
                                                                        {"outside window", drops.outside},
                                                                        {"not yet", drops.not_yet}}};
  std::string text;
  for (const auto& [name, number] : parts) {
    if (number == 0) continue;
    text.append(text.empty() ? "" : ", ").append(name).append(": ").append(std::to_string(number));
  }
  char* copy = std::pmr::polymorphic_allocator<char>(memory).allocate(text.size());
  std::copy(text.begin(), text.end(), copy);
  return {copy, text.size()};
}

}  // namespace lead_scoring
