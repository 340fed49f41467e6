#include "json_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "error.hpp"

namespace lead_scoring {
namespace {

constexpr int most_listed_problems = 100;

std::string in_quotes(std::string_view text) { return '"' + excerpt(text) + '"'; }

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

// Like parse_span, with minutes, and counted in them; nothing for what is no such duration.
std::optional<std::int64_t> parse_minutes(std::string_view text) {
  struct Unit {
    char designator;
    bool is_time;
    std::int64_t minutes;
  };
  constexpr std::int64_t day = 24 * 60;
  constexpr std::array units{Unit{'Y', false, 360 * day}, Unit{'M', false, 30 * day},
                             Unit{'W', false, 7 * day},   Unit{'D', false, day},
                             Unit{'H', true, 60},         Unit{'M', true, 1}};
  if (!text.starts_with('P')) return std::nullopt;
  text.remove_prefix(1);
  bool is_time = false;
  bool is_complete = false;
  std::int64_t sum = 0;
  auto unit = units.begin();
  while (!text.empty()) {
    if (text.front() == 'T' && !is_time) {
      is_time = true;
      is_complete = false;
      text.remove_prefix(1);
      continue;
    }
    std::int32_t number = 0;
    const char* end = text.data() + text.size();
    const std::from_chars_result read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || number < 0 || read.ptr == end) return std::nullopt;
    unit = std::find_if(unit, units.end(),
                        [&](const Unit& u) { return u.designator == *read.ptr && u.is_time == is_time; });
    if (unit == units.end()) return std::nullopt;
    sum += number * unit->minutes;  // six terms below 2^51 each
    ++unit;
    is_complete = true;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + 1);
  }
  return is_complete ? std::optional(sum) : std::nullopt;
}

}  // namespace

void Problems::add(std::string_view path, const std::string& problem, std::string_view hint) {
  const std::string line = std::string(path) + ": " + problem;
  if (++count_ == 1) first_ = line;
  if (count_ <= most_listed_problems) lines_ += (count_ > 1 ? "\n" : "") + line;
  if (hint_.empty()) hint_ = hint;
}

void Problems::raise_if_any() const {
  if (count_ == 0) return;
  std::string detail = lines_;
  if (count_ > most_listed_problems)
    detail += "\n… and " + std::to_string(count_ - most_listed_problems) + " more";
  throw Error(ErrorKind::invalid_parameter, first_, detail, hint_);
}

std::string_view keep_text(std::string_view text, std::pmr::memory_resource* memory) {
  if (text.empty()) return {};
  char* copy = std::pmr::polymorphic_allocator<char>(memory).allocate(text.size());
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return excerpt(value.dump());
}

Json parse_json(std::string_view text) {
  // The library keeps the last of equal keys; a model that says a thing twice is a mistake.
  std::vector<std::set<std::string>> open_objects;
  std::string twice;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key && twice.empty()) {
      auto key = value.get<std::string>();
      if (!open_objects.back().insert(key).second) twice = std::move(key);
    }
    return true;
  };
  Json document;
  try {
    document = Json::parse(text, watch);
  } catch (const Json::exception& error) {
    std::string_view what = error.what();
    if (const std::size_t bracket = what.find("] "); bracket != what.npos) what.remove_prefix(bracket + 2);
    throw Error(ErrorKind::invalid_text,
                "a model is a JSON document, and this text is none: " + in_quotes(text), std::string(what),
                "A published model is the column model of lead_scoring.sheet_revision.");
  }
  if (!twice.empty()) {
    throw Error(ErrorKind::invalid_text,
                "the key " + in_quotes(twice) + " stands twice in one object of the model", {},
                "Remove one of the two.");
  }
  return document;
}

Fields::Fields(const Json& value, std::string path, Problems& problems, std::pmr::memory_resource* memory)
    : object_(value.is_object() ? &value : nullptr),
      path_(std::move(path)),
      problems_(&problems),
      memory_(memory) {
  if (object_ == nullptr) problem("an object is expected here, not " + shown(value));
}

bool Fields::has(std::string_view key) const { return object_ != nullptr && object_->contains(key); }

const Json* Fields::value(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return has(key) ? &*object_->find(key) : nullptr;
}

Fields Fields::object(std::string_view key) {
  static const Json empty = Json::object();
  const Json* found = value(key);
  const std::string parent = path_ == "model" ? std::string() : path_ + ' ';
  return {found == nullptr ? empty : *found, parent + std::string(key), *problems_, memory_};
}

std::vector<const Json*> Fields::list(std::string_view key) {
  std::vector<const Json*> elements;
  const Json* found = value(key);
  if (found == nullptr) return elements;
  if (!found->is_array()) {
    problem(std::string(key) + " must be a list, not " + shown(*found));
    return elements;
  }
  for (const Json& element : *found) elements.push_back(&element);
  return elements;
}

void Fields::require(std::string_view key) {
  if (object_ != nullptr && !has(key)) problem(std::string(key) + " is missing");
}

const std::string* Fields::string(std::string_view key) {
  const Json* found = value(key);
  if (found == nullptr) return nullptr;
  if (!found->is_string()) {
    problem(std::string(key) + " must be a text, not " + shown(*found));
    return nullptr;
  }
  return found->get_ptr<const std::string*>();
}

std::optional<std::string_view> Fields::text(std::string_view key) {
  const std::string* found = string(key);
  if (found == nullptr) return std::nullopt;
  if (found->empty() || found->find('\0') != found->npos) {
    problem(std::string(key) + (found->empty() ? " is empty" : " holds a NUL character"));
    return std::nullopt;
  }
  return keep_text(*found, memory_);
}

std::string_view Fields::name() {
  require("name");
  return text("name").value_or(std::string_view());
}

bool Fields::flag(std::string_view key) {
  const Json* found = value(key);
  if (found == nullptr) return false;
  if (!found->is_boolean()) {
    problem(std::string(key) + " must be true or false, not " + shown(*found));
    return false;
  }
  return found->get<bool>();
}

std::optional<std::int64_t> Fields::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const Json* found = value(key);
  if (found == nullptr) return std::nullopt;
  std::optional<std::int64_t> number;
  if (found->is_number_integer()) {
    const bool fits =
        !found->is_number_unsigned() ||
        found->get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (fits) number = found->get<std::int64_t>();
  } else if (found->is_number_float()) {
    // 5.0 is a whole number, and a numeric column may print it so.
    const double real = found->get<double>();
    if (std::abs(real) < 9e15 && std::trunc(real) == real) number = static_cast<std::int64_t>(real);
  }
  if (!number || *number < least || *number > most) {
    problem(std::string(key) + " must be a whole number from " + std::to_string(least) + " to " +
            std::to_string(most) + ", not " + shown(*found));
    return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> Fields::decimal(std::string_view key, int decimals, std::int64_t most) {
  const Json* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_number()) {
    problem(std::string(key) + " must be a number, not " + shown(*found));
    return std::nullopt;
  }
  std::int64_t scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  // Exact for every decimal in range: scaled numbers stay far below 2^53, so the nearest scaled integer gives
  // the same double back iff the decimal is a multiple of 1/scale.
  const double real = found->get<double>();
  if (!(std::abs(real) <= static_cast<double>(most))) {
    problem(std::string(key) + " must be from " + std::to_string(-most) + " to " + std::to_string(most) +
            ", not " + shown(*found));
    return std::nullopt;
  }
  const std::int64_t scaled = std::llround(real * static_cast<double>(scale));
  if (static_cast<double>(scaled) / static_cast<double>(scale) != real) {
    problem(std::string(key) + " " + shown(*found) + " has more than " + std::to_string(decimals) +
            " decimals");
    return std::nullopt;
  }
  return scaled;
}

std::optional<Day> Fields::date(std::string_view key) {
  const std::string* found = string(key);
  if (found == nullptr) return std::nullopt;
  try {
    return parse_date(*found);
  } catch (const Error& error) {
    problem(std::string(key) + ": " + error.what(), error.hint());
    return std::nullopt;
  }
}

Lapse Fields::interval(std::string_view key, const Calendar& calendar) {
  const std::string* found = string(key);
  if (found == nullptr) return {};
  Span span;
  try {
    span = parse_span(*found);
  } catch (const Error& error) {
    problem(std::string(key) + ": " + error.what(), error.hint());
    return {};
  }
  const std::string what = std::string(key) + ' ' + in_quotes(*found);
  // 4800 Gregorian months have 146097 days, so 1000 years are 365242.5 of them.
  const std::int64_t length =
      std::int64_t{146097} * 24 * span.months + std::int64_t{4800} * (24LL * span.days + span.hours);
  if (is_zero(span)) {
    problem(what + " must be longer than nothing");
  } else if (length > std::int64_t{146097} * 24 * 12000) {
    problem(what + " is longer than 1000 years");
  } else if (!calendar.is_whole(span)) {
    problem(what + " is not a whole number of days", "An audience of resolution hour counts hours.");
  } else {
    return make_lapse(calendar, span);
  }
  return {};
}

std::optional<std::int64_t> Fields::half_life(std::string_view key) {
  const std::string* found = string(key);
  if (found == nullptr) return std::nullopt;
  const std::optional<std::int64_t> minutes = parse_minutes(*found);
  constexpr std::int64_t longest = std::int64_t{366'000} * 24 * 60;
  if (!minutes) {
    problem("invalid " + std::string(key) + " " + in_quotes(*found),
            "Write an ISO 8601 duration of whole months (of 30 days), days, hours and minutes, such as P30D "
            "or PT36H.");
  } else if (*minutes == 0 || *minutes > longest) {
    problem(std::string(key) + " " + in_quotes(*found) +
            (*minutes == 0 ? " must be longer than nothing" : " is longer than 1000 years"));
  } else {
    return minutes;
  }
  return std::nullopt;
}

std::size_t Fields::word_index(std::string_view key, std::span<const std::string_view> words,
                               std::size_t otherwise) {
  const std::string* found = string(key);
  if (found == nullptr) return otherwise;
  const auto word = std::find(words.begin(), words.end(), *found);
  if (word != words.end()) return static_cast<std::size_t>(word - words.begin());
  problem(std::string(key) + " " + in_quotes(*found) + " does not exist; it is one of " + joined(words));
  return otherwise;
}

void Fields::finish() const {
  if (object_ == nullptr) return;
  for (const auto& item : object_->items()) {
    if (std::find(known_.begin(), known_.end(), item.key()) != known_.end()) continue;
    std::string keys;
    for (const std::string& key : known_) keys += (keys.empty() ? "" : ", ") + key;
    problem("unknown key " + in_quotes(item.key()), "Known keys here: " + keys + ".");
  }
}

}  // namespace lead_scoring
