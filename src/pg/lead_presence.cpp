#include "pg/lead_presence.hpp"

#include "pg/tally_store.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

void begin_presence(LeadPresence* presence, CachedAudience* audience, int count) {
  *presence = {CurrentMemoryContext, audience, count, false, false, {}};
}

namespace {

// An index that finds a key by the key type's own equality, in the collation that we compare in.
bool finds_keys(Relation index, AttrNumber column, const KeyType& key) {
  const Form_pg_index& form = index->rd_index;
  return index->rd_rel->relam == BTREE_AM_OID && form->indisvalid && form->indkey.values[0] == column &&
         RelationGetIndexPredicate(index) == NIL && index->rd_opcintype[0] == key.type &&
         index->rd_indcollation[0] == key.collation &&
         index->rd_opfamily[0] == lookup_type_cache(key.type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

Relation open_index(Relation rel, AttrNumber column, const KeyType& key) {
  ListCell* cell = nullptr;
  foreach (cell, RelationGetIndexList(rel)) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    if (finds_keys(index, column, key)) return index;
    index_close(index, AccessShareLock);
  }
  return nullptr;
}

void begin(LeadPresence* presence) {
  const AudienceDefinition& a = *presence->audience->definition;
  presence->begun = true;
  presence->by_query = true;
  Relation rel = table_open(a.lead_table, AccessShareLock);
  if (rel->rd_rel->relkind == RELKIND_RELATION && !rel->rd_rel->relhassubclass) {
    Relation index = open_index(rel, get_attnum(a.lead_table, a.lead_key), a.key);
    presence->by_query = index == nullptr;
    if (index != nullptr) begin_key_scan(&presence->scan, rel, index);
    if (index != nullptr && presence->count > 1) expect_order(&presence->scan, &a.key);
  }
  if (presence->by_query) table_close(rel, NoLock);
}

bool ask(const CachedAudience& audience, SPIPlanPtr plan, Datum key) {
  Datum values[] = {key_array(audience.definition->key, &key, 1)};
  read_latest(plan, values);
  const bool there = SPI_processed > 0;
  SPI_freetuptable(SPI_tuptable);
  return there;
}

SPIPlanPtr lead_plan(CachedAudience* audience) {
  const AudienceDefinition& a = *audience->definition;
  if (audience->plans.find_lead != nullptr) return audience->plans.find_lead;
  Oid types[] = {get_array_type(a.key.type)};
  return prepared(&audience->plans.find_lead,
                  psprintf("SELECT FROM %s AS l WHERE l.%s OPERATOR(pg_catalog.=) ANY ($1)",
                           qualified_name(a.lead_table), quote_identifier(a.lead_key)),
                  1, types);
}

}  // namespace

bool lead_exists(LeadPresence* presence, Datum key) {
  if (!presence->begun) {
    MemoryContext caller = MemoryContextSwitchTo(presence->context);
    begin(presence);
    MemoryContextSwitchTo(caller);
  }
  if (presence->by_query) return ask(*presence->audience, lead_plan(presence->audience), key);
  return find_row(&presence->scan, key);
}

void end_presence(LeadPresence* presence) {
  if (!presence->begun || presence->by_query) return;
  Relation rel = presence->scan.rel;
  Relation index = presence->scan.index;
  end_key_scan(&presence->scan);
  index_close(index, NoLock);
  table_close(rel, NoLock);
}

}  // namespace lead_scoring
