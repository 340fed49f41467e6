#include "pg/lead_delta.hpp"

#include "pg/subtransaction.hpp"
#include "pg/tally_datum.hpp"

namespace lead_scoring {

void begin_deltas(DeltaBuffer* buffer, const KeyType* key) {
  *buffer = {CurrentMemoryContext, key, nullptr, 0, 0, nullptr, 0, false};
}

namespace {

constexpr uint32 first_capacity = 8;

// A key of more bytes might be too long for an index, which says so when it is written.
constexpr Size usual_key_size = 500;
// Values up to a million, in ten-thousandths: a sum of fewer than 2^29 of them cannot overflow.
constexpr std::int64_t usual_value = 10'000'000'000;

bool is_unusual(const KeyType& key, Datum value) {
  return key.length == -1 && VARSIZE_ANY_EXHDR(DatumGetPointer(value)) > usual_key_size;
}

bool is_unusual(const Entry& entry) { return entry.value > usual_value || entry.value < -usual_value; }

// Where the lead's number stands, or may be put.
uint32* place_of(const DeltaBuffer& buffer, uint32 hash, Datum key) {
  const uint32 mask = 2 * buffer.capacity - 1;
  for (uint32 at = hash;; at++) {
    uint32* place = &buffer.places[at & mask];
    if (*place == 0) return place;
    const GrowingDelta& lead = buffer.leads[*place - 1];
    if (lead.hash == hash && compare_keys(*buffer.key, lead.key, key) == 0) return place;
  }
}

void place_again(DeltaBuffer* buffer) {
  const uint32 mask = 2 * buffer->capacity - 1;
  for (uint32 i = 0; i < buffer->used; i++) {
    uint32 at = buffer->leads[i].hash;
    while (buffer->places[at & mask] != 0) at++;
    buffer->places[at & mask] = i + 1;
  }
}

void grow(DeltaBuffer* buffer) {
  if (buffer->capacity >= PG_INT32_MAX / 2)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many leads in one statement")));
  buffer->capacity = std::max(first_capacity, buffer->capacity * 2);
  const Size bytes = sizeof(GrowingDelta) * buffer->capacity;
  const Size places = sizeof(uint32) * 2 * buffer->capacity;
  if (buffer->places != nullptr) pfree(buffer->places);
  buffer->leads =
      static_cast<GrowingDelta*>(buffer->leads == nullptr ? MemoryContextAllocHuge(buffer->context, bytes)
                                                          : repalloc_huge(buffer->leads, bytes));
  buffer->places = static_cast<uint32*>(
      MemoryContextAllocExtended(buffer->context, places, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
  place_again(buffer);
}

GrowingDelta* lead_of(DeltaBuffer* buffer, Datum key) {
  // Rows of one lead often follow each other.
  if (buffer->used > 0 && compare_keys(*buffer->key, buffer->leads[buffer->last].key, key) == 0)
    return &buffer->leads[buffer->last];
  if (buffer->used == buffer->capacity) grow(buffer);
  const uint32 hash = hash_key(*buffer->key, key);
  uint32* place = place_of(*buffer, hash, key);
  if (*place == 0) {
    MemoryContext caller = MemoryContextSwitchTo(buffer->context);
    buffer->leads[buffer->used] = {copy_key(*buffer->key, key), hash, nullptr, 0, 0};
    MemoryContextSwitchTo(caller);
    buffer->unusual = buffer->unusual || is_unusual(*buffer->key, buffer->leads[buffer->used].key);
    *place = ++buffer->used;
  }
  buffer->last = *place - 1;
  return &buffer->leads[buffer->last];
}

}  // namespace

void add_delta_row(void* sink, Datum key, std::span<const Entry> entries) {
  auto* buffer = static_cast<DeltaBuffer*>(sink);
  GrowingDelta* lead = lead_of(buffer, key);
  if (entries.front().signal == 0) {
    lead->presence += entries.front().count;
    lead->mirror += static_cast<std::uint64_t>(entries.front().count) * entries.front().item;
    entries = entries.subspan(1);
  }
  for (const Entry& entry : entries) buffer->unusual = buffer->unusual || is_unusual(entry);
  if (!entries.empty()) lead->tally = growing_tally_add(lead->tally, entries, buffer->context);
}

namespace {

int compare_leads(const void* a, const void* b, void* key) {
  return compare_keys(*static_cast<const KeyType*>(key), static_cast<const GrowingDelta*>(a)->key,
                      static_cast<const GrowingDelta*>(b)->key);
}

Datum sum_of(const DeltaBuffer& buffer, const GrowingDelta& lead, MemoryContext scratch,
             FailureList* failures) {
  if (lead.tally == nullptr) return tally_datum_from({});
  if (!buffer.unusual) return growing_tally_value(lead.tally, scratch);
  Datum sum = 0;
  ErrorData* error = nullptr;
  if (guarded(&error, [&] { sum = growing_tally_value(lead.tally, scratch); })) return sum;
  record_failure(failures, "", nullptr, error->sqlerrcode, error->message, key_text(*buffer.key, lead.key));
  FreeErrorData(error);
  return tally_datum_from({});
}

}  // namespace

LeadDelta* sum_deltas(DeltaBuffer* buffer, int* count, FailureList* failures) {
  *count = 0;
  if (buffer->used == 0) return nullptr;
  qsort_arg(buffer->leads, buffer->used, sizeof(GrowingDelta), compare_leads,
            const_cast<KeyType*>(buffer->key));
  auto* deltas =
      static_cast<LeadDelta*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(LeadDelta) * buffer->used));
  MemoryContext scratch =
      AllocSetContextCreate(CurrentMemoryContext, "lead_scoring delta", ALLOCSET_DEFAULT_SIZES);
  for (uint32 i = 0; i < buffer->used; i++) {
    const GrowingDelta* lead = &buffer->leads[i];
    const Datum tally = sum_of(*buffer, *lead, scratch, failures);
    MemoryContextReset(scratch);
    const bool changed = !is_empty_tally(tally);
    // The lead came or went, or its mirror columns changed.
    const bool touched = lead->presence != 0 || lead->mirror != 0;
    if (changed || touched) deltas[(*count)++] = {lead->key, tally, changed};
  }
  MemoryContextDelete(scratch);
  return deltas;
}

}  // namespace lead_scoring
