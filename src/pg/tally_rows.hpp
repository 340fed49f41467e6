// The aggregate that counts rows of a source inside a query.
#pragma once

#include "pg/failure.hpp"

namespace lead_scoring {

// From now on guarded tally_rows of this backend put their failures into `list`; returns the list before,
// to be restored in a PG_FINALLY block.
FailureList* collect_recount_failures(FailureList* list);

}  // namespace lead_scoring
