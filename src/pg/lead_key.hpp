// Lead keys: integer, bigint, uuid or text. One comparator, the key column's own order and collation, for
// sorting, grouping and locking alike; otherwise two writers could lock in different orders.
#pragma once

#include "pg/compat.hpp"

namespace lead_scoring {

struct KeyType {
  Oid type;
  int16 length;
  bool by_value;
  char align;
  Oid collation;
  FmgrInfo compare;
  FmgrInfo hash;
  Oid output;
};

// `column_type` must be one of the four; FmgrInfo is allocated in the current memory context.
void init_key_type(KeyType* key, Oid column_type, Oid collation);
bool is_key_type(Oid type);

// Whether a column of type `from` can name leads whose key has type `key`: equal types, smaller integers
// for larger ones, varchar for text.
bool can_name_leads(Oid from, Oid key);
// The value as the key's type, for a column that can name leads.
Datum widen_key(const KeyType& key, Oid from, Datum value);

// Texts of more bytes name no lead: an index might not hold them, and says so only when they are written.
constexpr int longest_key = 2000;
[[nodiscard]] bool is_too_long(const KeyType& key, Datum value);

int compare_keys(const KeyType& key, Datum a, Datum b);
// Equal for equal keys; in all bits.
uint32 hash_key(const KeyType& key, Datum value);
Datum copy_key(const KeyType& key, Datum value);  // into the current memory context
char* key_text(const KeyType& key, Datum value);
Datum key_from_text(const KeyType& key, const char* text);
Datum key_array(const KeyType& key, Datum* values, int count);  // a one-dimensional array

}  // namespace lead_scoring
