// See expression.hpp. The rules are those of index predicates, plus: no system columns, no whole row, and
// no cast to text whose result depends on settings although PostgreSQL calls it immutable.
#include "pg/expression.hpp"

extern "C" {
#include "access/relation.h"
#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
}

namespace lead_scoring {

namespace {

struct Place {
  const char* text;
  const char* what;
};

// The text is not the query the client sent: give the place in it as an internal query.
void expression_error_context(void* arg) {
  const Place* place = static_cast<const Place*>(arg);
  const int position = geterrposition();
  if (position > 0) {
    errposition(0);
    internalerrposition(position);
    internalerrquery(place->text);
  }
  errcontext("%s", place->what);
}

[[noreturn]] void refuse(ParseState* state, Node* node, const char* message, const char* hint) {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("%s", message),
                  hint ? errhint("%s", hint) : 0, parser_errposition(state, exprLocation(node))));
  pg_unreachable();
}

bool is_mutable_function(Oid function, void*) { return func_volatile(function) != PROVOLATILE_IMMUTABLE; }
bool is_user_function(Oid function, void*) { return function >= FirstNormalObjectId; }

}  // namespace

bool walk(Node* node, Walker walker, void* context) {
#if PG_VERSION_NUM >= 160000
  return expression_tree_walker(node, walker, context);
#else
  return expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)),
                                context);
#endif
}

namespace {

bool prints_by_settings(Oid type) {
  return type == FLOAT4OID || type == FLOAT8OID || type == BYTEAOID || type == XMLOID;
}

bool check_node(Node* node, void* context) {
  if (node == nullptr) return false;
  auto* state = static_cast<ParseState*>(context);
  switch (nodeTag(node)) {
    case T_Var:
      if (castNode(Var, node)->varattno < 1)
        refuse(state, node, "system columns and whole-row references are not allowed in a signal",
               "Name the columns one by one.");
      break;
    case T_CoerceViaIO:
      if (prints_by_settings(exprType(reinterpret_cast<Node*>(castNode(CoerceViaIO, node)->arg))))
        refuse(state, node, "the text of a floating-point or bytea value depends on settings",
               "Cast floating-point values to numeric first, and use encode() for bytea.");
      break;
    case T_SQLValueFunction:
    case T_NextValueExpr:
    case T_CurrentOfExpr:
      refuse(state, node, "an expression of a signal may depend on nothing but the row",
             "A rule's decay, window or validity is the place for the current time.");
    default:
      break;
  }
  if (check_functions_in_node(node, is_mutable_function, nullptr))
    refuse(state, node, "functions in an expression of a signal must be marked IMMUTABLE",
           "The same row must give the same answer whenever it is counted again. Times without zone and "
           "casts of numbers are immutable; now() and text forms of dates are not.");
  return walk(node, check_node, context);
}

bool find_user_function(Node* node, void* context) {
  if (node == nullptr) return false;
  if (check_functions_in_node(node, is_user_function, nullptr)) return true;
  return walk(node, find_user_function, context);
}

// Subqueries are found in the raw tree, to say it in our own words.
bool refuse_sublink(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, SubLink)) {
    auto* state = static_cast<ParseState*>(context);
    refuse(state, node, "subqueries are not allowed in an expression of a signal",
           "Only the row's own columns decide. Register the other table as a source of its own.");
  }
#if PG_VERSION_NUM >= 160000
  return raw_expression_tree_walker(node, refuse_sublink, context);
#else
  return raw_expression_tree_walker(
      node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(refuse_sublink)), context);
#endif
}

// A bare "*" is a list of columns, which transformExpr takes for a column's name.
bool is_star(Node* node) {
  return IsA(node, ColumnRef) && IsA(linitial(castNode(ColumnRef, node)->fields), A_Star);
}

Node* parse_single_expression(ParseState* state, const char* text) {
  List* raw = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
  auto* select = linitial_node(RawStmt, raw)->stmt;
  auto* s = reinterpret_cast<SelectStmt*>(select);
  const bool single = list_length(raw) == 1 && IsA(select, SelectStmt) && s->op == SETOP_NONE &&
                      !s->valuesLists && !s->distinctClause && !s->fromClause && !s->whereClause &&
                      !s->groupClause && !s->havingClause && !s->windowClause && !s->sortClause &&
                      !s->limitCount && !s->limitOffset && !s->lockingClause && !s->withClause &&
                      !s->intoClause && list_length(s->targetList) == 1;
  ResTarget* target = single ? linitial_node(ResTarget, s->targetList) : nullptr;
  if (target == nullptr || target->name != nullptr || target->indirection != nullptr || is_star(target->val))
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("\"%s\" is not a single SQL expression", text),
                    errhint("Write one expression over the source's columns, such as: amount > 100")));
  refuse_sublink(target->val, state);
  return target->val;
}

Node* coerce(ParseState* state, Node* expression, ExpressionKind kind, const char* text) {
  Oid wanted = InvalidOid;
  const char* noun = "";
  switch (kind) {
    case ExpressionKind::condition:
      wanted = BOOLOID;
      noun = "a condition must be boolean";
      break;
    case ExpressionKind::value:
      wanted = NUMERICOID;
      noun = "a value must be numeric";
      break;
    case ExpressionKind::distinct_by:
      wanted = TEXTOID;
      noun = "distinct_by must have a text form";
      break;
    case ExpressionKind::occurred_on: {
      const Oid type = getBaseType(exprType(expression));
      if (type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID) return expression;
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("occurred_on must be a date or a timestamp, but \"%s\" is of type %s", text,
                             format_type_be(exprType(expression))),
                      parser_errposition(state, exprLocation(expression))));
    }
  }
  const Oid type = exprType(expression);
  // Text is not taken for a boolean or a number by itself: a typing error would be found at run time only.
  Node* coerced = coerce_to_target_type(state, expression, type, wanted, -1, COERCION_ASSIGNMENT,
                                        COERCE_IMPLICIT_CAST, -1);
  if (coerced == nullptr)
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("%s, but \"%s\" is of type %s", noun, text, format_type_be(type)),
                    parser_errposition(state, exprLocation(expression))));
  return coerced;
}

ParseState* state_over(Relation rel, const char* text) {
  ParseState* state = make_parsestate(nullptr);
  state->p_sourcetext = text;
  ParseNamespaceItem* item = addRangeTableEntryForRelation(state, rel, AccessShareLock, nullptr, false, true);
  addNSItemToQuery(state, item, false, true, true);
  return state;
}

Node* finish(ParseState* state, Node* expression) {
  assign_expr_collations(state, expression);
  check_node(expression, state);
  free_parsestate(state);
  return expression;
}

struct ErrorContext {
  ErrorContextCallback callback;
  Place place;
};

void push_context(ErrorContext* context, const char* text, const char* what) {
  context->place = {text, what};
  context->callback.callback = expression_error_context;
  context->callback.arg = &context->place;
  context->callback.previous = error_context_stack;
  error_context_stack = &context->callback;
}

void pop_context(ErrorContext* context) { error_context_stack = context->callback.previous; }

bool collect_column(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, Var)) {
    auto** columns = static_cast<Bitmapset**>(context);
    *columns = bms_add_member(*columns, castNode(Var, node)->varattno);
    return false;
  }
  return walk(node, collect_column, context);
}

}  // namespace

Node* parse_expression(Relation rel, const char* text, ExpressionKind kind, const char* what) {
  ErrorContext context;
  push_context(&context, text, what);
  ParseState* state = state_over(rel, text);
  Node* raw = parse_single_expression(state, text);
  Node* expression = transformExpr(state, raw, EXPR_KIND_INDEX_PREDICATE);
  expression = finish(state, coerce(state, expression, kind, text));
  pop_context(&context);
  return expression;
}

Node* parse_event_type(Relation rel, const char* column, const char* literal, const char* what) {
  ErrorContext context;
  push_context(&context, literal, what);
  ParseState* state = state_over(rel, literal);
  A_Const* constant = makeNode(A_Const);
#if PG_VERSION_NUM >= 150000
  constant->val.sval.type = T_String;
  constant->val.sval.sval = pstrdup(literal);
#else
  constant->val = *makeString(pstrdup(literal));
#endif
  constant->location = -1;
  ColumnRef* reference = makeNode(ColumnRef);
  reference->fields = list_make1(makeString(pstrdup(column)));
  reference->location = -1;
  auto* equal = makeSimpleA_Expr(AEXPR_OP, const_cast<char*>("="), reinterpret_cast<Node*>(reference),
                                 reinterpret_cast<Node*>(constant), -1);
  Node* expression = transformExpr(state, reinterpret_cast<Node*>(equal), EXPR_KIND_INDEX_PREDICATE);
  expression = finish(state, coerce(state, expression, ExpressionKind::condition, literal));
  pop_context(&context);
  return expression;
}

bool calls_user_functions(Node* expression) { return find_user_function(expression, nullptr); }

void collect_columns(Node* expression, Bitmapset** columns) { collect_column(expression, columns); }

int enter_safe_settings() {
  const int level = NewGUCNestLevel();
  struct {
    const char* name;
    const char* value;
  } const settings[] = {
      {"search_path", "pg_catalog, pg_temp"}, {"DateStyle", "ISO, YMD"}, {"IntervalStyle", "postgres"}};
  for (const auto& setting : settings)
    (void)set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                            false);
  return level;
}

// As after an error: what an expression's functions have set is taken back as well.
void leave_safe_settings(int level) { AtEOXact_GUC(false, level); }

}  // namespace lead_scoring

using namespace lead_scoring;

namespace {
ExpressionKind kind_named(const char* name) {
  if (strcmp(name, "condition") == 0) return ExpressionKind::condition;
  if (strcmp(name, "value") == 0) return ExpressionKind::value;
  if (strcmp(name, "distinct_by") == 0) return ExpressionKind::distinct_by;
  if (strcmp(name, "occurred_on") == 0) return ExpressionKind::occurred_on;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown kind of expression \"%s\"", name),
                  errhint("One of condition, value, distinct_by, occurred_on.")));
  pg_unreachable();
}
}  // namespace

// check_expression(table regclass, expression text, kind text, what text) → the expression as stored.
LS_FUNCTION(ls_check_expression) {
  const Oid table = PG_GETARG_OID(0);
  const char* given = text_to_cstring(PG_GETARG_TEXT_PP(1));
  const ExpressionKind kind = kind_named(text_to_cstring(PG_GETARG_TEXT_PP(2)));
  const char* what = text_to_cstring(PG_GETARG_TEXT_PP(3));
  Relation rel = relation_open(table, AccessShareLock);
  const int level = enter_safe_settings();
  Node* expression = parse_expression(rel, given, kind, what);
  List* names = deparse_context_for(RelationGetRelationName(rel), table);
  char* stored = deparse_expression(expression, names, false, false);
  leave_safe_settings(level);
  relation_close(rel, NoLock);
  PG_RETURN_TEXT_P(cstring_to_text(stored));
}

// check_event_type(table regclass, event_type column name, literal text, what text) → void
LS_FUNCTION(ls_check_event_type) {
  const char* column = NameStr(*PG_GETARG_NAME(1));
  const char* literal = text_to_cstring(PG_GETARG_TEXT_PP(2));
  const char* what = text_to_cstring(PG_GETARG_TEXT_PP(3));
  Relation rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
  const int level = enter_safe_settings();
  (void)parse_event_type(rel, column, literal, what);
  leave_safe_settings(level);
  relation_close(rel, NoLock);
  PG_RETURN_VOID();
}
