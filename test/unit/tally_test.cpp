#include "core/tally.hpp"
#include "core/open_tally.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/error.hpp"
#include "tally_test_support.hpp"

namespace lead_scoring {
namespace {

using namespace testing;
using Octets = std::vector<std::uint8_t>;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

template <typename Act>
Error error_of(Act act) {
  try {
    (void)act();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorKind::corrupt_data, "no error");
}

Octets bytes_of(const char* text) { return owned(parsed(text)); }
std::string canonical(const char* text) { return to_text(parsed(text)); }
void check(const Octets& bytes) { check_canonical(bytes); }

TEST(TallyBytes, AreAsTheFormatSays) {
  EXPECT_EQ(bytes_of("{}"), Octets{});
  // One entry: signal 1, timeless, plain.
  EXPECT_EQ(bytes_of("{1:1}"), (Octets{1, 2, 0}));
  // Tick 3 after the anchor 0: position 1 + zigzag(3) = 7.
  EXPECT_EQ(bytes_of("{1@3:1}"), (Octets{1, 2, 7 << 3}));
  EXPECT_EQ(bytes_of("{1@-3:1}"), (Octets{1, 2, 6 << 3}));
  // Two entries: their length, and the second by its distance.
  EXPECT_EQ(bytes_of("{1@3:1,1@5:1}"), (Octets{1, 3, 2, 7 << 3, 2 << 3}));
  // Timeless ones first, then the first dated by the anchor again.
  EXPECT_EQ(bytes_of("{2:1,2@3:1}"), (Octets{1, 5, 2, 0, 7 << 3}));
  // The second block is anchored on the first dated tick of the first, and signals go by their gap.
  EXPECT_EQ(bytes_of("{1@3:1,1@5:1,4@4:1}"), (Octets{1, 3, 2, 7 << 3, 2 << 3, 6, 3 << 3}));
  // A block without dated entries leaves the anchor as it is.
  EXPECT_EQ(bytes_of("{1@3:1,2:1,3@3:1}"), (Octets{1, 2, 7 << 3, 2, 0, 2, 1 << 3}));
  // Count, value and item.
  EXPECT_EQ(bytes_of("{1:-1}"), (Octets{1, 2, 2, 1}));
  EXPECT_EQ(bytes_of("{1:1=0.0001}"), (Octets{1, 2, 1, 2}));
  EXPECT_EQ(bytes_of("{1#0000000000000102:2=-0.0001}"), (Octets{1, 2, 7, 4, 1, 2, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(TallyBytes, AreSmall) {
  Entries visits;
  for (Tick day = 9000; day < 9100; ++day)
    visits.push_back({.signal = 1, .tick = day, .item = 0, .count = 1, .value = 0});
  EXPECT_EQ(encoded(visits).size(), 1 + 1 + 1 + 3 + 99u);
}

TEST(TallyBytes, HoldExtremes) {
  const Entries extremes{{1, timeless, 0, most, most},
                         {1, timeless, ~std::uint64_t{0}, least, least},
                         {1, timeless + 1, 1, 1, 0},
                         {1, never, 0, 0, least},
                         {2, never, 0, 1, 0},
                         {3, timeless + 1, 0, 1, 0},
                         {max_signal, never, ~std::uint64_t{0}, least, most}};
  const Bytes bytes = encoded(extremes);
  check_canonical(bytes);
  EXPECT_EQ(decode(bytes), extremes);
  EXPECT_EQ(owned(parsed(to_text(bytes))), owned(bytes));
}

TEST(TallyBytes, RefuseImpossibleSignals) {
  EXPECT_EQ(error_of([] { return encoded({{0, 0, 0, 1, 0}}); }).kind(), ErrorKind::invalid_parameter);
  EXPECT_EQ(error_of([] {
              return encoded({{max_signal + 1, 0, 0, 1, 0}});
            }).kind(),
            ErrorKind::invalid_parameter);
}

TEST(TallyBytes, CheckCanonicalNamesThePlace) {
  const struct {
    Octets bytes;
    const char* detail;
  } cases[] = {
      {{1}, "The bytes are not in canonical form at byte 0."},
      {{2, 2, 0}, "Found an unknown format number at byte 0 of 3."},
      {{1, 2}, "Found the end of the bytes inside an entry at byte 2 of 2."},
      {{1, 2, 0x80}, "Found the end of the bytes inside an entry at byte 3 of 3."},
      {{1, 2, 0x80, 0}, "The bytes are not in canonical form at byte 2."},  // two bytes for a zero
      {{1, 0, 0}, "Found a signal number not greater than the one before, or too great at byte 2 of 3."},
      {{1, 2, 0, 0, 0},
       "Found a signal number not greater than the one before, or too great at byte 4 of 5."},
      {{1, 3, 1, 0}, "The bytes are not in canonical form at byte 1."},  // a single entry with a length
      {{1, 3, 0}, "The bytes are not in canonical form at byte 0."},     // none at all
      {{1, 3, 9, 0, 0}, "Found a block longer than the bytes at byte 3 of 5."},
      {{1, 3, 2, 0, 0}, "Entries are not in ascending order: signal 1, without a time."},
      {{1, 2, 2, 2}, "The bytes are not in canonical form at byte 2."},  // a count of 1 is not stored
      {{1, 2, 1, 0}, "The bytes are not in canonical form at byte 2."},  // nor a value of 0
      {{1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0}, "The bytes are not in canonical form at byte 2."},  // nor an item 0
      {{1, 2, 2, 0}, "There is an entry of count 0 and value 0: signal 1, without a time."},
      {{1, 2, 4, 1, 2, 3}, "Found the end of the bytes inside an item at byte 3 of 6."},
      {{1, 2, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2},
       "Found a number of more than 64 bits at byte 13 of 13."},
  };
  for (const auto& [bytes, detail] : cases) {
    const Error error = error_of([&, &b = bytes] { return check(b), 0; });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_binary);
    EXPECT_EQ(error.detail(), detail);
  }
}

TEST(TallyBytes, TicksBeyondTheirTypeAreCorrupt) {
  // First entry: position 1 + zigzag(2^31 + …); second entry: a distance that leads beyond the greatest tick.
  const Bytes near_end = parsed("{1@2147483647:1}");
  Octets bytes{1, 3, 0};
  bytes.insert(bytes.end(), near_end.begin() + 2, near_end.end());
  bytes.push_back(1 << 3);
  bytes[2] = static_cast<std::uint8_t>(bytes.size() - 3);
  EXPECT_EQ(error_of([&] { return decode(bytes); }).kind(), ErrorKind::corrupt_data);
  const Octets too_early{1,    2,    0x80, 0x80,
                         0x80, 0x80, 0x80, 0x01};  // zigzag(−2^31) = 2^32 − 1: the timeless mark
  EXPECT_EQ(error_of([&] { return decode(too_early); }).kind(), ErrorKind::corrupt_data);
}

TEST(TallyReader, SkipsWhatIsNotRead) {
  const Bytes bytes = parsed(
      "{1:1, 1#00000000000000aa:1, 1@50:1, 1@60:2, 2@70:1, 3:1, 3#00000000000000bb:1, 4@55:1, 5@52:1}");
  for (int read = 0; read < 5; ++read) {
    TallyReader reader(bytes);
    Entries last;
    while (reader.next_signal()) {
      Entry entry;
      for (int i = 0; i < read && reader.next(entry); ++i) {
      }
      if (reader.signal() != 5) continue;
      EXPECT_TRUE(read > 0 || reader.next(entry));
      last.push_back(entry);
    }
    ASSERT_EQ(last.size(), 1u);
    EXPECT_EQ(last[0], (Entry{5, 52, 0, 1, 0}));
    EXPECT_FALSE(reader.next_signal());
  }
}

TEST(TallySums, AddAndCancel) {
  EXPECT_EQ(to_text(sum(parsed("{1@1:1,2@2:2=1.5}"), parsed("{1@1:1,2@2:-2=-1.5,3:1}"))), "{1@1:2,3:1}");
  EXPECT_EQ(to_text(sum(parsed("{1@1:1}"), parsed("{1@1:-1}"))), "{}");
  EXPECT_EQ(to_text(sum(parsed("{1@1:1}"), parsed("{1@1:-1=2}"))), "{1@1:0=2}");
  EXPECT_EQ(to_text(sum(parsed("{5@5:1}"), {})), "{5@5:1}");
  EXPECT_EQ(to_text(sum({}, {})), "{}");
  // The anchor of signal 9 comes from another side than signal 9 itself.
  EXPECT_EQ(to_text(sum(parsed("{9:1,9@7000:1,9@7001:3}"), parsed("{1@-80000:1}"))),
            "{1@-80000:1,9:1,9@7000:1,9@7001:3}");
  // The first dated entry of signal 1 cancels, and with it the anchor of signal 2 moves.
  EXPECT_EQ(to_text(sum(parsed("{1@100:1,1@5000:1,2@5001:1}"), parsed("{1@100:-1}"))), "{1@5000:1,2@5001:1}");
}

TEST(TallySums, SayWhereTheyOverflow) {
  const auto overflow = [](const char* a, const char* b) {
    const Error error = error_of([&] { return sum(parsed(a), parsed(b)); });
    EXPECT_EQ(error.kind(), ErrorKind::out_of_range);
    return error.detail();
  };
  EXPECT_EQ(overflow("{7@3:9223372036854775807}", "{7@3:1}"),
            "The counts of signal 7, tick 3 add up to more than a 64-bit integer holds.");
  EXPECT_EQ(overflow("{7:1=-922337203685477.5808}", "{7:1=-0.0001}"),
            "The values of signal 7, without a time add up to more than 922337203685477.5807 either way.");
  EXPECT_EQ(error_of([] { return parsed("{1:9223372036854775807,1:1}"); }).kind(), ErrorKind::out_of_range);
  EXPECT_EQ(error_of([] { return opposite(parsed("{1:-9223372036854775808}")); }).kind(),
            ErrorKind::out_of_range);
  EXPECT_EQ(error_of([] { return opposite(parsed("{1:1=-922337203685477.5808}")); }).kind(),
            ErrorKind::out_of_range);
}

TEST(TallyText, ReadsAnyOrderAndWhiteSpace) {
  EXPECT_EQ(canonical("{}"), "{}");
  EXPECT_EQ(canonical(" { } "), "{}");
  EXPECT_EQ(canonical("{1@9811:1,2@9811#00c0ffee00c0ffee:3=12.5,7:1}"),
            "{1@9811:1,2@9811#00c0ffee00c0ffee:3=12.5,7:1}");
  EXPECT_EQ(canonical("{7 : 1,\n 2 @ 9811 # 00C0FFEE00C0FFEE : 3 = 12.50 ,\t1@9811:1}"),
            "{1@9811:1,2@9811#00c0ffee00c0ffee:3=12.5,7:1}");
  EXPECT_EQ(canonical("{1@5:1,1:1,1@-5:1,1@5:1}"), "{1:1,1@-5:1,1@5:2}");
  EXPECT_EQ(canonical("{1:0,2:1,2:-1}"), "{}");
  EXPECT_EQ(canonical("{1:0=-0.0001,2:-3=0.1,3:1=100,4:1=-0,5:1=12.0305}"),
            "{1:0=-0.0001,2:-3=0.1,3:1=100,4:1,5:1=12.0305}");
  EXPECT_EQ(canonical("{1:1=922337203685477.5807,2:1=-922337203685477.5808}"),
            "{1:1=922337203685477.5807,2:1=-922337203685477.5808}");
}

TEST(TallyText, RefusesWhatIsMalformed) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "1:1",
                           "{1:1",
                           "{1:1}}",
                           "{1:1} x",
                           "{1:1,}",
                           "{,1:1}",
                           "{1:1 2:1}",
                           "{:1}",
                           "{1}",
                           "{1:}",
                           "{x:1}",
                           "{-1:1}",
                           "{+1:1}",
                           "{1@:1}",
                           "{1@x:1}",
                           "{1#:1}",
                           "{1#12:1}",
                           "{1#00c0ffee00c0ffe:1}",
                           "{1#00c0ffee00c0ffee0:1}",
                           "{1#00c0ffee00c0ffeg:1}",
                           "{1#0000000000000000:1}",
                           "{1#-0c0ffee00c0ffee:1}",
                           "{1#0x00000000000001:1}",
                           "{1:1=}",
                           "{1:1=x}",
                           "{1:1=.5}",
                           "{1:1=5.}",
                           "{1:1=1.00000}",
                           "{1:1=1e3}",
                           "{1:1=--1}",
                           "{1:1=+1}",
                           "{1:1.5}",
                           "{1:1@2}",
                           "[1:1]",
                           "{\"1\":1}"}) {
    EXPECT_EQ(error_of([&] { return parsed(text); }).kind(), ErrorKind::invalid_text) << text;
  }
  for (const char* text : {"{0:1}", "{2147483648:1}", "{99999999999999999999:1}", "{1@2147483648:1}",
                           "{1@-2147483648:1}", "{1:9223372036854775808}", "{1:1=922337203685477.5808}",
                           "{1:1=-922337203685477.5809}", "{1:1=99999999999999999999999}"}) {
    EXPECT_EQ(error_of([&] { return parsed(text); }).kind(), ErrorKind::out_of_range) << text;
  }
}

TEST(TallyText, PointsAtTheMistake) {
  const Error error = error_of([] { return parsed("{1@9811:1, 2@x:1}"); });
  EXPECT_STREQ(error.what(), "invalid input syntax for type tally: \"{1@9811:1, 2@x:1}\"");
  EXPECT_EQ(error.detail(), "Expected a tick at character 14, found \"x:1}\".");
  EXPECT_NE(error.hint().find("{1@9811:1"), std::string::npos);

  EXPECT_EQ(error_of([] { return parsed("{1:1"); }).detail(),
            "Expected \",\" or \"}\" at character 5, found the end of the text.");

  const Error range = error_of([] { return parsed("{1:1, 3000000000:1}"); });
  EXPECT_STREQ(range.what(), "signal number \"3000000000\" is out of range for type tally");
  EXPECT_EQ(range.detail(), "It stands at character 7.");

  // A long text is quoted in part, never half a character of it.
  std::string text = "{";
  while (text.size() < 5000) text += "é";
  const Error long_error = error_of([&] { return parsed(text); });
  EXPECT_LT(std::string(long_error.what()).size(), 120u);
  EXPECT_EQ(long_error.detail(), "Expected a signal number at character 2, found \"éééééééééé…\".");
}

TEST(TallyParts, AreKeptOrLeftOut) {
  const Bytes bytes = parsed("{1@5:1,1@6:1,2:1,4@9:1,4@10:2,7@8:1}");
  const std::uint32_t some[] = {2, 3, 4, 9};
  EXPECT_EQ(to_text(only(bytes, some, arena())), "{2:1,4@9:1,4@10:2}");
  EXPECT_EQ(to_text(without(bytes, some, arena())), "{1@5:1,1@6:1,7@8:1}");
  EXPECT_EQ(to_text(only(bytes, {}, arena())), "{}");
  EXPECT_EQ(to_text(without(bytes, {}, arena())), to_text(bytes));
  check_canonical(only(bytes, some, arena()));
  check_canonical(without(bytes, some, arena()));
  EXPECT_EQ(entry_count(bytes), 6u);
  EXPECT_EQ(entry_count({}), 0u);
}

TEST(ItemHash, IsTheSameEverywhere) {
  EXPECT_EQ(hash_item(""), 0x2d06800538d394c2u);  // XXH3's published value for the empty input
  EXPECT_NE(hash_item("a"), hash_item("b"));
  EXPECT_EQ(hash_item("/pricing"), hash_item(std::string("/pricing")));
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10000; ++i) seen.insert(hash_item("/page/" + std::to_string(i)));
  EXPECT_EQ(seen.size(), 10000u);
  EXPECT_FALSE(seen.contains(0));
}

class OpenTallyTest : public ::testing::Test {
 protected:
  OpenTally* with_capacity(std::uint32_t capacity) {
    return OpenTally::create(arena()->allocate(OpenTally::size_for(capacity), alignof(Entry)), capacity);
  }
};

TEST_F(OpenTallyTest, FillsCompactsAndAsksForRoom) {
  OpenTally* tally = with_capacity(64);        // an entry with a value takes three words
  for (int round = 0; round < 100; ++round) {  // six places, again and again, never need more room
    for (Tick day = 0; day < 6; ++day) ASSERT_TRUE(tally->add({1, day, 0, 1, 5}));
  }
  EXPECT_EQ(to_text(tally->close(arena())),
            "{1@0:100=0.05,1@1:100=0.05,1@2:100=0.05,1@3:100=0.05,1@4:100=0.05,1@5:100=0.05}");
  bool full = false;
  for (Tick day = 10; day < 90 && !full; ++day) full = !tally->add({1, day, 0, 1, 0});
  EXPECT_TRUE(full);
  EXPECT_GT(tally->used(), 48u);

  OpenTally* larger =
      OpenTally::create_from(arena()->allocate(OpenTally::size_for(128), alignof(Entry)), 128, *tally);
  EXPECT_EQ(owned(larger->close(arena())), owned(tally->close(arena())));
  EXPECT_TRUE(larger->add({1, 99, 0, 1, 0}));
  EXPECT_THROW(OpenTally::create_from(arena()->allocate(OpenTally::size_for(2), alignof(Entry)), 2, *tally),
               std::logic_error);
}

TEST_F(OpenTallyTest, PlainEntriesTakeAWordEach) {
  OpenTally* tally = with_capacity(40);
  for (Tick day = 0; day < 40; ++day) ASSERT_TRUE(tally->add({max_signal, timeless + day, 0, 1, 0}));
  EXPECT_EQ(tally->used(), 40u);
  EXPECT_FALSE(tally->add({1, 1, 0, 1, 0}));
  EXPECT_EQ(entry_count(tally->close(arena())), 40u);
  // A full state of two places holds many of them.
  OpenTally* repeated = with_capacity(40);
  for (int i = 0; i < 4000; ++i) ASSERT_TRUE(repeated->add({1, i % 2, 0, 1, 0}));
  EXPECT_EQ(to_text(repeated->close(arena())), "{1@0:2000,1@1:2000}");
}

TEST_F(OpenTallyTest, EveryKindOfEntryComesBack) {
  const Entries kinds = {{1, 5, 0, 1, 0},         {1, 5, 7, 1, 0},    {1, timeless, 0, 1, -3},
                         {2, never, 9, 1, 4},     {3, 0, 0, most, 0}, {3, 0, 1, -1, -1},
                         {4, 1, 2, least, least}, {4, 1, 2, 0, 5},    {max_signal, 1, ~0ULL, 2, 0},
                         {5, 0, 0, 0, 0}};
  OpenTally* tally = with_capacity(64);
  for (const Entry& entry : kinds) ASSERT_TRUE(tally->add(entry));
  EXPECT_EQ(Entries(tally->entries().begin(), tally->entries().end()), kinds);
}

TEST_F(OpenTallyTest, SignalsOutOfRangeAreRefused) {
  OpenTally* tally = with_capacity(4);
  EXPECT_EQ(error_of([&] { return tally->add({0, 1, 0, 1, 0}); }).kind(), ErrorKind::invalid_parameter);
  EXPECT_EQ(error_of([&] {
              return tally->add({max_signal + 1, 1, 0, 1, 0});
            }).kind(),
            ErrorKind::invalid_parameter);
  EXPECT_EQ(tally->used(), 0u);
}

TEST_F(OpenTallyTest, ClosingChangesNothing) {
  OpenTally* tally = with_capacity(4);
  EXPECT_EQ(tally->close(arena()).size(), 0u);
  ASSERT_TRUE(tally->add({2, 5, 0, 1, 0}));
  ASSERT_TRUE(tally->add({1, 5, 0, 1, 0}));
  const Entries before_closing(tally->entries().begin(), tally->entries().end());
  EXPECT_EQ(to_text(tally->close(arena())), "{1@5:1,2@5:1}");
  EXPECT_EQ(Entries(tally->entries().begin(), tally->entries().end()), before_closing);
}

TEST_F(OpenTallyTest, SmallestCapacities) {
  EXPECT_FALSE(with_capacity(0)->add({1, 1, 0, 1, 0}));
  OpenTally* one = with_capacity(1);
  EXPECT_FALSE(one->add({1, 1, 0, 2, 0}));
  EXPECT_TRUE(one->add({1, 1, 0, 1, 0}));
  EXPECT_FALSE(one->add({1, 2, 0, 1, 0}));
  EXPECT_EQ(to_text(one->close(arena())), "{1@1:1}");
}

// The words of a state are counted before they are trusted.
TEST_F(OpenTallyTest, DamagedStatesAreFound) {
  alignas(8) std::array<std::uint32_t, 6> words{2, 2, 0, 0, 5, 0x80000001};  // used, capacity, then two words
  const auto* tally = reinterpret_cast<const OpenTally*>(words.data());
  EXPECT_TRUE(tally->fits(sizeof words));
  EXPECT_FALSE(tally->fits(sizeof words - 8));
  EXPECT_FALSE(tally->fits(0));
  EXPECT_EQ(error_of([&] { return tally->close(arena()).size(); }).kind(), ErrorKind::corrupt_data);
  words[0] = 3;
  EXPECT_FALSE(tally->fits(sizeof words));
}

TEST_F(OpenTallyTest, OverflowIsAnError) {
  OpenTally* tally = with_capacity(4);
  ASSERT_TRUE(tally->add({1, 1, 0, most, 0}));
  ASSERT_TRUE(tally->add({1, 1, 0, 1, 0}));  // summed later
  EXPECT_EQ(error_of([&] { return tally->close(arena()).size(); }).kind(), ErrorKind::out_of_range);
  EXPECT_EQ(error_of([&] {
              tally->compact();
              return 0;
            }).kind(),
            ErrorKind::out_of_range);
}

}  // namespace
}  // namespace lead_scoring
