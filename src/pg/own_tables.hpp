// Whether an audience's own tables may refuse what is written into them. As create_audience() makes them they cannot,
// and writing needs no guard, which would cost each event a transaction id. What somebody has added (checks,
// triggers, unique indexes, ...) or taken away (columns, rights) may.
#pragma once

#include "pg/catalog.hpp"

namespace lead_scoring {

// As far as the latest catalog tells. True also where one of the tables is locked just now.
[[nodiscard]] bool tables_may_refuse(const AudienceDefinition& audience);

}  // namespace lead_scoring
