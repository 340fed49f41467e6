// The one exception of the core: a kind (the adapter maps it to a SQLSTATE) and texts for a person.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace lead_scoring {

enum class ErrorKind {
  invalid_text,           // malformed text form of a tally, a span, a JSON document
  invalid_binary,         // malformed bytes from a client
  invalid_parameter,      // well-formed, but not allowed here
  out_of_range,           // a number beyond its type
  datetime_out_of_range,  // an instant outside the years 1400–9999
  corrupt_data,           // stored bytes that no release of ours has written
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::string detail = {}, std::string hint = {})
      : std::runtime_error(message), kind_(kind), detail_(std::move(detail)), hint_(std::move(hint)) {}

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorKind kind_;
  std::string detail_;
  std::string hint_;
};

// The start of a text, to be quoted in a message; never cuts a UTF-8 character.
[[nodiscard]] inline std::string excerpt(std::string_view text, std::size_t most_bytes = 60) {
  if (text.size() <= most_bytes) return std::string(text);
  std::size_t size = most_bytes;
  while (size > 0 && (text[size] & 0xc0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "…";
}

// Thrown by long loops when the adapter's stop_requested() says so.
struct Cancelled {};
using StopRequested = bool (*)() noexcept;

}  // namespace lead_scoring
