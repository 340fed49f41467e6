#include "pg/lead_delta.hpp"

#include "pg/tally_datum.hpp"

namespace lead_scoring {

void begin_deltas(DeltaBuffer* buffer, const KeyType* key) {
  *buffer = {CurrentMemoryContext, key, nullptr, 0, 0};
}

void add_delta_row(void* sink, Datum key, const Entry& entry) {
  auto* buffer = static_cast<DeltaBuffer*>(sink);
  MemoryContext caller = MemoryContextSwitchTo(buffer->context);
  if (buffer->used == buffer->capacity) {
    buffer->capacity = std::max<int64>(8, buffer->capacity * 2);
    const Size bytes = sizeof(DeltaRow) * static_cast<Size>(buffer->capacity);
    buffer->rows =
        static_cast<DeltaRow*>(buffer->rows == nullptr ? MemoryContextAllocHuge(buffer->context, bytes)
                                                       : repalloc_huge(buffer->rows, bytes));
  }
  // Rows of one lead often follow each other: share the copy of the key.
  DeltaRow* last = buffer->used > 0 ? &buffer->rows[buffer->used - 1] : nullptr;
  const bool repeated = last != nullptr && compare_keys(*buffer->key, last->key, key) == 0;
  buffer->rows[buffer->used++] = {repeated ? last->key : copy_key(*buffer->key, key), entry};
  MemoryContextSwitchTo(caller);
}

namespace {

int compare_rows(const void* a, const void* b, void* key) {
  return compare_keys(*static_cast<const KeyType*>(key), static_cast<const DeltaRow*>(a)->key,
                      static_cast<const DeltaRow*>(b)->key);
}

// Entries of one lead without the presence marks. *touched: the lead came or went, or its mirror columns
// changed.
std::span<Entry> entries_of(const DeltaRow* rows, int64 count, Entry* scratch, bool* touched) {
  Size used = 0;
  int64 presence = 0;
  std::uint64_t mirrored = 0;
  for (int64 i = 0; i < count; i++) {
    if (rows[i].entry.signal != 0) {
      scratch[used++] = rows[i].entry;
      continue;
    }
    presence += rows[i].entry.count;
    mirrored += static_cast<std::uint64_t>(rows[i].entry.count) * rows[i].entry.item;
  }
  *touched = presence != 0 || mirrored != 0;
  return {scratch, used};
}

}  // namespace

LeadDelta* sum_deltas(DeltaBuffer* buffer, int* count) {
  *count = 0;
  if (buffer->used == 0) return nullptr;
  const KeyType& key = *buffer->key;
  qsort_arg(buffer->rows, static_cast<size_t>(buffer->used), sizeof(DeltaRow), compare_rows,
            const_cast<KeyType*>(buffer->key));
  auto* deltas = static_cast<LeadDelta*>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(LeadDelta) * static_cast<Size>(buffer->used)));
  auto* scratch = static_cast<Entry*>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Entry) * static_cast<Size>(buffer->used)));
  ContextResource memory(CurrentMemoryContext);
  std::pmr::memory_resource* resource = &memory;
  for (int64 first = 0, next = 0; first < buffer->used; first = next) {
    for (next = first + 1; next < buffer->used; next++)
      if (compare_keys(key, buffer->rows[first].key, buffer->rows[next].key) != 0) break;
    bool touched = false;
    const std::span<Entry> entries = entries_of(buffer->rows + first, next - first, scratch, &touched);
    const Bytes tally = run_core([=] { return encode(entries, resource); });
    if (tally.empty() && !touched) continue;
    deltas[(*count)++] = {buffer->rows[first].key, tally_datum_from(tally), !tally.empty()};
  }
  pfree(scratch);
  return deltas;
}

}  // namespace lead_scoring
