#include "pg/owner.hpp"

#include "pg/audience_cache.hpp"
#include "pg/expression.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "nodes/nodes.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
}

namespace lead_scoring {

namespace {

void switch_user(OwnerSwitch* before, Oid owner, bool restricted) {
  GetUserIdAndSecContext(&before->user, &before->security_context);
  before->settings = 0;
  SetUserIdAndSecContext(owner, before->security_context | SECURITY_LOCAL_USERID_CHANGE |
                                    (restricted ? SECURITY_RESTRICTED_OPERATION : 0));
}

// Code of the owner's that names things without a schema finds those beside the lead table, unless the caller could
// put things of its own there. Temporary objects come last, where they hide nothing.
const char* safe_path(const AudienceDefinition& audience, Oid caller) {
  const Oid schema = get_rel_namespace(audience.lead_table);
  const bool is_open = pg_namespace_aclcheck(schema, caller, ACL_CREATE) == ACLCHECK_OK;
  if (is_open && !has_privs_of_role(caller, audience.owner)) return "pg_catalog, pg_temp";
  return psprintf("pg_catalog, %s, pg_temp", quote_identifier(get_namespace_name(schema)));
}

bool has_expression_index(Relation rel) {
  ListCell* cell = nullptr;
  foreach (cell, RelationGetIndexList(rel)) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    const bool has = RelationGetIndexExpressions(index) != NIL || RelationGetIndexPredicate(index) != NIL;
    index_close(index, AccessShareLock);
    if (has) return true;
  }
  return false;
}

bool has_user_default(const TupleConstr* constraints) {
  for (int i = 0; i < constraints->num_defval; i++)
    if (calls_user_functions(static_cast<Node*>(stringToNode(constraints->defval[i].adbin)))) return true;
  return false;
}

}  // namespace

bool runs_added_code(Oid table) {
  // Something else than a table is never written to; opening it as one would be an error.
  if (get_rel_relkind(table) != RELKIND_RELATION) return false;
  Relation rel = try_table_open(table, AccessShareLock);
  if (rel == nullptr) return false;
  const TupleConstr* constraints = RelationGetDescr(rel)->constr;
  const bool runs =
      rel->trigdesc != nullptr || rel->rd_rules != nullptr || rel->rd_rel->relrowsecurity ||
      (constraints != nullptr && (constraints->num_check > 0 || has_user_default(constraints))) ||
      has_expression_index(rel);
  table_close(rel, AccessShareLock);
  return runs;
}

void become_owner(OwnerSwitch* before, Oid owner) { switch_user(before, owner, true); }

void become_writer(OwnerSwitch* before, const CachedAudience& audience, Oid host) {
  const AudienceDefinition& a = *audience.definition;
  const Oid caller = GetUserId();
  const bool harmless =
      is_member_of_role(a.owner, caller) || (OidIsValid(host) && is_member_of_role(a.owner, host));
  switch_user(before, a.owner, !harmless);
  if (!audience.runs_added_code) return;
  if (a.owner == caller) return;
  before->settings = NewGUCNestLevel();
  (void)set_config_option("search_path", safe_path(a, caller), PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                          true, 0, false);
}

void be_oneself(const OwnerSwitch& before) {
  // As after an error: also what the owner's code has set for good.
  if (before.settings > 0) AtEOXact_GUC(false, before.settings);
  SetUserIdAndSecContext(before.user, before.security_context);
}

}  // namespace lead_scoring
