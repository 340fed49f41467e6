// Replacing what is counted: after TRUNCATE, for new signals, and in a rebuild.
#pragma once

#include "pg/audience_cache.hpp"

namespace lead_scoring {

// The trigger's answer to TRUNCATE: the source's signals are counted again for every lead that has any.
void recount_after_truncate(const TrackedSource& source);

}  // namespace lead_scoring
