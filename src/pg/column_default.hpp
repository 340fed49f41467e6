// What a column gets that is not given, as an expression of the parser's.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "nodes/nodes.h"
}

namespace lead_scoring {

// nullptr: NULL. As build_column_default().
Node* default_of_column(Relation rel, AttrNumber column);

}  // namespace lead_scoring
