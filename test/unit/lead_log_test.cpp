// A log of leads must give what one tally a lead gives, however its entries come in, and however often it is closed or
// handed over on the way.
#include "core/lead_log.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "core/error.hpp"
#include "tally_test_support.hpp"

namespace lead_scoring {
namespace {

using testing::arena;
using testing::encoded;
using testing::Entries;
using testing::entry;
using testing::owned;

using Octets = std::vector<std::uint8_t>;

template <class Key>
constexpr LeadLog::Keys keys_of =
    std::is_same_v<Key, std::string> ? LeadLog::Keys::bytes : LeadLog::Keys::numbers;

template <class Key>
LeadLog* new_log() {
  return new (arena()->allocate(sizeof(LeadLog), alignof(LeadLog))) LeadLog(keys_of<Key>, 0, arena());
}

template <class Key>
std::map<Key, Octets> tallies_of(LeadLog& log) {
  for (std::size_t i = 0; i < LeadLog::partitions; ++i) log.close(i);
  std::map<Key, Octets> tallies;
  LeadLog::Cursor cursor(&log);
  LogKey key;
  Bytes tally;
  while (cursor.next(&key, &tally)) {
    Key lead;
    if constexpr (std::is_same_v<Key, std::string>) {
      lead = key.bytes;
    } else {
      lead = key.number;
    }
    if (!tallies.emplace(lead, owned(tally)).second) throw std::logic_error("a lead comes twice");
  }
  return tallies;
}

template <class Key>
std::map<Key, Octets> expected(const std::map<Key, Entries>& leads) {
  std::map<Key, Octets> tallies;
  for (const auto& [key, entries] : leads) {
    const Bytes tally = encoded(entries);
    if (!tally.empty()) tallies[key] = owned(tally);
  }
  return tallies;
}

LeadLog* handed_over(const LeadLog& log, LeadLog* to) {
  Octets written(log.written_size());
  log.write(written.data());
  to->append(Bytes(written));
  return to;
}

// Rows of a few leads go to two logs, which are closed and handed over now and then, and are put together at the end in
// either way.
template <class Key>
void check(const rc::Gen<Key>& keys) {
  std::array<LeadLog*, 2> logs = {new_log<Key>(), new_log<Key>()};
  std::map<Key, Entries> leads;
  const auto known = *rc::gen::nonEmpty(rc::gen::container<std::vector<Key>>(keys));
  for (int row = *rc::gen::inRange(0, 60); row > 0; --row) {
    LeadLog*& log = logs.at(*rc::gen::inRange<std::size_t>(0, 2));
    const Key key = *rc::gen::elementOf(known);
    const auto entries = *rc::gen::resize(4, rc::gen::container<Entries>(entry()));
    log->append(key, entries);
    leads[key].insert(leads[key].end(), entries.begin(), entries.end());
    const int event = *rc::gen::inRange(0, 12);
    if (event == 0) log->close(*rc::gen::inRange<std::size_t>(0, LeadLog::partitions));
    if (event == 1)
      for (std::size_t i = 0; i < LeadLog::partitions; ++i) log->close(i);
    if (event == 2) log = handed_over(*log, new_log<Key>());
  }
  LeadLog* all = new_log<Key>();
  for (LeadLog* log : logs) {
    if (*rc::gen::arbitrary<bool>()) {
      all->take(*log);
    } else {
      handed_over(*log, all);
    }
  }
  RC_ASSERT(tallies_of<Key>(*all) == expected(leads));
}

RC_GTEST_PROP(LeadLogLaw, NumbersGiveOneTallyALead, ()) {
  check<std::int64_t>(rc::gen::weightedOneOf<std::int64_t>(
      {{3, rc::gen::inRange<std::int64_t>(-3, 40)},
       {1, rc::gen::arbitrary<std::int64_t>()},
       {1, rc::gen::elementOf(std::vector<std::int64_t>{
               std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int32_t>::min(),
               std::numeric_limits<std::int32_t>::max(),
               std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1,
               std::numeric_limits<std::int64_t>::max()})}}));
}

RC_GTEST_PROP(LeadLogLaw, BytesGiveOneTallyALead, ()) {
  check<std::string>(rc::gen::arbitrary<std::string>());
}

TEST(LeadLog, EmptyAndLongKeysDiffer) {
  LeadLog& log = *new_log<std::string>();
  const Entry one = {.signal = 1, .tick = 5, .item = 0, .count = 1, .value = 0};
  std::map<std::string, Entries> leads;
  for (const std::size_t length : {0, 1, 7, 8, 9, 16, 100, 70000})
    for (const char last : {'a', 'b', '\0'}) {
      std::string key(length, 'k');
      if (length > 0) key.back() = last;
      log.append(key, std::vector{one, one});
      leads[key].insert(leads[key].end(), 2, one);
    }
  EXPECT_EQ(tallies_of<std::string>(log), expected(leads));
}

// Far more than a partition takes before it is closed, for one lead and for many.
TEST(LeadLog, LargeLogsCloseOnTheirWay) {
  LeadLog& numbers = *new_log<std::int64_t>();
  LeadLog& names = *new_log<std::string>();
  std::map<std::int64_t, Entries> by_number;
  std::map<std::string, Entries> by_name;
  for (int i = 0; i < 300000; ++i) {
    const std::int64_t key = i % 3 == 0 ? 7 : i % 1000;
    const Entry some = {.signal = static_cast<std::uint32_t>(1 + i % 5),
                        .tick = 9000 + i % 800 * 7919 % 800,
                        .item = i % 11 == 0 ? static_cast<std::uint64_t>(i % 13) : 0,
                        .count = i % 17 == 0 ? -1 : 1,
                        .value = i % 19 == 0 ? i : 0};
    numbers.append(key, {&some, 1});
    by_number[key].push_back(some);
    const std::string name = "lead " + std::to_string(key);
    names.append(name, {&some, 1});
    by_name[name].push_back(some);
  }
  // More than 5 MB went in, a third of them for one lead.
  EXPECT_LT(numbers.written_size(), 4000000U);
  EXPECT_TRUE(tallies_of<std::int64_t>(numbers) == expected(by_number));
  EXPECT_TRUE(tallies_of<std::string>(names) == expected(by_name));
}

TEST(LeadLog, RefusesWhatIsNoSignal) {
  const Entry wrong = {.signal = 0, .tick = 5, .item = 0, .count = 1, .value = 0};
  EXPECT_THROW(new_log<std::int64_t>()->append(1, std::span(&wrong, 1)), Error);
  EXPECT_THROW(new_log<std::string>()->append("x", std::span(&wrong, 1)), Error);
}

TEST(LeadLog, OverflowIsAnError) {
  LeadLog& log = *new_log<std::int64_t>();
  const Entry large = {
      .signal = 1, .tick = 5, .item = 0, .count = std::numeric_limits<std::int64_t>::max(), .value = 0};
  log.append(1, std::vector{large, large});
  EXPECT_THROW(tallies_of<std::int64_t>(log), Error);
}

}  // namespace
}  // namespace lead_scoring
