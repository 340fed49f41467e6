// The type `model` as a Datum, and parsed models kept between calls.
//
// A varlena of type model holds the model's JSON text as the core prints it, in UTF-8 whatever the
// server's encoding. Equal models are equal bytes.
#pragma once

#include "core/model.hpp"
#include "pg/boundary.hpp"

namespace lead_scoring {

// The JSON text of a value, detoasted in CurrentMemoryContext.
[[nodiscard]] std::string_view model_text(Datum model);
[[nodiscard]] Datum model_datum_from(std::string_view json);

// Parses a value of type model; everything that the result points to lives in `context`, which must outlive
// it. Nothing has to be destroyed. For callers that keep models by their own key, as the triggers do by
// sheet and revision.
[[nodiscard]] const Model* load_model(Datum model, MemoryContext context);
// nullptr: this release cannot read it. Of a stored model, which must not stop the application.
const Model* try_load_model(Datum model, MemoryContext context, ErrorReport* problem);

// What is wrong with the stored model of an active revision (nullptr: it is missing); nullptr: nothing.
[[nodiscard]] const char* model_problem(const struct varlena* model);

// Parsed models of the values that one call site has seen lately. Only a cache: without it everything is
// the same, and slower.
class ModelCache {
 public:
  // Plain memory that lives in `context`.
  static ModelCache* create(MemoryContext context);
  // Valid until the next call.
  [[nodiscard]] const Model* get(Datum model);

 private:
  // Enough for a query that joins a handful of sheets (draft and live, before and after) with many leads.
  static constexpr int slot_count = 8;
  struct Slot {
    MemoryContext context;  // of key and model; null when the slot is free
    const char* key;
    Size key_size;
    const Model* model;
  };

  MemoryContext parent_;
  int next_;  // the slot to be replaced next
  Slot slots_[slot_count];
};

}  // namespace lead_scoring
