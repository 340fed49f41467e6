// Laws of tallies: the group, canonical bytes, and that nothing hostile gets through.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "core/error.hpp"
#include "core/open_tally.hpp"
#include "core/tally.hpp"
#include "tally_test_support.hpp"

namespace lead_scoring {
namespace {

using namespace testing;
using Octets = std::vector<std::uint8_t>;

bool equal(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

Entries shuffled(Entries entries) {
  std::shuffle(entries.begin(), entries.end(), std::mt19937(*rc::gen::arbitrary<std::uint32_t>()));
  return entries;
}

bool is_canonical(Bytes bytes) {
  try {
    check_canonical(bytes);
    return true;
  } catch (const Error& error) {
    RC_ASSERT(error.kind() == ErrorKind::invalid_binary);
    RC_ASSERT(!error.detail().empty());
    return false;
  }
}

// Whatever is accepted must be exactly what its entries encode to; whatever is refused must not crash anything.
void check_hostile(Bytes bytes) {
  Entries found;
  bool readable = true;
  try {
    found = decode(bytes);
  } catch (const Error& error) {
    RC_ASSERT(error.kind() == ErrorKind::corrupt_data);
    readable = false;
  }
  if (is_canonical(bytes)) {
    RC_ASSERT(readable);
    RC_ASSERT(equal(encoded(found), bytes));
  } else if (readable) {
    bool same = false;
    try {
      same = equal(encoded(found), bytes);
    } catch (const Error&) {  // equal places whose sum overflows: certainly not canonical
    }
    RC_ASSERT(!same);
  }
  // Stored bytes may be corrupt: every function must end with a result or an error of ours.
  const Bytes other = parsed("{1@9811:1,3:1,3@9815#00c0ffee00c0ffee:3=12.5}");
  const std::uint32_t signals[] = {1, 3};
  const std::function<void()> acts[] = {[&] { (void)sum(bytes, other); },
                                        [&] { (void)sum(other, bytes); },
                                        [&] { (void)sum(bytes, bytes); },
                                        [&] { (void)opposite(bytes); },
                                        [&] { (void)entry_count(bytes); },
                                        [&] { (void)to_text(bytes); },
                                        [&] { (void)only(bytes, signals, arena()); },
                                        [&] { (void)without(bytes, signals, arena()); }};
  for (const auto& act : acts) {
    try {
      act();
    } catch (const Error&) {
    }
  }
}

RC_GTEST_PROP(TallyLaw, HoldsTheSumsOfItsEntries, ()) {
  const Entries some = *entries();
  const Bytes tally = encoded(some);
  RC_ASSERT(decode(tally) == entries_of(plain(some)));
  RC_ASSERT(entry_count(tally) == plain(some).size());
  RC_ASSERT(is_canonical(tally));
  RC_ASSERT(tally.empty() == plain(some).empty());
}

RC_GTEST_PROP(TallyLaw, OrderAndGroupingDoNotMatter, ()) {
  const Entries some = *entries();
  const Bytes expected = encoded(some);
  RC_ASSERT(equal(encoded(shuffled(some)), expected));
  // Any number of parts, added up in any order: as parallel workers and late rows do.
  const Entries mixed = shuffled(some);
  std::vector<Entries> parts(*rc::gen::inRange<std::size_t>(1, 6));
  for (const Entry& entry : mixed) parts[*rc::gen::inRange<std::size_t>(0, parts.size())].push_back(entry);
  Bytes total;
  for (const Entries& part : parts) total = sum(total, encoded(part));
  RC_ASSERT(equal(total, expected));
}

RC_GTEST_PROP(TallyLaw, AreAGroup, ()) {
  const Bytes a = encoded(*entries());
  const Bytes b = encoded(*entries());
  const Bytes c = encoded(*entries());
  RC_ASSERT(is_canonical(sum(a, b)));
  RC_ASSERT(equal(sum(a, b), sum(b, a)));
  RC_ASSERT(equal(sum(sum(a, b), c), sum(a, sum(b, c))));
  RC_ASSERT(equal(sum(a, {}), a));
  RC_ASSERT(sum(a, opposite(a)).empty());
  RC_ASSERT(equal(opposite(opposite(a)), a));
  RC_ASSERT(equal(sum(sum(a, b), opposite(b)), a));
  RC_ASSERT(is_canonical(opposite(a)));
}

RC_GTEST_PROP(TallyLaw, AnUpdateIsADeleteAndAnInsert, ()) {
  Entries rows = *entries();
  RC_PRE(!rows.empty());
  const std::size_t changed = *rc::gen::inRange<std::size_t>(0, rows.size());
  const Entry replacement = *entry();
  const Bytes old_tally = encoded(rows);
  const Bytes delta = sum(opposite(encoded({rows[changed]})), encoded({replacement}));
  rows[changed] = replacement;
  RC_ASSERT(equal(sum(old_tally, delta), encoded(rows)));
}

RC_GTEST_PROP(TallyLaw, TextIsLossless, ()) {
  const Bytes tally = encoded(*entries());
  const std::string text = to_text(tally);
  RC_ASSERT(equal(parsed(text), tally));
  RC_ASSERT(to_text(parsed(text)) == text);
}

RC_GTEST_PROP(TallyLaw, PartsAddUpToTheWhole, ()) {
  const Entries some = *entries();
  const Bytes tally = encoded(some);
  auto signals = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(1, 70));
  std::sort(signals.begin(), signals.end());
  const Bytes inside = only(tally, signals, arena());
  const Bytes outside = without(tally, signals, arena());
  RC_ASSERT(is_canonical(inside));
  RC_ASSERT(is_canonical(outside));
  RC_ASSERT(equal(sum(inside, outside), tally));
  for (const Entry& entry : decode(inside))
    RC_ASSERT(std::binary_search(signals.begin(), signals.end(), entry.signal));
  for (const Entry& entry : decode(outside))
    RC_ASSERT(!std::binary_search(signals.begin(), signals.end(), entry.signal));
}

RC_GTEST_PROP(TallyLaw, AReaderMaySkipAnything, ()) {
  const Entries all = entries_of(plain(*entries()));
  const Bytes tally = encoded(all);
  std::size_t at = 0;
  TallyReader reader(tally);
  while (reader.next_signal()) {
    RC_ASSERT(at < all.size() && all[at].signal == reader.signal());
    const std::size_t read = *rc::gen::inRange<std::size_t>(0, 6);
    Entry entry;
    for (std::size_t i = 0; i < read && reader.next(entry); ++i) RC_ASSERT(entry == all[at++]);
    while (at < all.size() && all[at].signal == reader.signal()) ++at;
  }
  RC_ASSERT(at == all.size());
}

RC_GTEST_PROP(TallyLaw, AnOpenTallyIsItsEntries, ()) {
  const Entries some = *entries();
  std::uint32_t capacity = *rc::gen::inRange<std::uint32_t>(0, 40);
  const auto room = [](std::uint32_t size) {
    return arena()->allocate(OpenTally::size_for(size), alignof(Entry));
  };
  OpenTally* tally = OpenTally::create(room(capacity), capacity);
  for (const Entry& entry : some) {
    while (!tally->add(entry)) {
      capacity = capacity * 2 + 1;
      tally = OpenTally::create_from(room(capacity), capacity, *tally);
    }
    RC_ASSERT(tally->used() <= tally->capacity());
  }
  RC_ASSERT(equal(tally->close(arena()), encoded(some)));
  tally->compact();
  RC_ASSERT(Entries(tally->entries().begin(), tally->entries().end()) == entries_of(plain(some)));
}

RC_GTEST_PROP(TallyHostile, RandomBytes, (Octets bytes)) {
  check_hostile(bytes);
  bytes.insert(bytes.begin(), 1);
  check_hostile(bytes);
}

// Small numbers make far more of them well-formed.
RC_GTEST_PROP(TallyHostile, PlausibleBytes, ()) {
  Octets bytes = *rc::gen::container<Octets>(rc::gen::weightedOneOf<std::uint8_t>(
      {{6, rc::gen::inRange<std::uint8_t>(0, 16)}, {1, rc::gen::arbitrary<std::uint8_t>()}}));
  bytes.insert(bytes.begin(), 1);
  check_hostile(bytes);
}

RC_GTEST_PROP(TallyHostile, ChangedBytes, ()) {
  Octets bytes = owned(encoded(*entries()));
  RC_PRE(!bytes.empty());
  const int changes = *rc::gen::inRange(1, 4);
  for (int i = 0; i < changes && !bytes.empty(); ++i) {
    const auto at =
        bytes.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(bytes.size()));
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        *at = *rc::gen::arbitrary<std::uint8_t>();
        break;
      case 1:
        bytes.erase(at);
        break;
      case 2:
        bytes.insert(at, *rc::gen::arbitrary<std::uint8_t>());
        break;
      default:
        bytes.resize(static_cast<std::size_t>(at - bytes.begin()));
    }
  }
  check_hostile(bytes);
}

RC_GTEST_PROP(TallyHostile, AnyText, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("{}{},,:::@@##==--.0123456789abcdef x")));
  for (const std::string& input : {text, "{" + text, "{1:1," + text + "}"}) {
    try {
      const Bytes tally = parsed(input);
      RC_ASSERT(is_canonical(tally));
      RC_ASSERT(equal(parsed(to_text(tally)), tally));
    } catch (const Error& error) {
      RC_ASSERT(error.kind() == ErrorKind::invalid_text || error.kind() == ErrorKind::out_of_range);
    }
  }
}

RC_GTEST_PROP(TallyHostile, ChangedText, ()) {
  std::string text = to_text(encoded(*entries()));
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  text[at] = *rc::gen::elementOf(std::string("{},:@#=-.0129af x"));
  try {
    RC_ASSERT(is_canonical(parsed(text)));
  } catch (const Error& error) {
    RC_ASSERT(error.kind() == ErrorKind::invalid_text || error.kind() == ErrorKind::out_of_range);
  }
}

}  // namespace
}  // namespace lead_scoring
