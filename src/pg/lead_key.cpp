#include "pg/lead_key.hpp"

extern "C" {
#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

bool is_key_type(Oid type) {
  return type == INT4OID || type == INT8OID || type == UUIDOID || type == TEXTOID;
}

void init_key_type(KeyType* key, Oid column_type, Oid collation) {
  const TypeCacheEntry* entry = lookup_type_cache(column_type, TYPECACHE_CMP_PROC | TYPECACHE_HASH_PROC);
  key->type = column_type;
  get_typlenbyvalalign(column_type, &key->length, &key->by_value, &key->align);
  key->collation = collation;
  fmgr_info(entry->cmp_proc, &key->compare);
  fmgr_info(entry->hash_proc, &key->hash);
  bool varlena = false;
  getTypeOutputInfo(column_type, &key->output, &varlena);
}

bool can_name_leads(Oid from, Oid key) {
  if (from == key) return true;
  if (key == INT8OID) return from == INT4OID || from == INT2OID;
  if (key == INT4OID) return from == INT2OID;
  return key == TEXTOID && from == VARCHAROID;
}

Datum widen_key(const KeyType& key, Oid from, Datum value) {
  if (from == key.type || key.type == TEXTOID) return value;
  const int64 number = from == INT2OID ? DatumGetInt16(value) : DatumGetInt32(value);
  return key.type == INT8OID ? Int64GetDatum(number) : Int32GetDatum(static_cast<int32>(number));
}

bool is_too_long(const KeyType& key, Datum value) {
  return key.length == -1 && toast_raw_datum_size(value) - VARHDRSZ > longest_key;
}

int compare_keys(const KeyType& key, Datum a, Datum b) {
  if (key.type == INT4OID) {
    const int32 x = DatumGetInt32(a);
    const int32 y = DatumGetInt32(b);
    return (x > y) - (x < y);
  }
  if (key.type == INT8OID) {
    const int64 x = DatumGetInt64(a);
    const int64 y = DatumGetInt64(b);
    return (x > y) - (x < y);
  }
  return DatumGetInt32(FunctionCall2Coll(const_cast<FmgrInfo*>(&key.compare), key.collation, a, b));
}

uint32 hash_key(const KeyType& key, Datum value) {
  if (key.type == INT4OID) return murmurhash32(DatumGetUInt32(value));
  return DatumGetUInt32(FunctionCall1Coll(const_cast<FmgrInfo*>(&key.hash), key.collation, value));
}

Datum copy_key(const KeyType& key, Datum value) {
  if (key.by_value) return value;
  if (key.length == -1) return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
  return datumCopy(value, key.by_value, key.length);
}

char* key_text(const KeyType& key, Datum value) { return OidOutputFunctionCall(key.output, value); }

Datum key_from_text(const KeyType& key, const char* text) {
  Oid input = InvalidOid;
  Oid parameter = InvalidOid;
  getTypeInputInfo(key.type, &input, &parameter);
  return OidInputFunctionCall(input, const_cast<char*>(text), parameter, -1);
}

Datum key_array(const KeyType& key, Datum* values, int count) {
  return PointerGetDatum(construct_array(values, count, key.type, key.length, key.by_value, key.align));
}

}  // namespace lead_scoring
