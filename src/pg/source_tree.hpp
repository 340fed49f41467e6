// A source may be a tree: a partitioned table or one with children. See source_tree.cpp for what makes it grow and shrink.
#pragma once

#include "pg/compat.hpp"

namespace lead_scoring {

// Inside the event trigger of ALTER TABLE ... NO INHERIT: whether that has taken a table out of the tree of this source.
// Who may do that needs own only the table that leaves, and no longer belongs to the tree.
[[nodiscard]] bool has_lost_child(const char* audience, const char* source);

}  // namespace lead_scoring
