// The text form of a tally; tally.hpp describes it.
#include <algorithm>
#include <charconv>
#include <memory_resource>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "error.hpp"
#include "tally.hpp"

namespace lead_scoring {

namespace {

constexpr std::int64_t value_scale = 10000;
constexpr int value_decimals = 4;
constexpr std::size_t item_digits = 16;

void append_item(std::string& text, std::uint64_t item) {
  constexpr char digits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[(item >> shift) & 15];
}

void append_value(std::string& text, std::int64_t value) {
  if (value < 0) text += '-';
  const std::uint64_t size =
      value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  text += std::to_string(size / value_scale);
  if (size % value_scale == 0) return;
  std::string decimals = std::to_string(value_scale + size % value_scale).substr(1);
  decimals.erase(decimals.find_last_not_of('0') + 1);
  text += '.' + decimals;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  [[nodiscard]] std::pmr::vector<Entry> entries(std::pmr::memory_resource* memory) {
    std::pmr::vector<Entry> found(memory);
    expect('{', "\"{\"");
    if (!accept('}')) {
      do {
        found.push_back(entry());
      } while (accept(','));
      expect('}', "\",\" or \"}\"");
    }
    skip_space();
    if (at_ != text_.size()) fail("the end of the text");
    return found;
  }

 private:
  [[nodiscard]] Entry entry() {
    Entry entry;
    const std::size_t start = token();
    entry.signal = number<std::uint32_t>("a signal number");
    if (entry.signal == 0 || entry.signal > max_signal) out_of_range("signal number", start);
    if (accept('@')) {
      const std::size_t tick_start = token();
      entry.tick = number<Tick>("a tick");
      if (entry.tick == timeless) out_of_range("tick", tick_start);
    }
    if (accept('#')) entry.item = item();
    expect(':', "\":\" and a count");
    entry.count = number<std::int64_t>("a count");
    if (accept('=')) entry.value = value();
    return entry;
  }

  template <typename Number>
  [[nodiscard]] Number number(const char* what) {
    const std::size_t start = token();
    Number number = 0;
    const auto [rest, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
    if (error == std::errc::invalid_argument) fail(what);
    at_ = static_cast<std::size_t>(rest - text_.data());
    if (error == std::errc::result_out_of_range) out_of_range(what + 2, start);  // without the article
    return number;
  }

  [[nodiscard]] std::uint64_t item() {
    const std::size_t start = token();
    std::uint64_t item = 0;
    const std::string_view digits = text_.substr(at_, item_digits);
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), item, 16);
    if (error != std::errc() || rest != digits.data() + item_digits || item == 0) {
      at_ = start;
      fail("an item of 16 hexadecimal digits, not all of them 0");
    }
    at_ += item_digits;
    return item;
  }

  // Collected as a negative number, because there is one more of those.
  [[nodiscard]] std::int64_t value() {
    const std::size_t start = token();
    const bool negative = at_ < text_.size() && text_[at_] == '-';
    if (negative) ++at_;
    std::int64_t value = 0;
    bool fits = true;
    const auto push = [&](int digit) {
      fits =
          fits && !__builtin_mul_overflow(value, 10, &value) && !__builtin_sub_overflow(value, digit, &value);
    };
    if (!at_digit()) fail("a value");
    while (at_digit()) push(text_[at_++] - '0');
    int decimals = 0;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      if (!at_digit()) fail("a decimal");
      for (; at_digit(); ++decimals) {
        if (decimals == value_decimals) fail("at most four decimals");
        push(text_[at_++] - '0');
      }
    }
    for (; decimals < value_decimals; ++decimals) push(0);
    if (!fits || (!negative && __builtin_sub_overflow(std::int64_t{0}, value, &value)))
      out_of_range("value", start);
    return value;
  }

  [[nodiscard]] bool at_digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n\f\v", at_), text_.size()); }

  std::size_t token() {
    skip_space();
    return at_;
  }

  [[nodiscard]] bool accept(char symbol) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != symbol) return false;
    ++at_;
    return true;
  }

  void expect(char symbol, const char* what) {
    if (!accept(symbol)) fail(what);
  }

  // Whatever was read before a mistake is plain ASCII, so bytes are characters up to there.
  [[noreturn]] void fail(const char* expected) const {
    throw Error(
        ErrorKind::invalid_text, "invalid input syntax for type tally: \"" + excerpt(text_) + "\"",
        "Expected " + std::string(expected) + " at character " + std::to_string(at_ + 1) + ", found " +
            (at_ == text_.size() ? "the end of the text" : "\"" + excerpt(text_.substr(at_), 20) + "\"") +
            ".",
        "The form is {signal@tick#item:count=value, …}, for example {1@9811:1, 7:2=12.5}.");
  }

  [[noreturn]] void out_of_range(const char* what, std::size_t start) const {
    throw Error(ErrorKind::out_of_range,
                std::string(what) + " \"" + excerpt(text_.substr(start, at_ - start)) +
                    "\" is out of range for type tally",
                "It stands at character " + std::to_string(start + 1) + ".");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string to_text(Bytes tally) {
  std::string text = "{";
  TallyReader reader(tally);
  while (reader.next_signal()) {
    for (Entry entry; reader.next(entry);) {
      if (text.size() > 1) text += ',';
      text += std::to_string(entry.signal);
      if (entry.tick != timeless) text += '@' + std::to_string(entry.tick);
      if (entry.item != 0) append_item(text += '#', entry.item);
      text += ':' + std::to_string(entry.count);
      if (entry.value != 0) append_value(text += '=', entry.value);
    }
  }
  return text += '}';
}

Bytes parse_tally(std::string_view text, std::pmr::memory_resource* memory) {
  std::pmr::vector<Entry> entries = Parser(text).entries(memory);
  return encode(entries, memory);
}

}  // namespace lead_scoring
