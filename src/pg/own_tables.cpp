#include "pg/own_tables.hpp"

#include "pg/expression.hpp"

extern "C" {
#include "access/genam.h"
#include "access/relation.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace lead_scoring {

namespace {

struct Column {
  const char* name;
  Oid type;
};

struct Shape {
  Oid table;
  AclMode rights;  // of the owner
  const Column* columns;
  int column_count;
};

const Column* column_named(const Shape& shape, const char* name) {
  for (int i = 0; i < shape.column_count; i++)
    if (strcmp(shape.columns[i].name, name) == 0) return &shape.columns[i];
  return nullptr;
}

// Ours are all there and of their types, the others may be NULL and have no default that could fail.
bool fit(const Shape& shape, TupleDesc desc) {
  int ours = 0;
  for (int i = 0; i < desc->natts; i++) {
    const Form_pg_attribute column = TupleDescAttr(desc, i);
    if (column->attisdropped) continue;
    const Column* known = column_named(shape, NameStr(column->attname));
    if (known == nullptr && (column->attnotnull || column->atthasdef)) return false;
    if (known == nullptr && get_typtype(column->atttypid) == TYPTYPE_DOMAIN) return false;
    if (known == nullptr) continue;
    if (known->type != column->atttypid || column->attgenerated != '\0') return false;
    ours++;
  }
  return ours == shape.column_count;
}

// Anything but columns and NULL tests: it may compute, and fail.
bool computes(Node* node, void* context) {
  if (node == nullptr) return false;
  if (!IsA(node, Var) && !IsA(node, BoolExpr) && !IsA(node, NullTest) && !IsA(node, List)) return true;
  return walk(node, computes, context);
}

bool index_may_refuse(Relation index) {
  const Form_pg_index& form = index->rd_index;
  if (form->indisprimary) return !form->indisvalid || !form->indimmediate;
  return form->indisunique || form->indisexclusion || RelationGetIndexExpressions(index) != NIL ||
         computes(reinterpret_cast<Node*>(RelationGetIndexPredicate(index)), nullptr);
}

bool indexes_may_refuse(Relation rel) {
  bool may_refuse = false;
  bool has_key = false;
  ListCell* cell = nullptr;
  foreach (cell, RelationGetIndexList(rel)) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    has_key = has_key || index->rd_index->indisprimary;
    may_refuse = may_refuse || index_may_refuse(index);
    index_close(index, AccessShareLock);
  }
  return may_refuse || !has_key;
}

bool may_use(Oid table, Oid owner, AclMode rights) {
  return pg_class_aclmask(table, owner, rights, ACLMASK_ALL) == rights &&
         pg_namespace_aclcheck(get_rel_namespace(table), owner, ACL_USAGE) == ACLCHECK_OK;
}

bool may_refuse(const Shape& shape, Oid owner) {
  // Not even waited for: whoever holds it may be about to change it.
  if (!ConditionalLockRelationOid(shape.table, AccessShareLock)) return true;
  Relation rel = try_relation_open(shape.table, NoLock);
  if (rel == nullptr) return true;
  const TupleDesc desc = RelationGetDescr(rel);
  const bool result = rel->rd_rel->relkind != RELKIND_RELATION || rel->trigdesc != nullptr ||
                      (desc->constr != nullptr && desc->constr->num_check > 0) || !fit(shape, desc) ||
                      indexes_may_refuse(rel) || !may_use(shape.table, owner, shape.rights);
  relation_close(rel, AccessShareLock);
  return result;
}

}  // namespace

bool tables_may_refuse(const AudienceDefinition& a) {
  constexpr AclMode all = ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE;
  const Column scores[] = {{"lead", a.key.type},
                           {"sheet", TEXTOID},
                           {"score", INT4OID},
                           {"engagement", INT4OID},
                           {"fit", INT4OID},
                           {"grade", TEXTOID},
                           {"level", TEXTOID},
                           {"band", TEXTOID},
                           {"disqualified", BOOLOID},
                           {"hand_raised", BOOLOID},
                           {"persona", TEXTOID},
                           {"last_active_on", DATEOID},
                           {"band_since", TIMESTAMPTZOID},
                           {"updated_at", TIMESTAMPTZOID},
                           {"next_change_at", TIMESTAMPTZOID},
                           {"revision", INT4OID}};
  const Column tallies[] = {
      {"lead", a.key.type}, {"base", a.tally_type}, {"recent", a.tally_type}, {"wake_at", TIMESTAMPTZOID}};
  const Column pending[] = {{"lead", a.key.type}, {"id", INT8OID}, {"delta", a.tally_type}};
  const Column changes[] = {{"id", INT8OID},         {"lead", a.key.type},  {"sheet", TEXTOID},
                            {"from_band", TEXTOID},  {"to_band", TEXTOID},  {"score", INT4OID},
                            {"at", TIMESTAMPTZOID},  {"revision", INT4OID}, {"cause", TEXTOID},
                            {"upward", BOOLOID},     {"handoff", BOOLOID},  {"next_step", TEXTOID},
                            {"owner_role", TEXTOID}, {"calendar", TEXTOID}, {"due_at", TIMESTAMPTZOID}};
  const Shape shapes[] = {{a.score_table, all, scores, lengthof(scores)},
                          {a.tally_table, all, tallies, lengthof(tallies)},
                          {a.pending_table, all, pending, lengthof(pending)},
                          {a.band_change_table, ACL_SELECT | ACL_INSERT, changes, lengthof(changes)}};
  bool refuse = !may_use(a.lead_table, a.owner, ACL_SELECT) ||
                pg_namespace_aclcheck(extension_schema(), a.owner, ACL_USAGE) != ACLCHECK_OK;
  for (const Shape& shape : shapes) refuse = refuse || may_refuse(shape, a.owner);
  return refuse;
}

}  // namespace lead_scoring
