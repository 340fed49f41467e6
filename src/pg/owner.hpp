// Acting as an audience's owner. An error restores the user by itself.
#pragma once

#include "pg/compat.hpp"

namespace lead_scoring {

struct CachedAudience;

struct OwnerSwitch {
  Oid user;
  int security_context;
  int settings;  // level of the settings to be taken back; 0: none
};

// For the owner's expressions and for reading: no temporary objects, no deferred triggers, no SET ROLE can be
// smuggled in.
void become_owner(OwnerSwitch* before, Oid owner);
// For writing to the audience's tables. Triggers, checks and defaults that the owner has added to them run too: as the
// owner, in the caller's session. Neither may gain by that. Where the owner could not be the caller anyway, nothing can
// be left behind that would run as the caller; settings are taken back; and names are looked up where the caller can
// plant nothing. `host`: a role that the caller trusts already, because it is writing to that role's table.
void become_writer(OwnerSwitch* before, const CachedAudience& audience, Oid host);
void be_oneself(const OwnerSwitch& before);

// Whether writing to a table runs code that somebody has added to it.
bool runs_added_code(Oid table);

}  // namespace lead_scoring
