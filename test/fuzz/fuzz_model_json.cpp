// libFuzzer: a text is refused with an error of ours, or it is a model that prints itself again and can be
// evaluated.
#include <cstdint>
#include <cstdlib>
#include <memory_resource>
#include <string_view>

#include "core/error.hpp"
#include "core/evaluate.hpp"
#include "core/model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lead_scoring;
  std::pmr::monotonic_buffer_resource memory;
  const Model* model = nullptr;
  try {
    model = parse_model({reinterpret_cast<const char*>(data), size}, &memory);
  } catch (const Error& error) {
    const bool is_about_input =
        error.kind() == ErrorKind::invalid_text || error.kind() == ErrorKind::invalid_parameter;
    if (!is_about_input || *error.what() == '\0') std::abort();
    return 0;
  }
  const std::string printed = print_model(*model);
  if (print_model(*parse_model(printed, &memory)) != printed) std::abort();
  const Bytes tally =
      parse_tally("{1@8000:2,1@8100#00000000000000aa:1=12.5,2@8050:1=-3,2@9000:1,3:1}", &memory);
  const Tick at = model->calendar.start_of(8400);
  const Evaluation shown = evaluate(*model, tally, at);
  std::int64_t total = 0;
  for (const ExplainRow& row : explain(*model, tally, at, &memory)) total += row.points;
  const std::int64_t rounded = (std::abs(total) + 500) / 1000 * (total < 0 ? -1 : 1);
  const bool fits = rounded == static_cast<std::int32_t>(rounded);
  if (shown.next_change <= at || (fits && shown.score != rounded)) std::abort();
  return 0;
}
