// Running something that may fail without losing the transaction. A subtransaction that writes nothing never
// gets an xid; parallel workers cannot have any.
#pragma once

#include "pg/failure.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/resowner.h"
}

namespace lead_scoring {

// Runs work() in a subtransaction that is rolled back on error. True: it succeeded. Otherwise *error is the
// error, already cleared and in the caller's memory context; errors for which surfaces(sqlstate) are thrown on.
template <class Work>
bool guarded(ErrorData** error, Work work, bool (*surfaces)(int) = must_surface) {
  MemoryContext caller = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  volatile bool succeeded = false;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(caller);
  PG_TRY();
  {
    work();
    ReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(caller);
    CurrentResourceOwner = owner;
    succeeded = true;
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(caller);
    *error = CopyErrorData();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(caller);
    CurrentResourceOwner = owner;
  }
  PG_END_TRY();
  if (!succeeded && surfaces((*error)->sqlerrcode)) ReThrowError(*error);
  return succeeded;
}

}  // namespace lead_scoring
