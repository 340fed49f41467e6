// A model and a tally, both from outside: everything that is computed of them is, and agrees. The input is the model's
// text, a zero byte, one byte for the instant, and the tally's bytes.
#include <algorithm>
#include <cstdlib>
#include <memory_resource>
#include <string_view>
#include <tuple>

#include "core/condense.hpp"
#include "core/error.hpp"
#include "core/evaluate.hpp"
#include "core/explain_text.hpp"
#include "core/model.hpp"
#include "core/tally.hpp"

namespace {

using namespace lead_scoring;

void require(bool holds) {
  if (!holds) std::abort();
}

auto shown(const Evaluation& e) {
  return std::tuple(e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.persona, e.disqualified,
                    e.hand_raised, e.in_segment, e.last_active);
}

void compare(const Model& model, Bytes tally, Tick at, std::pmr::memory_resource* memory) {
  const Evaluation now = evaluate(model, tally, at);
  std::int64_t total = 0;
  const auto rows = explain(model, tally, at, memory);
  for (const ExplainRow& row : rows) total += row.points;
  const std::int64_t rounded = (std::abs(total) + 500) / 1000 * (total < 0 ? -1 : 1);
  require(rounded != static_cast<std::int32_t>(rounded) || now.score == rounded);
  require(now.next_change > at);
  require(!explain_text(model, rows, now, at).empty());
  if (now.next_change != never && now.next_change > at + 1)
    require(shown(evaluate(model, tally, now.next_change - 1, LookAhead::no)) == shown(now));
  const Model* models[] = {&model};
  const Evaluation condensed = evaluate(model, condense(models, tally, at, memory), at);
  require(shown(condensed) == shown(now) && condensed.next_change == now.next_change);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view whole(reinterpret_cast<const char*>(data), size);
  const std::size_t end = whole.find('\0');
  if (end == std::string_view::npos || end + 2 > size) return 0;
  std::pmr::monotonic_buffer_resource memory;
  const Model* model = nullptr;
  const Bytes tally(data + end + 2, size - end - 2);
  try {
    model = parse_model(whole.substr(0, end), &memory);
    check_canonical(tally);
  } catch (const Error&) {
    return 0;
  }
  const Tick at = model->calendar.start_of(8000 + 8 * data[end + 1]);
  try {
    compare(*model, tally, at, &memory);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::out_of_range);
  }
  return 0;
}
