// PostgreSQL looks an identity column's sequence up in pg_depend each time. That was a sixth of what a band
// change costs, so sequences are remembered until the table changes. Who opens a table has heard of that.
#include "pg/column_default.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "rewrite/rewriteHandler.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

struct IdentityColumn {
  Oid table;  // with the column: the key
  int32 column;
  Oid sequence;
  Oid type;
};
constexpr Size key_size = offsetof(IdentityColumn, sequence);

HTAB* identities = nullptr;

void on_relcache_invalidation(Datum, Oid relation) {
  HASH_SEQ_STATUS all;
  hash_seq_init(&all, identities);
  while (auto* one = static_cast<IdentityColumn*>(hash_seq_search(&all)))
    if (relation == InvalidOid || one->table == relation)
      (void)hash_search(identities, one, HASH_REMOVE, nullptr);
}

void remember_identities() {
  if (identities != nullptr) return;
  HASHCTL control = {};
  control.keysize = key_size;
  control.entrysize = sizeof(IdentityColumn);
  identities = hash_create("lead_scoring identity columns", 16, &control, HASH_ELEM | HASH_BLOBS);
  CacheRegisterRelcacheCallback(on_relcache_invalidation, 0);
}

Node* next_value(const IdentityColumn& identity) {
  auto* value = makeNode(NextValueExpr);
  value->seqid = identity.sequence;
  value->typeId = identity.type;
  return reinterpret_cast<Node*>(value);
}

}  // namespace

Node* default_of_column(Relation rel, AttrNumber column) {
  if (TupleDescAttr(RelationGetDescr(rel), column - 1)->attidentity == '\0')
    return build_column_default(rel, column);
  remember_identities();
  const IdentityColumn wanted = {RelationGetRelid(rel), column, InvalidOid, InvalidOid};
  const auto* known =
      static_cast<const IdentityColumn*>(hash_search(identities, &wanted, HASH_FIND, nullptr));
  if (known != nullptr) return next_value(*known);
  Node* built = build_column_default(rel, column);
  if (built == nullptr || !IsA(built, NextValueExpr)) return built;
  auto* entry = static_cast<IdentityColumn*>(hash_search(identities, &wanted, HASH_ENTER, nullptr));
  entry->sequence = reinterpret_cast<NextValueExpr*>(built)->seqid;
  entry->type = reinterpret_cast<NextValueExpr*>(built)->typeId;
  return built;
}

}  // namespace lead_scoring
