#include "pg/audience_cache.hpp"

#include "pg/mirror.hpp"
#include "pg/model_cache.hpp"
#include "pg/own_tables.hpp"
#include "pg/owner.hpp"

extern "C" {
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace lead_scoring {

namespace {

struct Cache {
  MemoryContext context;
  bool stale;
  HTAB* tables;     // TrackedTable by Oid
  HTAB* watched;    // Oids whose invalidation makes the cache stale
  List* audiences;  // CachedAudience
};

Cache* current = nullptr;
List* retired = NIL;  // stale caches that running frames may still use
int depth = 0;

constexpr const char* catalog_tables[] = {"audience", "source", "signal_version", "sheet", "sheet_revision"};

void on_relcache_invalidation(Datum, Oid relation) {
  if (current == nullptr) return;
  if (relation == InvalidOid || hash_search(current->watched, &relation, HASH_FIND, nullptr) != nullptr)
    current->stale = true;
}

// Compiled conditions hold functions, and the bodies of those that were inlined; prepared statements hold the names of
// schemas. The owner's rights decide whether rows may be seen, and whether the audience's tables may refuse one.
void on_syscache_invalidation(Datum, int, uint32) {
  if (current != nullptr) current->stale = true;
}

HTAB* oid_table(const char* name, Size entry_size, MemoryContext context) {
  HASHCTL control = {};
  control.keysize = sizeof(Oid);
  control.entrysize = entry_size;
  control.hcxt = context;
  return hash_create(name, 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void watch(Cache* cache, Oid relation) { (void)hash_search(cache->watched, &relation, HASH_ENTER, nullptr); }

void free_plans(StorePlans* plans) {
  for (SPIPlanPtr plan : {plans->find_lead, plans->forget, plans->take_pending, plans->delete_scores,
                          plans->find_unequal, plans->lock_leads, plans->copy_to_leads})
    if (plan != nullptr) SPI_freeplan(plan);
}

void destroy(Cache* cache) {
  ListCell* cell = nullptr;
  foreach (cell, cache->audiences) free_plans(&static_cast<CachedAudience*>(lfirst(cell))->plans);
  MemoryContextDelete(cache->context);
}

Cache* make_cache() {
  static bool registered = false;
  if (!registered) {
    CacheRegisterRelcacheCallback(on_relcache_invalidation, 0);
    for (const int cache : {PROCOID, NAMESPACEOID, AUTHOID, AUTHMEMROLEMEM})
      CacheRegisterSyscacheCallback(cache, on_syscache_invalidation, 0);
    registered = true;
  }
  MemoryContext context =
      AllocSetContextCreate(CacheMemoryContext, "lead_scoring cache", ALLOCSET_DEFAULT_SIZES);
  auto* cache = static_cast<Cache*>(MemoryContextAllocZero(context, sizeof(Cache)));
  cache->context = context;
  cache->tables = oid_table("lead_scoring tables", sizeof(TrackedTable), context);
  cache->watched = oid_table("lead_scoring watched relations", sizeof(Oid), context);
  return cache;
}

void watch_catalog(Cache* cache) {
  for (const char* name : catalog_tables) watch(cache, catalog_relation(name));
}

void note_resting(Cache* cache, TrackedTable* table, const SourceDefinition& source) {
  const AudienceDefinition* definition = read_audience(source.audience);
  if (definition == nullptr) return;
  watch(cache, definition->lead_table);
  auto* resting = palloc_object(RestingSource);
  *resting = {definition, pstrdup(source.name)};
  table->resting = lappend(table->resting, resting);
}

void fill_table(Cache* cache, TrackedTable* table, Relation rel) {
  MemoryContext caller = MemoryContextSwitchTo(cache->context);
  ListCell* cell = nullptr;
  watch(cache, table->table);
  List* sources = sources_covering(table->table);
  table->sources = static_cast<TrackedSource*>(palloc0(sizeof(TrackedSource) * (list_length(sources) + 1)));
  foreach (cell, sources) {
    const auto* source = static_cast<const SourceDefinition*>(lfirst(cell));
    CachedAudience* audience = cached_audience(source->audience);
    watch(cache, source->table);
    if (audience == nullptr) {
      note_resting(cache, table, *source);
      continue;
    }
    OwnerSwitch owner;
    become_owner(&owner, audience->definition->owner);
    SourceMatcher* matcher = make_matcher(*audience->definition, *source, rel, cache->context);
    be_oneself(owner);
    table->sources[table->source_count++] = {audience, matcher};
  }
  table->filled = true;
  MemoryContextSwitchTo(caller);
}

// A model that this release cannot read must not stop the application; its sheet rests.
void load_sheet_model(CachedSheet* sheet, MemoryContext context) {
  struct varlena* stored = read_model(sheet->name, sheet->revision);
  if (stored == nullptr) {
    sheet->broken = "the active revision is missing";
    sheet->broken_sqlstate = ERRCODE_UNDEFINED_OBJECT;
    return;
  }
  ErrorReport report;
  sheet->model = try_load_model(PointerGetDatum(stored), context, &report);
  if (sheet->model != nullptr) return;
  sheet->broken = pstrdup(report.message);
  sheet->broken_sqlstate = report.sqlstate;
}

}  // namespace

void reload_sheets(CachedAudience* audience) {
  // The old models stay until the cache goes: an outer frame may hold them.
  MemoryContext caller = MemoryContextSwitchTo(audience->context);
  List* active = read_active_sheets(audience->definition->name);
  auto* sheets = static_cast<CachedSheet*>(palloc0(sizeof(CachedSheet) * (list_length(active) + 1)));
  int count = 0;
  ListCell* cell = nullptr;
  foreach (cell, active) {
    const auto* sheet = static_cast<const ActiveSheet*>(lfirst(cell));
    CachedSheet* entry = &sheets[count++];
    for (int i = 0; i < audience->sheet_count; i++)
      if (audience->sheets[i].revision == sheet->revision &&
          strcmp(audience->sheets[i].name, sheet->name) == 0)
        *entry = audience->sheets[i];
    if (entry->name != nullptr) continue;
    entry->name = sheet->name;
    entry->revision = sheet->revision;
    load_sheet_model(entry, audience->context);
  }
  audience->sheets = sheets;
  audience->sheet_count = count;
  MemoryContextSwitchTo(caller);
}

int begin_cache_use() {
  if (depth == 0) {
    ListCell* cell = nullptr;
    foreach (cell, retired) destroy(static_cast<Cache*>(lfirst(cell)));
    list_free(retired);
    retired = NIL;
  }
  if (current != nullptr && current->stale) {
    MemoryContext caller = MemoryContextSwitchTo(CacheMemoryContext);
    retired = lappend(retired, current);
    MemoryContextSwitchTo(caller);
    current = nullptr;
  }
  if (current == nullptr) {
    Cache* cache = make_cache();
    watch_catalog(cache);
    current = cache;
  }
  return depth++;
}

void end_cache_use(int depth_before) { depth = depth_before; }

CachedAudience* cached_audience(const char* name) {
  Cache* cache = current;
  ListCell* cell = nullptr;
  foreach (cell, cache->audiences) {
    auto* known = static_cast<CachedAudience*>(lfirst(cell));
    if (strcmp(known->definition->name, name) == 0) return known;
  }
  MemoryContext context =
      AllocSetContextCreate(cache->context, "lead_scoring audience", ALLOCSET_SMALL_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(context);
  CachedAudience* audience = nullptr;
  AudienceDefinition* definition = read_audience(name);
  if (definition != nullptr && definition->broken == nullptr) {
    audience = palloc0_object(CachedAudience);
    audience->definition = definition;
    audience->context = context;
    reload_sheets(audience);
    audience->may_refuse = tables_may_refuse(*definition);
    for (Oid table : {definition->score_table, definition->tally_table, definition->band_change_table,
                      definition->pending_table}) {
      watch(cache, table);
      if (runs_added_code(table)) audience->runs_added_code = true;
    }
    watch(cache, definition->lead_table);
    if (has_mirror(*definition)) audience->runs_added_code = true;  // our own triggers at least
    MemoryContextSwitchTo(cache->context);
    cache->audiences = lappend(cache->audiences, audience);
  }
  MemoryContextSwitchTo(caller);
  return audience;
}

TrackedTable* tracked_table(Relation rel) {
  const Oid oid = RelationGetRelid(rel);
  bool found = false;
  auto* table = static_cast<TrackedTable*>(hash_search(current->tables, &oid, HASH_ENTER, &found));
  if (!found) {
    table->filled = false;
    table->source_count = 0;
    table->sources = nullptr;
  }
  if (!table->filled) {
    table->source_count = 0;
    table->resting = NIL;
    fill_table(current, table, rel);
  }
  return table;
}

}  // namespace lead_scoring
