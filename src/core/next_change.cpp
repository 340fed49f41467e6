// The first tick at which an output differs with no new row.
//
// What a rule says changes in two ways. It jumps at ticks that are known beforehand: an entry dated in the
// future arrives, a window lets one go, a season begins. Between jumps it moves: decays only sink towards 0,
// inactivity and cycles only grow. So the outputs are compared at the first jump, and, before it, at the first
// move and at a few ticks chosen by the speed of what moves. A tick is safe when all outputs are the same there
// and no output can have been different on the way: each rule stays between what it says at both ends, and
// everything that follows (clamps, sums, the ceiling, verdicts) keeps the order of what goes in, so that the
// outputs of all lower ends and those of all upper ends enclose all that was shown in between. The choice of a
// persona is the one thing that does not keep order, and is_one_persona looks after it.
//
// The number of tries is bounded; when they run out, the first tick that is not proven safe is returned. That is
// early, which costs a look at the lead on that tick, and never late.
#include <algorithm>

#include "exact.hpp"
#include "room.hpp"
#include "scorer.hpp"

namespace lead_scoring {
namespace {

constexpr int most_tries = 20;

bool is_same(const Evaluation& a, const Evaluation& b) {
  return a.score == b.score && a.engagement == b.engagement && a.fit == b.fit && a.grade == b.grade &&
         a.level == b.level && a.band == b.band && a.persona == b.persona &&
         a.disqualified == b.disqualified && a.hand_raised == b.hand_raised && a.in_segment == b.in_segment &&
         a.last_active == b.last_active;
}

// Ticks until a number that moved from `before` to `after` in `ticks` is displayed differently, at that speed.
std::int64_t ticks_to_next_display(Points before, Points after, const Alike& alike, std::int64_t ticks) {
  if (before == after) return never;
  const Points speed = before < after ? after - before : before - after;
  const Points distance = before < after ? alike.most - after : after - alike.least;
  if (distance >= one_point) return never;  // it saturates
  return (distance + 1) * ticks / speed;    // at most 2^42
}

}  // namespace

Tick Scorer::next_change(const Outcome& now) {
  Tick jump = first_jump();
  const bool stays = jump == never && std::all_of(roused_.begin(), roused_.end(), [&](std::uint16_t i) {
                       return standings_[i].moves == never;
                     });
  if (stays) return never;
  const std::size_t rules = model_.rules.size();
  std::tie(movers_, probed_sums_, probed_parts_) =
      rooms_for<Mover, Points, Part>(memory_, rules, sums_.size(), rules);
  at_safe_ = now.totals;
  shown_ = now.shown;
  engagement_shown_ = alike(at_safe_.engagement);
  fit_shown_ = alike(at_safe_.fit);
  score_shown_ = alike(at_safe_.score);
  tries_ = most_tries;
  for (;; jump = first_jump()) {
    const Tick stop = std::min(jump, model_.calendar.last_tick() + 1);
    const Tick found = search_until(stop);
    if (found != stop) return found;
    if (stop > model_.calendar.last_tick()) return never;
    if (tries_-- == 0) return stop;
    stand_at(stop, LookAhead::yes);
    safe_ = stop;
    const Outcome here = outcome();
    if (!is_same(here.shown, shown_)) return stop;
    at_safe_ = here.totals;
  }
}

Tick Scorer::first_jump() {
  Tick jump = history_.next_arrival();
  for (const std::uint16_t i : roused_) jump = std::min(jump, standings_[i].jumps);
  if (model_.segment) jump = std::min(jump, next_flip(*model_.segment, scene(true)));
  return jump;
}

Tick Scorer::search_until(Tick stop) {
  Tick moves = never;
  std::size_t movers = 0;
  for (const std::uint16_t i : roused_) {
    if (standings_.data()[i].moves >= stop) continue;
    start_mover(i, movers_.data()[movers++]);
    moves = std::min(moves, standings_.data()[i].moves);
  }
  if (movers == 0) return stop;
  movers_ = {movers_.data(), movers};
  for (const std::uint16_t i : model_.watched) probed_parts_.data()[i] = parts_.data()[i];
  safe_ = moves - 1;
  Tick next = moves;
  Tick change = stop;  // outputs are known to differ there, or it is the end of the search
  Tick doubt = never;  // could not be proven from an earlier safe tick
  for (;;) {
    if (tries_-- == 0) return safe_ + 1;
    std::int64_t step = 0;
    switch (compare(next)) {
      case Verdict::same:
        step = step_at_probe(next - safe_);
        safe_ = next;
        at_safe_ = at_probe_;
        for (Mover& mover : movers_) mover.safe = mover.probed;
        std::swap(sums_, probed_sums_);
        std::swap(parts_, probed_parts_);
        if (doubt <= safe_) doubt = never;
        break;
      case Verdict::different:
        change = next;
        break;
      case Verdict::unproven:
        doubt = next;
        break;
    }
    const Tick bound = std::min(change, doubt);
    if (safe_ + 1 == change) return change;
    if (safe_ + 1 == bound || bound < stop) {
      next = between(safe_, bound);
    } else if (is_at_rest()) {
      return stop;
    } else {
      next = static_cast<Tick>(std::min<std::int64_t>(safe_ + step, stop - 1));
    }
  }
}

// A tick after `safe` and before `bound`, if there is one, to look at next: it is likely that something changes where
// a rule begins to move.
Tick Scorer::between(Tick safe, Tick bound) const {
  Tick start = bound;
  for (const Mover& mover : movers_) {
    if (mover.moves > safe) start = std::min(start, mover.moves);
  }
  if (start < bound) return std::max(start - 1, safe + 1);
  return safe + std::max((bound - safe) / 2, 1);
}

// Whether all that moved has lost all weight.
bool Scorer::is_at_rest() const {
  return std::all_of(movers_.begin(), movers_.end(), [&](const Mover& mover) {
    return weighs_occurrences(*mover.rule) && mover.moves <= safe_ && !mover.safe.holds;
  });
}

void Scorer::start_mover(std::uint16_t index, Mover& mover) {
  const Rule& rule = model_.rules.data()[index];
  const Standing& standing = standings_.data()[index];
  mover.rule = &rule;
  mover.index = index;
  mover.moves = standing.moves;
  mover.counts_anew = false;
  mover.counted = {};
  mover.safe = {standing.points, standing.rising, clamped(standing.points, rule.clamp), standing.is_mixed,
                standing.holds};
  parts_.data()[index] = {standing.holds, standing.holds};
  if (!counts_occurrences(rule)) return;
  const Past& past = history_.of(rule.signal);
  mover.counts_anew = past.has_timeless();
  if (!mover.counts_anew) mover.counted = kept(counted_occurrences(rule, past, scene(false)));
}

// Not in the scratch, where the next rule will put its own.
Occurrences Scorer::kept(const Occurrences& counted) {
  if (!scratch_.entries.holds(counted.all)) return counted;
  Entry* copy = room_for<Entry>(counted.all.size(), memory_).data();
  std::copy(counted.all.begin(), counted.all.end(), copy);
  return {{copy, counted.all.size()}, counted.count};
}

// What the rules say at a tick before the next jump, and their sums; those that have not begun to move are not asked
// again.
void Scorer::probe(Tick at) {
  history_.stand_at(at);
  const Scene here = scene(false);
  for (std::size_t i = 0; i < sums_.size(); ++i) probed_sums_.data()[i] = sums_.data()[i];
  for (Mover& mover : movers_) {
    if (mover.moves > at) {
      mover.probed = mover.safe;
      probed_parts_.data()[mover.index] = parts_.data()[mover.index];
      continue;
    }
    const Rule& rule = *mover.rule;
    Standing standing;
    const Occurrences counted = mover.counts_anew ? counted_occurrences(rule, here) : mover.counted;
    if (weighs_occurrences(rule)) {
      measure_occurrences(rule, here, counted, standing);
    } else {
      move_on(rule, here, counted, standing);
    }
    const Points points = clamped(standing.points, rule.clamp);
    mover.probed = {standing.points, standing.rising, points, standing.is_mixed, standing.holds};
    add_to(probed_sums_, rule, points - mover.safe.clamped);
    probed_parts_.data()[mover.index] = {standing.holds, standing.holds};
  }
}

// How far to look from the probe on, at the speed since the safe tick.
std::int64_t Scorer::step_at_probe(std::int64_t ticks) const {
  const std::int64_t nearest =
      std::min({ticks_to_next_display(at_safe_.engagement, at_probe_.engagement, engagement_shown_, ticks),
                ticks_to_next_display(at_safe_.fit, at_probe_.fit, fit_shown_, ticks),
                ticks_to_next_display(at_safe_.score, at_probe_.score, score_shown_, ticks)});
  // Held by a clamp, or too slow to see: look ever farther.
  return nearest == never ? 16 * ticks : std::max<std::int64_t>(nearest, 1);
}

// Grades, levels and the earned band follow from the displayed numbers.
bool Scorer::is_shown(const Totals& totals) const {
  return score_shown_.holds(totals.score) && engagement_shown_.holds(totals.engagement) &&
         fit_shown_.holds(totals.fit) && totals.persona == shown_.persona &&
         totals.disqualified == shown_.disqualified && totals.hand_raised == shown_.hand_raised &&
         (totals.forced_band == at_safe_.forced_band || shown(model_, totals).shown.band == shown_.band);
}

Scorer::Verdict Scorer::compare(Tick at) {
  probe(at);
  at_probe_ = totals(model_, probed_sums_, probed_parts_);
  // An activity without a date moves with now.
  if (!is_shown(at_probe_) || history_.last_activity() != shown_.last_active) return Verdict::different;
  return at == safe_ + 1 || is_proven_same() ? Verdict::same : Verdict::unproven;
}

// Whether the outputs were the same on every tick between safe_ and the probe, where they are.
bool Scorer::is_proven_same() {
  bool falls = true;
  bool rises = true;
  for (const Mover& mover : movers_) {
    const Mover::Said& a = mover.safe;
    const Mover::Said& b = mover.probed;
    const Points a_rest = a.points - a.rising;
    const Points b_rest = b.points - b.rising;
    if (a.is_mixed || b.is_mixed || a.holds != b.holds) return is_proven_by_bounds();
    falls = falls && b.rising <= a.rising && b_rest <= a_rest;
    rises = rises && b.rising >= a.rising && b_rest >= a_rest;
  }
  // All rules move the same way, as decays do: then the ends are the bounds, and have been combined already.
  if (falls) return is_one_persona(probed_sums_, sums_);
  if (rises) return is_one_persona(sums_, probed_sums_);
  return is_proven_by_bounds();
}

bool Scorer::is_proven_by_bounds() {
  const auto [low_sums, high_sums, low_parts, high_parts] = rooms_for<Points, Points, Part, Part>(
      memory_, sums_.size(), sums_.size(), parts_.size(), parts_.size());
  std::copy(sums_.begin(), sums_.end(), low_sums.begin());
  std::copy(sums_.begin(), sums_.end(), high_sums.begin());
  for (const std::uint16_t i : model_.watched) low_parts[i] = high_parts[i] = parts_[i];
  for (const Mover& mover : movers_) {
    const Rule& rule = *mover.rule;
    const Mover::Said& a = mover.safe;
    const Mover::Said& b = mover.probed;
    const Points a_rest = a.points - a.rising;
    const Points b_rest = b.points - b.rising;
    // The parts of a mixed contribution were rounded one by one, which is up to a thousandth off for each.
    const Points slack = a.is_mixed || b.is_mixed ? 2 : 0;
    const Points low = std::min(a.rising, b.rising) + std::min(a_rest, b_rest) - slack;
    const Points high = std::max(a.rising, b.rising) + std::max(a_rest, b_rest) + slack;
    add_to(low_sums, rule, clamped(low, rule.clamp) - a.clamped);
    add_to(high_sums, rule, clamped(high, rule.clamp) - a.clamped);
    low_parts[mover.index] = {a.holds && b.holds, a.holds || b.holds};
    high_parts[mover.index] = {a.holds || b.holds, a.holds && b.holds};
  }
  const Evaluation low = shown(model_, totals(model_, low_sums, low_parts)).shown;
  const Evaluation high = shown(model_, totals(model_, high_sums, high_parts)).shown;
  return low.score == high.score && low.engagement == high.engagement && low.fit == high.fit &&
         low.band == high.band && low.disqualified == high.disqualified &&
         low.hand_raised == high.hand_raised && low.persona == high.persona &&
         is_one_persona(low_sums, high_sums);
}

// Whether the winner, that of the low sums, cannot have changed while each persona's sum lay between the two.
bool Scorer::is_one_persona(std::span<const Points> low, std::span<const Points> high) const {
  if (!model_.has_personas) return true;
  const auto low_of = [&](std::size_t i) { return persona_sum(model_, low, i); };
  const auto high_of = [&](std::size_t i) { return persona_sum(model_, high, i); };
  std::size_t winner = model_.groups.size();
  for (std::size_t i = 0; i < model_.groups.size(); ++i) {
    if (low_of(i) != high_of(i) && low_of(i) <= 0 && high_of(i) >= 0)
      return false;  // it may have entered or left
    if (low_of(i) != 0 && (winner == model_.groups.size() || low_of(i) > low_of(winner))) winner = i;
  }
  if (winner == model_.groups.size()) return true;
  for (std::size_t i = 0; i < model_.groups.size(); ++i) {
    if (i == winner || low_of(i) == 0) continue;
    if (high_of(i) > low_of(winner) || (i < winner && high_of(i) == low_of(winner))) return false;
  }
  return true;
}

}  // namespace lead_scoring
