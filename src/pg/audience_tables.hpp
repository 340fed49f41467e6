// An audience's tables belong to its owner, who may make views of them, or give their columns types whose casts and
// operators are the owner's functions. Who reads the tables as himself would run those.
#pragma once

#include "pg/catalog.hpp"

namespace lead_scoring {

// Refuses tables that could run the owner's code when they are read, and keeps them as they are until the end of the
// transaction; SQLSTATE 42809.
void require_audience_tables(const AudienceDefinition& audience);

}  // namespace lead_scoring
