// The boundary between PostgreSQL (longjmp, memory contexts) and C++ (exceptions, destructors).
//
// Every SQL entry has three parts:
//   1 unpack     Datum → plain values and spans     calls PostgreSQL; owns nothing with a destructor
//   2 run_core   [&]{ pure C++, may throw }         calls no PostgreSQL function that can ereport
//   3 pack       plain values → Datum               calls PostgreSQL; owns nothing with a destructor
//
// ereport is a longjmp: it runs no destructor, and raised inside a handler it leaks the exception object.
// So run_core writes a plain report, leaves the handler, and only then raises. Its result and captures
// must own nothing.
#pragma once

#include "pg/compat.hpp"

namespace lead_scoring {

struct ErrorReport {
  int sqlstate;
  bool cancelled;
  char message[1024];
  char detail[4096];  // empty: none
  char hint[1024];    // empty: none
};
static_assert(std::is_trivially_destructible_v<ErrorReport>);

// To be called inside a handler only. Texts that do not fit are cut between characters.
void describe_current_exception(ErrorReport& report) noexcept;
// Never inside a handler.
[[noreturn]] void raise(const ErrorReport& report);

template <class Work>
auto run_core(Work&& work) -> std::invoke_result_t<Work> {
  using Result = std::invoke_result_t<Work>;
  static_assert(std::is_void_v<Result> || std::is_trivially_destructible_v<Result>,
                "what crosses the boundary must be plain data");
  static_assert(std::is_trivially_destructible_v<std::remove_reference_t<Work>>,
                "captures must not own anything");
  ErrorReport report;
  try {
    return std::forward<Work>(work)();
  } catch (...) {
    describe_current_exception(report);
  }
  raise(report);  // outside the handler: the exception object is gone
}

// A memory context as the core sees it. Failure throws std::bad_alloc and never jumps. The context frees
// everything when it is reset, so what the core allocates here need not be destroyed.
class ContextResource final : public std::pmr::memory_resource {
 public:
  explicit ContextResource(MemoryContext context) noexcept : context_(context) {}

  // A resource that lives in the context it allocates from, for objects that outlive the caller.
  static ContextResource* in(MemoryContext context);

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  MemoryContext context_;
};

// For long loops of the core: a cancel, a timeout or a shutdown waits. The loop then throws Cancelled.
bool stop_requested() noexcept;

// Texts of the core are UTF-8; the server's encoding may be another.
[[nodiscard]] Datum text_datum(std::string_view utf8);
[[nodiscard]] std::string_view to_utf8(const char* bytes, std::size_t length);  // in the current context

}  // namespace lead_scoring
