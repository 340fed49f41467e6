// Acting as an audience's owner. An error restores the user by itself.
#pragma once

#include "pg/compat.hpp"

namespace lead_scoring {

struct OwnerSwitch {
  Oid user;
  int security_context;
};

// `restricted` for everything that runs the owner's expressions: no temporary objects, no SET ROLE, no
// deferred triggers can be smuggled in.
inline void become_owner(OwnerSwitch* before, Oid owner, bool restricted) {
  GetUserIdAndSecContext(&before->user, &before->security_context);
  SetUserIdAndSecContext(owner, before->security_context | SECURITY_LOCAL_USERID_CHANGE |
                                    (restricted ? SECURITY_RESTRICTED_OPERATION : 0));
}

inline void be_oneself(const OwnerSwitch& before) {
  SetUserIdAndSecContext(before.user, before.security_context);
}

}  // namespace lead_scoring
