// Who may learn of an audience, and who may work on it. The policies of the catalog table say the same.
#include "pg/catalog.hpp"

extern "C" {
#include "utils/acl.h"
}

namespace lead_scoring {

namespace {

[[noreturn]] void no_such_audience(const char* name) {
  ereport(
      ERROR,
      (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("audience \"%s\" does not exist", name),
       errhint("SELECT name FROM lead_scoring.audience lists the audiences; create_audience() makes one.")));
  pg_unreachable();
}

AudienceDefinition* require_any(const char* name) {
  AudienceDefinition* audience = read_audience(name);
  if (audience == nullptr) no_such_audience(name);
  return audience;
}

AudienceDefinition* require_whole(AudienceDefinition* audience) {
  if (audience->broken != nullptr)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("audience \"%s\" cannot be used: %s", audience->name, audience->broken)));
  return audience;
}

bool owns(const AudienceDefinition& audience) { return has_privs_of_role(GetUserId(), audience.owner); }

bool sees(const AudienceDefinition& audience) {
  return owns(audience) || pg_class_aclcheck(audience.score_table, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
         pg_class_aclcheck(audience.band_change_table, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

AudienceDefinition* require_seen(AudienceDefinition* audience) {
  if (!sees(*audience)) no_such_audience(audience->name);
  return audience;
}

AudienceDefinition* require_own(AudienceDefinition* audience) {
  if (!owns(*require_seen(audience)))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("must be owner of audience \"%s\"", audience->name),
                    errhint("The owner of the lead table owns the audience.")));
  return audience;
}

}  // namespace

AudienceDefinition* require_audience(const char* name) { return require_whole(require_any(name)); }

AudienceDefinition* require_visible_audience(const char* name) {
  return require_whole(require_seen(require_any(name)));
}

AudienceDefinition* require_owned_audience(const char* name) {
  return require_whole(require_own(require_any(name)));
}

void require_owner(const char* name) { (void)require_own(require_any(name)); }

}  // namespace lead_scoring
