#include "pg/boundary.hpp"

#include "core/error.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
}

namespace lead_scoring {

namespace {

int sqlstate_of(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::invalid_text:
      return ERRCODE_INVALID_TEXT_REPRESENTATION;
    case ErrorKind::invalid_binary:
      return ERRCODE_INVALID_BINARY_REPRESENTATION;
    case ErrorKind::invalid_parameter:
      return ERRCODE_INVALID_PARAMETER_VALUE;
    case ErrorKind::out_of_range:
      return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
    case ErrorKind::datetime_out_of_range:
      return ERRCODE_DATETIME_VALUE_OUT_OF_RANGE;
    case ErrorKind::corrupt_data:
      return ERRCODE_DATA_CORRUPTED;
  }
  return ERRCODE_INTERNAL_ERROR;
}

template <std::size_t size>
void copy_clipped(char (&target)[size], std::string_view text) noexcept {
  std::size_t length = std::min(text.size(), size - 1);
  if (length < text.size()) {  // not in the middle of a character
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  }
  std::memcpy(target, text.data(), length);
  target[length] = '\0';
}

// A message in the server's encoding. What that cannot express becomes a question mark: an error about the
// conversion would stand in the way of the one that is reported.
char* for_the_server(const char* utf8) {
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII) return pstrdup(utf8);
  const Oid conversion = FindDefaultConversionProc(PG_UTF8, encoding);
  if (!OidIsValid(conversion)) return pstrdup(utf8);
  auto left = static_cast<int>(std::strlen(utf8));
  auto* from = reinterpret_cast<unsigned char*>(pstrdup(utf8));
  StringInfoData text;
  initStringInfo(&text);
  const int room = left * MAX_CONVERSION_GROWTH + 1;
  auto* part = static_cast<unsigned char*>(palloc(room));
  while (left > 0) {
    int done = pg_do_encoding_conversion_buf(conversion, PG_UTF8, encoding, from, left, part, room, true);
    appendStringInfoString(&text, reinterpret_cast<char*>(part));
    if (done < left) {
      appendStringInfoChar(&text, '?');
      do ++done;
      while (done < left && (from[done] & 0xC0) == 0x80);
    }
    from += done;
    left -= done;
  }
  return text.data;
}

}  // namespace

void describe_current_exception(ErrorReport& report) noexcept {
  report.cancelled = false;
  report.sqlstate = ERRCODE_INTERNAL_ERROR;
  report.detail[0] = '\0';
  report.hint[0] = '\0';
  try {
    throw;
  } catch (const Cancelled&) {
    report.cancelled = true;
    copy_clipped(report.message, "canceling statement due to user request");
  } catch (const Error& error) {
    report.sqlstate = sqlstate_of(error.kind());
    copy_clipped(report.message, error.what());
    copy_clipped(report.detail, error.detail());
    copy_clipped(report.hint, error.hint());
  } catch (const std::bad_alloc&) {
    report.sqlstate = ERRCODE_OUT_OF_MEMORY;
    copy_clipped(report.message, "out of memory");
  } catch (const std::exception& error) {
    copy_clipped(report.message, error.what());
  } catch (...) {
    copy_clipped(report.message, "unknown C++ exception in lead_scoring");
  }
}

void raise(const ErrorReport& report) {
  if (report.cancelled) {
    CHECK_FOR_INTERRUPTS();  // tells a timeout from a cancel; silent only while interrupts are held off
    ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("%s", report.message)));
  }
  ereport(ERROR, (errcode(report.sqlstate), errmsg("%s", for_the_server(report.message)),
                  report.detail[0] != '\0' ? errdetail("%s", for_the_server(report.detail)) : 0,
                  report.hint[0] != '\0' ? errhint("%s", for_the_server(report.hint)) : 0));
  pg_unreachable();
}

ContextResource* ContextResource::in(MemoryContext context) {
  return new (MemoryContextAlloc(context, sizeof(ContextResource))) ContextResource(context);
}

// palloc aligns to MAXALIGN (8), while operator new and std::pmr ask for 16 by default. Such a block is
// allocated with room to move it, and the word before it remembers where it began.
void* ContextResource::do_allocate(std::size_t bytes, std::size_t alignment) {
  const bool wide = alignment > MAXIMUM_ALIGNOF;
  const std::size_t extra = wide ? alignment + sizeof(void*) : 0;
  if (bytes > MaxAllocHugeSize - extra) throw std::bad_alloc();
  void* memory = MemoryContextAllocExtended(context_, bytes + extra > 0 ? bytes + extra : 1,
                                            MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
  if (memory == nullptr) throw std::bad_alloc();
  if (!wide) return memory;
  const auto first = reinterpret_cast<std::uintptr_t>(memory) + sizeof(void*);
  const auto aligned = (first + alignment - 1) / alignment * alignment;
  reinterpret_cast<void**>(aligned)[-1] = memory;
  return reinterpret_cast<void*>(aligned);
}

void ContextResource::do_deallocate(void* memory, std::size_t, std::size_t alignment) {
  pfree(alignment > MAXIMUM_ALIGNOF ? static_cast<void**>(memory)[-1] : memory);
}

bool stop_requested() noexcept {
  // InterruptPending alone says little: statistics that are due every ten seconds, or a wish to see the memory in
  // the log, set it too, and whoever sets it may end nothing.
  return InterruptPending != 0 &&
         (QueryCancelPending != 0 || ProcDiePending != 0 || ClientConnectionLost != 0);
}

Datum text_datum(std::string_view utf8) {
  char* text = pg_any_to_server(utf8.data(), static_cast<int>(utf8.size()), PG_UTF8);
  const bool converted = text != utf8.data();
  const auto length = static_cast<int>(converted ? std::strlen(text) : utf8.size());
  return PointerGetDatum(cstring_to_text_with_len(text, length));
}

std::string_view to_utf8(const char* bytes, std::size_t length) {
  char* text = pg_server_to_any(bytes, static_cast<int>(length), PG_UTF8);
  return text == bytes ? std::string_view(bytes, length) : std::string_view(text);
}

#if PG_VERSION_NUM < 150000
void begin_rows(FunctionCallInfo fcinfo) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (result == nullptr || !IsA(result, ReturnSetInfo) || (result->allowedModes & SFRM_Materialize) == 0) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("set-valued function called in context that cannot accept a set")));
  }
  MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) {
    elog(ERROR, "return type must be a row type");
  }
  const bool random_access = (result->allowedModes & SFRM_Materialize_Random) != 0;
  result->returnMode = SFRM_Materialize;
  result->setResult = tuplestore_begin_heap(random_access, false, work_mem);
  result->setDesc = row;
  MemoryContextSwitchTo(old);
}
#endif

}  // namespace lead_scoring
