// The columns of a stored table are found by their names, each time: its owner may have changed them.
#include "pg/stored_table.hpp"

extern "C" {
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

AttrNumber column_named(const StoredTable& table, const char* name, AttrNumber likely) {
  TupleDesc desc = RelationGetDescr(table.rel);
  const auto is_it = [&](int attribute) {
    Form_pg_attribute column = TupleDescAttr(desc, attribute);
    return !column->attisdropped && strcmp(NameStr(column->attname), name) == 0;
  };
  if (likely >= 1 && likely <= desc->natts && is_it(likely - 1)) return likely;
  for (int i = 0; i < desc->natts; i++)
    if (is_it(i)) return static_cast<AttrNumber>(i + 1);
  return 0;
}

bool holds_type(const StoredTable& table, AttrNumber column, Oid type) {
  const Oid stored = TupleDescAttr(RelationGetDescr(table.rel), column - 1)->atttypid;
  // varchar for text.
  return stored == type || IsBinaryCoercible(getBaseType(stored), type);
}

}  // namespace

AttrNumber stored_column(const StoredTable& table, const char* name, Oid type, AttrNumber likely) {
  const AttrNumber column = column_named(table, name, likely);
  if (column != 0 && !holds_type(table, column, type))
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH),
             errmsg("column \"%s\" of table \"%s\" is no longer of type %s", name,
                    RelationGetRelationName(table.rel), format_type_be(type)),
             errhint("lead_scoring cannot keep the table up to date. ALTER TABLE gives it its type back.")));
  return column;
}

AttrNumber required_column(const StoredTable& table, const char* name, Oid type, AttrNumber likely) {
  const AttrNumber column = stored_column(table, name, type, likely);
  if (column == 0)
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_COLUMN),
             errmsg("table \"%s\" has lost its column \"%s\"", RelationGetRelationName(table.rel), name),
             errhint("lead_scoring cannot keep the table up to date without it.")));
  return column;
}

void require_lead_key(const StoredTable& table, AttrNumber lead, const KeyType& key, int more) {
  Relation index = table.by_key.index;
  if (table.by_key.column == lead && index->rd_index->indnkeyatts == 1 + more &&
      index->rd_opcintype[0] == key.type)
    return;
  ereport(ERROR,
          (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
           errmsg("table \"%s\" has another primary key", RelationGetRelationName(table.rel)),
           errhint("Its rows are found by it. Create it again as in the other tables of lead_scoring.")));
}

}  // namespace lead_scoring
