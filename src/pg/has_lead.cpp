// has_lead(score_table, lead_key) → whether the lead table has such a row. For the view of the scores at now(), which
// must not depend on the lead table: that could not be dropped then.
#include "pg/catalog.hpp"
#include "pg/owner.hpp"

extern "C" {
#include "executor/spi.h"
}

using namespace lead_scoring;

LS_FUNCTION(ls_has_lead) {
  const AudienceDefinition* audience = require_readable_scores(PG_GETARG_OID(0));
  Oid types[] = {audience->key.type};
  Datum values[] = {key_from_text(audience->key, text_to_cstring(PG_GETARG_TEXT_PP(1)))};
  OwnerSwitch owner;
  become_owner(&owner, audience->owner);
  SPI_connect();
  const int result = SPI_execute_with_args(
      psprintf("SELECT FROM %s AS l WHERE l.%s OPERATOR(pg_catalog.=) $1",
               qualified_name(audience->lead_table), quote_identifier(audience->lead_key)),
      1, types, values, nullptr, true, 1);
  if (result != SPI_OK_SELECT)
    elog(ERROR, "lead_scoring: unexpected result %s", SPI_result_code_string(result));
  const bool found = SPI_processed > 0;
  SPI_finish();
  be_oneself(owner);
  PG_RETURN_BOOL(found);
}
