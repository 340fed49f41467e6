// tally(audience, lead_key) → the tally of a lead. Who may read the tallies reads them. Who may only read the
// scores is given the tallies of the leads whose scores they see, which is what explain needs.
#include "pg/audience_tables.hpp"
#include "pg/owner.hpp"
#include "pg/tally_datum.hpp"

extern "C" {
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/datum.h"
}

namespace lead_scoring {

namespace {

// The first column of the first row, in SPI's memory; false when there is no row.
bool select_by_key(const AudienceDefinition& audience, Oid table, const char* column, Datum key,
                   Datum* value) {
  Oid types[] = {audience.key.type};
  Datum values[] = {key};
  const char* sql = psprintf("SELECT %s FROM %s AS t WHERE t.lead OPERATOR(pg_catalog.=) $1 LIMIT 1", column,
                             qualified_name(table));
  const int result = SPI_execute_with_args(sql, 1, types, values, nullptr, true, 1);
  if (result != SPI_OK_SELECT)
    elog(ERROR, "lead_scoring: unexpected result %s", SPI_result_code_string(result));
  if (SPI_processed == 0) return false;
  bool is_null = false;
  *value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
  return !is_null;
}

bool select_maintained(const AudienceDefinition& audience, Datum key, Datum* tally) {
  return select_by_key(audience, audience.tally_table, "t.base OPERATOR(lead_scoring.+) t.recent", key,
                       tally);
}

bool select_pending(const AudienceDefinition& audience, Datum key, Datum* tally) {
  return select_by_key(audience, audience.pending_table, "lead_scoring.sum(t.delta)", key, tally);
}

// Who may read a lead's tally may read all of it.
bool select_pending_as_owner(const AudienceDefinition& audience, Datum key, Datum* tally) {
  OwnerSwitch owner;
  become_owner(&owner, audience.owner);
  const bool found = select_pending(audience, key, tally);
  be_oneself(owner);
  return found;
}

bool select_tally(const AudienceDefinition& audience, Datum key, Datum* tally) {
  Datum pending = 0;
  const bool maintained = select_maintained(audience, key, tally);
  if (!maintained && pg_class_aclcheck(audience.pending_table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
    return false;
  const bool found =
      maintained ? select_pending_as_owner(audience, key, &pending) : select_pending(audience, key, &pending);
  if (!found) return maintained;
  *tally = maintained ? tally_sum(*tally, pending) : pending;
  return true;
}

bool select_tally_of_visible_lead(const AudienceDefinition& audience, Datum key, Datum* tally) {
  Datum seen = 0;
  // As the caller: privileges and row-level security of the score table decide.
  if (!select_by_key(audience, audience.score_table, "true", key, &seen)) return false;
  OwnerSwitch owner;
  become_owner(&owner, audience.owner);
  const bool found = select_tally(audience, key, tally);
  be_oneself(owner);
  return found;
}

}  // namespace

LS_FUNCTION(ls_lead_tally) {
  const AudienceDefinition* audience = require_visible_audience(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  const Datum key = key_from_text(audience->key, text_to_cstring(PG_GETARG_TEXT_PP(1)));
  const bool may_read = pg_class_aclcheck(audience->tally_table, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
  if (may_read || pg_class_aclcheck(audience->score_table, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
    require_audience_tables(*audience);
  Datum tally = 0;
  SPI_connect();
  const bool found =
      may_read ? select_tally(*audience, key, &tally) : select_tally_of_visible_lead(*audience, key, &tally);
  if (found) tally = SPI_datumTransfer(tally, false, -1);
  SPI_finish();
  if (!found) PG_RETURN_NULL();
  PG_RETURN_DATUM(tally);
}

}  // namespace lead_scoring
