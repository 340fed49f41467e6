#include "pg/model_cache.hpp"

namespace lead_scoring {

std::string_view model_text(Datum model) {
  struct varlena* value = PG_DETOAST_DATUM_PACKED(model);
  return {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

Datum model_datum_from(std::string_view json) {
  return PointerGetDatum(cstring_to_text_with_len(json.data(), static_cast<int>(json.size())));
}

const Model* load_model(Datum model, MemoryContext context) {
  const std::string_view json = model_text(model);  // the parsed model keeps nothing of it
  return run_core([=] {
    ContextResource memory(context);
    return parse_model(json, &memory);
  });
}

const Model* try_load_model(Datum model, MemoryContext context, ErrorReport* problem) {
  const std::string_view json = model_text(model);
  ContextResource* memory = ContextResource::in(context);
  try {
    return parse_model(json, memory);
  } catch (...) {
    describe_current_exception(*problem);
  }
  return nullptr;
}

const char* model_problem(const struct varlena* model) {
  if (model == nullptr) return "the active revision is missing";
  MemoryContext scratch =
      AllocSetContextCreate(CurrentMemoryContext, "lead_scoring model", ALLOCSET_SMALL_SIZES);
  ErrorReport problem;
  const bool readable = try_load_model(PointerGetDatum(model), scratch, &problem) != nullptr;
  MemoryContextDelete(scratch);
  return readable ? nullptr : pstrdup(problem.message);
}

ModelCache* ModelCache::create(MemoryContext context) {
  static_assert(std::is_trivially_destructible_v<ModelCache>);
  auto* cache = new (MemoryContextAllocZero(context, sizeof(ModelCache))) ModelCache{};
  cache->parent_ = context;
  return cache;
}

// Values are compared as they came, compressed or as a pointer to their place out of line, so that a model
// is not unpacked for every lead. Such a pointer names one value as long as a query's snapshot holds it, and
// a cache in fn_extra lives no longer than its query.
const Model* ModelCache::get(Datum model) {
  const auto* key = reinterpret_cast<const char*>(DatumGetPointer(model));
  const Size key_size = VARSIZE_ANY(key);
  const bool comparable = !VARATT_IS_EXTERNAL(key) || VARATT_IS_EXTERNAL_ONDISK(key);
  for (const Slot& slot : slots_) {
    if (comparable && slot.context != nullptr && slot.key_size == key_size &&
        std::memcmp(slot.key, key, key_size) == 0) {
      return slot.model;
    }
  }
  Slot& slot = slots_[next_];
  next_ = (next_ + 1) % slot_count;
  if (slot.context != nullptr) {
    MemoryContext used = slot.context;
    slot = Slot{};
    MemoryContextDelete(used);
  }
  MemoryContext context = AllocSetContextCreate(parent_, "lead_scoring model", ALLOCSET_SMALL_SIZES);
  const Model* parsed = load_model(model, context);
  auto* copy = static_cast<char*>(MemoryContextAlloc(context, key_size));
  std::memcpy(copy, key, key_size);
  slot = Slot{context, copy, comparable ? key_size : 0, parsed};
  return parsed;
}

}  // namespace lead_scoring
