// Reading is done by catalog scans: for tables without syscache they take a fresh snapshot each time.
#include "pg/catalog.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// One row of a catalog table; columns are found by name, so that an upgraded catalog may order them anew.
struct Row {
  HeapTuple tuple;
  TupleDesc desc;

  [[nodiscard]] Datum get(const char* column, bool* is_null) const {
    for (int i = 0; i < desc->natts; i++)
      if (!TupleDescAttr(desc, i)->attisdropped &&
          strcmp(NameStr(TupleDescAttr(desc, i)->attname), column) == 0)
        return heap_getattr(tuple, i + 1, desc, is_null);
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("lead_scoring: catalog column \"%s\" is missing", column),
                    errhint("Run ALTER EXTENSION lead_scoring UPDATE.")));
    pg_unreachable();
  }
  [[nodiscard]] char* text_or_null(const char* column) const {
    bool is_null = false;
    const Datum value = get(column, &is_null);
    return is_null ? nullptr : TextDatumGetCString(value);
  }
  [[nodiscard]] char* name_or_null(const char* column) const {
    bool is_null = false;
    const Datum value = get(column, &is_null);
    return is_null ? nullptr : pstrdup(NameStr(*DatumGetName(value)));
  }
  [[nodiscard]] Oid oid(const char* column) const {
    bool is_null = false;
    return DatumGetObjectId(get(column, &is_null));
  }
  [[nodiscard]] bool boolean(const char* column) const {
    bool is_null = false;
    const Datum value = get(column, &is_null);
    return !is_null && DatumGetBool(value);
  }
  [[nodiscard]] int32 int4(const char* column) const {
    bool is_null = false;
    const Datum value = get(column, &is_null);
    return is_null ? 0 : DatumGetInt32(value);
  }
  [[nodiscard]] int64 int8(const char* column) const {
    bool is_null = false;
    const Datum value = get(column, &is_null);
    return is_null ? 0 : DatumGetInt64(value);
  }
};

struct Key {
  const char* column;
  Datum value;
  RegProcedure equal;
};

// Calls visit(row) for each row with the given values. `index` must begin with the keys' columns.
template <class Visit>
void for_each_row(const char* table_name, const char* index, const Key* wanted, int key_count, Visit visit) {
  Relation table = table_open(catalog_relation(table_name), AccessShareLock);
  TupleDesc desc = RelationGetDescr(table);
  ScanKeyData keys[2];
  Assert(key_count <= 2);
  for (int i = 0; i < key_count; i++) {
    const AttrNumber number = get_attnum(RelationGetRelid(table), wanted[i].column);
    ScanKeyEntryInitialize(&keys[i], 0, number, BTEqualStrategyNumber, InvalidOid,
                           wanted[i].equal == F_TEXTEQ ? DEFAULT_COLLATION_OID : InvalidOid, wanted[i].equal,
                           wanted[i].value);
  }
  SysScanDesc scan = systable_beginscan(table, catalog_relation(index), true, nullptr, key_count, keys);
  while (HeapTuple tuple = systable_getnext(scan)) visit(Row{tuple, desc});
  systable_endscan(scan);
  table_close(table, AccessShareLock);
}

Key by_name(const char* column, const char* value) { return {column, CStringGetTextDatum(value), F_TEXTEQ}; }

int by_number(const ListCell* a, const ListCell* b) {
  const auto* x = static_cast<const SignalDefinition*>(lfirst(a));
  const auto* y = static_cast<const SignalDefinition*>(lfirst(b));
  return x->number - y->number;
}

int by_audience_and_name(const ListCell* a, const ListCell* b) {
  const auto* x = static_cast<const SourceDefinition*>(lfirst(a));
  const auto* y = static_cast<const SourceDefinition*>(lfirst(b));
  const int order = strcmp(x->audience, y->audience);
  return order != 0 ? order : strcmp(x->name, y->name);
}

int by_sheet_name(const ListCell* a, const ListCell* b) {
  return strcmp(static_cast<const ActiveSheet*>(lfirst(a))->name,
                static_cast<const ActiveSheet*>(lfirst(b))->name);
}

void read_signals(SourceDefinition* source) {
  List* signals = NIL;
  const Key key = by_name("audience", source->audience);
  for_each_row("signal_version", "signal_version_pkey", &key, 1, [&](const Row& row) {
    if (!row.boolean("counted") || strcmp(row.text_or_null("source"), source->name) != 0) return;
    auto* signal = palloc0_object(SignalDefinition);
    signal->number = row.int4("number");
    signal->name = row.text_or_null("signal");
    signal->event_type = row.text_or_null("event_type");
    signal->condition = row.text_or_null("condition");
    signal->value = row.text_or_null("value");
    signal->distinct_by = row.text_or_null("distinct_by");
    signal->occurred_on = row.text_or_null("occurred_on");
    signals = lappend(signals, signal);
  });
  list_sort(signals, by_number);
  source->signal_count = list_length(signals);
  source->signals =
      static_cast<SignalDefinition*>(palloc0(sizeof(SignalDefinition) * (source->signal_count + 1)));
  for (int i = 0; i < source->signal_count; i++)
    source->signals[i] = *static_cast<SignalDefinition*>(list_nth(signals, i));
}

SourceDefinition* source_of(const Row& row) {
  auto* source = palloc0_object(SourceDefinition);
  source->audience = row.text_or_null("audience");
  source->name = row.text_or_null("name");
  source->table = row.oid("source_table");
  source->profile = strcmp(row.text_or_null("kind"), "profile") == 0;
  source->lead_key = row.name_or_null("lead_key");
  source->occurred_at = row.name_or_null("occurred_at");
  source->event_type = row.name_or_null("event_type");
  return source;
}

List* with_signals(List* sources) {
  ListCell* cell = nullptr;
  list_sort(sources, by_audience_and_name);
  foreach (cell, sources) read_signals(static_cast<SourceDefinition*>(lfirst(cell)));
  return sources;
}

// nullptr: all is well.
const char* fill_key(AudienceDefinition* audience) {
  const AttrNumber number = get_attnum(audience->lead_table, audience->lead_key);
  if (number == InvalidAttrNumber) return psprintf("the lead key column \"%s\" is gone", audience->lead_key);
  Oid type = InvalidOid;
  Oid collation = InvalidOid;
  int32 typmod = -1;
  get_atttypetypmodcoll(audience->lead_table, number, &type, &typmod, &collation);
  type = getBaseType(type);
  if (!is_key_type(type))
    return psprintf("the lead key column \"%s\" is of type %s, which cannot be a lead key",
                    audience->lead_key, format_type_be(type));
  init_key_type(&audience->key, type, collation);
  return nullptr;
}

Oid owner_of(Oid table) {
  HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
  if (!HeapTupleIsValid(tuple)) return InvalidOid;
  const Oid owner = (reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple)))->relowner;
  ReleaseSysCache(tuple);
  return owner;
}

// The table itself and everything it is a partition or child of.
List* with_parents(Oid table) {
  List* found = list_make1_oid(table);
  Relation inherits = table_open(InheritsRelationId, AccessShareLock);
  for (int i = 0; i < list_length(found); i++) {
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(list_nth_oid(found, i)));
    SysScanDesc scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, nullptr, 1, &key);
    while (HeapTuple tuple = systable_getnext(scan))
      found =
          list_append_unique_oid(found, (reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple)))->inhparent);
    systable_endscan(scan);
  }
  table_close(inherits, AccessShareLock);
  return found;
}

}  // namespace

Oid extension_schema() { return get_namespace_oid("lead_scoring", false); }

Oid catalog_relation(const char* name) {
  const Oid oid = get_relname_relid(name, extension_schema());
  if (!OidIsValid(oid))
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("lead_scoring: catalog relation \"%s\" is missing", name),
                    errhint("Is the extension lead_scoring installed in this database?")));
  return oid;
}

Oid catalog_type(const char* name) {
  const Oid oid = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
                                  ObjectIdGetDatum(extension_schema()));
  if (!OidIsValid(oid))
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("lead_scoring: type \"%s\" is missing", name)));
  return oid;
}

AudienceDefinition* read_audience(const char* name) {
  AudienceDefinition* audience = nullptr;
  const Key key = by_name("name", name);
  for_each_row("audience", "audience_pkey", &key, 1, [&](const Row& row) {
    auto* found = palloc0_object(AudienceDefinition);
    found->name = row.text_or_null("name");
    found->lead_table = row.oid("lead_table");
    found->lead_key = row.name_or_null("lead_key");
    found->score_table = row.oid("score_table");
    found->tally_table = row.oid("tally_table");
    found->band_change_table = row.oid("band_change_table");
    found->pending_table = row.oid("pending_table");
    found->append_when_busy = row.boolean("append_when_busy");
    const char* zone = row.text_or_null("time_zone");
    found->zone = pg_tzset(zone);
    found->resolution =
        strcmp(row.text_or_null("resolution"), "hour") == 0 ? Resolution::hour : Resolution::day;
    found->owner = owner_of(found->lead_table);
    found->score_column = row.name_or_null("score_column");
    found->band_column = row.name_or_null("band_column");
    found->score_sheet = row.text_or_null("score_sheet");
    found->tally_type = catalog_type("tally");
    if (!OidIsValid(found->owner)) return;
    found->broken =
        found->zone == nullptr ? psprintf("the time zone \"%s\" is not known", zone) : fill_key(found);
    audience = found;
  });
  return audience;
}

AudienceDefinition* require_readable_scores(Oid score_table) {
  const char* name = nullptr;
  const Key key = {"score_table", ObjectIdGetDatum(score_table), F_OIDEQ};
  for_each_row("audience", "audience_score_table_key", &key, 1,
               [&](const Row& row) { name = row.text_or_null("name"); });
  if (name == nullptr)
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                    errmsg("%s is not the score table of an audience", qualified_name(score_table)),
                    errhint("Its audience may have gone with its lead table.")));
  AudienceDefinition* audience = require_audience(name);
  if (pg_class_aclcheck(score_table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("permission denied for table %s", qualified_name(score_table)),
                    errhint("GRANT SELECT ON %s TO %s;", qualified_name(score_table),
                            quote_identifier(GetUserNameFromId(GetUserId(), false)))));
  return audience;
}

List* read_sources(const char* audience) {
  List* sources = NIL;
  const Key key = by_name("audience", audience);
  for_each_row("source", "source_pkey", &key, 1,
               [&](const Row& row) { sources = lappend(sources, source_of(row)); });
  return with_signals(sources);
}

List* sources_covering(Oid table) {
  List* sources = NIL;
  ListCell* cell = nullptr;
  foreach (cell, with_parents(table)) {
    const Key key = {"source_table", ObjectIdGetDatum(lfirst_oid(cell)), F_OIDEQ};
    for_each_row("source", "source_table", &key, 1,
                 [&](const Row& row) { sources = lappend(sources, source_of(row)); });
  }
  return with_signals(sources);
}

List* read_active_sheets(const char* audience) {
  List* sheets = NIL;
  const Key key = by_name("audience", audience);
  for_each_row("sheet", "sheet_audience", &key, 1, [&](const Row& row) {
    const int32 revision = row.int4("active_revision");
    if (revision == 0) return;
    auto* sheet = palloc0_object(ActiveSheet);
    sheet->name = row.text_or_null("name");
    sheet->revision = revision;
    sheets = lappend(sheets, sheet);
  });
  list_sort(sheets, by_sheet_name);
  return sheets;
}

SourceDefinition* require_source(const char* audience, const char* name) {
  ListCell* cell = nullptr;
  foreach (cell, read_sources(audience)) {
    auto* source = static_cast<SourceDefinition*>(lfirst(cell));
    if (strcmp(source->name, name) == 0) return source;
  }
  ereport(
      ERROR,
      (errcode(ERRCODE_UNDEFINED_OBJECT),
       errmsg("source \"%s\" of audience \"%s\" does not exist", name, audience),
       errhint(
           "SELECT name, source_table FROM lead_scoring.source lists the sources; add_source() adds one.")));
  pg_unreachable();
}

struct varlena* read_model(const char* sheet, int32 revision) {
  struct varlena* model = nullptr;
  const Key keys[] = {by_name("sheet", sheet), {"revision", Int32GetDatum(revision), F_INT4EQ}};
  for_each_row("sheet_revision", "sheet_revision_pkey", keys, 2, [&](const Row& row) {
    bool is_null = false;
    model = PG_DETOAST_DATUM_COPY(row.get("model", &is_null));
  });
  return model;
}

bool lock_for_reading(Oid table) {
  LockRelationOid(table, AccessShareLock);
  if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table))) return false;
  if (has_subclass(table)) (void)find_all_inheritors(table, AccessShareLock, nullptr);
  return true;
}

BandRequest* read_band_request(const char* sheet, const char* band) {
  BandRequest* request = nullptr;
  const Key keys[] = {by_name("sheet", sheet), by_name("name", band)};
  for_each_row("band", "band_pkey", keys, 2, [&](const Row& row) {
    bool no_time = false;
    const Datum follow_up = row.get("follow_up", &no_time);
    const BandRequest asked = {row.text_or_null("next_step"), row.text_or_null("owner_role"),
                               row.text_or_null("calendar"), nullptr, row.boolean("notify")};
    if (asked.next_step == nullptr && asked.owner_role == nullptr && no_time && !asked.notify) return;
    request = palloc0_object(BandRequest);
    *request = asked;
    if (no_time) return;
    auto* copy = palloc_object(Interval);
    *copy = *DatumGetIntervalP(follow_up);
    request->follow_up = copy;
  });
  return request;
}

CalendarDefinition* read_calendar(const char* name) {
  CalendarDefinition* calendar = nullptr;
  const Key by_own_name = by_name("name", name);
  for_each_row("calendar", "calendar_pkey", &by_own_name, 1, [&](const Row& row) {
    calendar = palloc0_object(CalendarDefinition);
    calendar->name = row.text_or_null("name");
    calendar->time_zone = row.text_or_null("time_zone");
  });
  if (calendar == nullptr) return nullptr;
  const Key key = by_name("calendar", name);
  List* hours = NIL;
  for_each_row("calendar_hours", "calendar_hours_pkey", &key, 1, [&](const Row& row) {
    auto* one = palloc0_object(OpeningHours);
    *one = {row.int4("weekday"), row.int8("opens"), row.int8("closes")};
    hours = lappend(hours, one);
  });
  List* holidays = NIL;
  for_each_row("holiday", "holiday_pkey", &key, 1,
               [&](const Row& row) { holidays = lappend_int(holidays, row.int4("day")); });
  calendar->hours_count = list_length(hours);
  calendar->hours = static_cast<OpeningHours*>(
      palloc0(sizeof(OpeningHours) * static_cast<Size>(calendar->hours_count + 1)));
  for (int i = 0; i < calendar->hours_count; i++)
    calendar->hours[i] = *static_cast<const OpeningHours*>(list_nth(hours, i));
  calendar->holiday_count = list_length(holidays);
  calendar->holidays =
      static_cast<Day*>(palloc0(sizeof(Day) * static_cast<Size>(calendar->holiday_count + 1)));
  for (int i = 0; i < calendar->holiday_count; i++) calendar->holidays[i] = list_nth_int(holidays, i);
  return calendar;
}

char* qualified_name(Oid relation) {
  return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));
}

}  // namespace lead_scoring
