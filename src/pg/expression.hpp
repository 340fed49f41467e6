// SQL expressions of signals: parsed and printed by PostgreSQL itself, restricted to what a row's own
// columns determine for ever: immutable, no subquery, aggregate or set-returning function.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "nodes/nodes.h"
#include "utils/rel.h"
}

namespace lead_scoring {

enum class ExpressionKind { condition, value, distinct_by, occurred_on };

// The expression as a planned tree over `rel` (varno 1), coerced to boolean, numeric or text; occurred_on
// keeps its type: timestamptz, timestamp or date. Errors carry the place in `text` and name `what`,
// for example: condition of signal "order".
Node* parse_expression(Relation rel, const char* text, ExpressionKind kind, const char* what);

// `column = 'literal'` with the column's own type and equality, for the event type of a signal.
Node* parse_event_type(Relation rel, const char* column, const char* literal, const char* what);

// Whether the tree calls functions that did not come with PostgreSQL; those must not see the session's
// search_path.
bool calls_user_functions(Node* expression);

// Adds the columns the tree reads to `columns` (attribute numbers, as integers of a Bitmapset).
void collect_columns(Node* expression, Bitmapset** columns);

// Everything that is parsed, printed or run here sees these settings: search_path pg_catalog, ISO dates.
// Returns the level for leave_safe_settings; an error unwinds it by itself.
int enter_safe_settings();
void leave_safe_settings(int level);

// Over the nodes of an expression, as expression_tree_walker does it.
using Walker = bool (*)(Node*, void*);
bool walk(Node* node, Walker walker, void* context);

}  // namespace lead_scoring
