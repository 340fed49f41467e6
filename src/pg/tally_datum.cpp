#include "pg/tally_datum.hpp"

#include "core/error.hpp"
#include "core/open_tally.hpp"

namespace lead_scoring {

namespace {

constexpr std::uint8_t open_mark = 0xFF;
// A state begins at a MAXALIGNed address; so does the OpenTally in it, behind length, mark and padding.
constexpr std::size_t open_offset = MAXALIGN(VARHDRSZ + 1);
static_assert(open_offset % alignof(std::uint64_t) == 0);
constexpr std::uint32_t first_capacity = 4;
// Memory contexts give out small pieces in powers of two: a state takes all of its piece.
constexpr std::size_t smallest_piece = 64;
constexpr std::size_t largest_piece = 8192;

bool is_open(Bytes payload) { return !payload.empty() && payload[0] == open_mark; }

Bytes payload_of(Datum detoasted) {
  auto* value = reinterpret_cast<struct varlena*>(DatumGetPointer(detoasted));
  return {reinterpret_cast<const std::uint8_t*>(VARDATA_ANY(value)), VARSIZE_ANY_EXHDR(value)};
}

OpenTally* open_part(Datum state) {
  return reinterpret_cast<OpenTally*>(DatumGetPointer(state) + open_offset);
}

// An aggregate state that came as a value: from a worker, from another node, or made by hand. Nothing in
// it is trusted before this check. The result is aligned, if need be as a copy.
Datum checked_open(Datum value) {
  struct varlena* state = PG_DETOAST_DATUM(value);  // undoes the short header of a small value in a tuple
  if (reinterpret_cast<std::uintptr_t>(state) % MAXIMUM_ALIGNOF != 0) {
    state = static_cast<struct varlena*>(std::memcpy(palloc(VARSIZE(state)), state, VARSIZE(state)));
  }
  const Datum datum = PointerGetDatum(state);
  const std::size_t size = VARSIZE(state);
  if (size < open_offset + OpenTally::size_for(0) || !open_part(datum)->fits(size - open_offset)) {
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("damaged aggregate state of type tally")));
  }
  return datum;
}

// The size of a state with room for at least so many words.
std::size_t size_with_room(std::uint32_t words) {
  const std::size_t size = open_offset + OpenTally::size_for(words);
  return size > largest_piece ? size : std::max(smallest_piece, std::bit_ceil(size));
}

// A new state with the entries of `smaller`, which may be null. Part of the core's work: throws.
Datum make_open(std::uint64_t capacity, const OpenTally* smaller, std::pmr::memory_resource& memory) {
  constexpr std::uint64_t most = (MaxAllocSize - open_offset - 64) / sizeof(std::uint64_t);
  if (capacity > most) {
    if (smaller != nullptr && smaller->capacity() < most) {
      capacity = most;
    } else {
      throw Error(ErrorKind::out_of_range, "a tally has too many entries to be summed",
                  "An aggregate of tallies holds at most " + std::to_string(most) + " plain entries a group.",
                  "Sum smaller groups, or write \"distinct_by\" with fewer different values.");
    }
  }
  const std::size_t size = size_with_room(static_cast<std::uint32_t>(capacity));
  const auto room =
      static_cast<std::uint32_t>((size - open_offset - OpenTally::size_for(0)) / sizeof(std::uint64_t));
  auto* state = static_cast<char*>(memory.allocate(size, MAXIMUM_ALIGNOF));
  std::memset(state, 0, open_offset);
  SET_VARSIZE(state, size);
  state[VARHDRSZ] = static_cast<char>(open_mark);
  if (smaller != nullptr) {
    OpenTally::create_from(state + open_offset, room, *smaller);
  } else {
    OpenTally::create(state + open_offset, room);
  }
  return PointerGetDatum(state);
}

Datum add_growing(Datum state, const Entry& entry, std::pmr::memory_resource& memory) {
  while (!open_part(state)->add(entry))
    state = make_open(2 * static_cast<std::uint64_t>(open_part(state)->capacity()), open_part(state), memory);
  return state;
}

Datum add_bytes(Datum state, Bytes bytes, std::pmr::memory_resource& memory) {
  TallyReader reader(bytes);
  Entry entry;
  while (reader.next_signal()) {
    while (reader.next(entry)) state = add_growing(state, entry, memory);
  }
  return state;
}

Datum detoasted(Datum value) { return PointerGetDatum(PG_DETOAST_DATUM_PACKED(value)); }

// An open state to add to: the given one, or a new one with the entries of a closed tally.
Datum opened(Datum state_or_0, std::pmr::memory_resource& memory) {
  if (state_or_0 == 0) return make_open(first_capacity, nullptr, memory);
  const Bytes payload = payload_of(state_or_0);
  if (is_open(payload)) return state_or_0;
  const std::uint64_t room = first_capacity + 2 * entry_count(payload);
  return add_bytes(make_open(room, nullptr, memory), payload, memory);
}

// A value whose payload may be looked into: unpacked, and checked and aligned if it is an open state.
Datum readable(Datum tally) {
  const Datum value = detoasted(tally);
  return is_open(payload_of(value)) ? checked_open(value) : value;
}

}  // namespace

Bytes tally_bytes(Datum tally) {
  const Datum state = readable(tally);
  const Bytes payload = payload_of(state);
  if (!is_open(payload)) return payload;
  return run_core([state] {
    ContextResource memory(CurrentMemoryContext);
    return open_part(state)->close(&memory);
  });
}

Bytes tally_bytes_or_empty(FunctionCallInfo fcinfo, int argument) {
  return PG_ARGISNULL(argument) ? Bytes() : tally_bytes(PG_GETARG_DATUM(argument));
}

Datum tally_datum_from(Bytes canonical) {
  const Size size = VARHDRSZ + canonical.size();
  if (!AllocSizeIsValid(size)) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("a tally of %zu bytes is too large to be stored", canonical.size())));
  }
  auto* value = static_cast<struct varlena*>(palloc(size));
  SET_VARSIZE(value, size);
  if (!canonical.empty()) std::memcpy(VARDATA(value), canonical.data(), canonical.size());
  return PointerGetDatum(value);
}

Datum tally_sum(Datum a, Datum b) {
  const Bytes x = tally_bytes(a);
  const Bytes y = tally_bytes(b);
  ContextResource memory(CurrentMemoryContext);
  std::pmr::memory_resource* resource = &memory;
  return tally_datum_from(run_core([=] { return merge(x, y, resource); }));
}

Datum open_tally_add(Datum state_or_0, std::span<const Entry> entries, MemoryContext context) {
  const Datum state = state_or_0 == 0 ? 0 : readable(state_or_0);
  return run_core([&] {
    ContextResource memory(context);
    Datum sum = opened(state, memory);
    for (const Entry& entry : entries) sum = add_growing(sum, entry, memory);
    return sum;
  });
}

Datum open_tally_add_all(Datum state_or_0, Datum tally, MemoryContext context) {
  const Datum state = state_or_0 == 0 ? 0 : readable(state_or_0);
  const Datum more = readable(tally);
  return run_core([&] {
    ContextResource memory(context);
    Datum sum = opened(state, memory);
    const Bytes payload = payload_of(more);
    if (!is_open(payload)) return add_bytes(sum, payload, memory);
    for (const Entry& entry : open_part(more)->entries()) sum = add_growing(sum, entry, memory);
    return sum;
  });
}

Datum close_tally(Datum state) {
  const Datum value = detoasted(state);
  return is_open(payload_of(value)) ? tally_datum_from(tally_bytes(value)) : value;
}

std::uint64_t item_of(text* value) {
  const std::string_view utf8 = to_utf8(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
  return run_core([utf8] { return hash_item(utf8); });
}

}  // namespace lead_scoring
