// The PostgreSQL headers, and everything that differs between the server versions 14 to 18.
//
// Adapter files include this header before any other header of PostgreSQL. The standard headers come
// first: postgres.h defines macros (likely, snprintf, printf …) that break them when it is read earlier.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <memory_resource>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// The build hides every symbol; what fmgr looks up must stay visible. Before 16 PostgreSQL leaves this
// macro empty.
#ifndef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

extern "C" {
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
}

// The definition of a function that SQL calls: LS_FUNCTION(ls_name) { … PG_RETURN_… }
#define LS_FUNCTION(name)                   \
  extern "C" {                              \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
  PG_FUNCTION_INFO_V1(name);                \
  }                                         \
  Datum name([[maybe_unused]] PG_FUNCTION_ARGS)

#ifndef palloc_object
#define palloc_object(type) (static_cast<type*>(palloc(sizeof(type))))
#define palloc0_object(type) (static_cast<type*>(palloc0(sizeof(type))))
#endif

namespace lead_scoring {

inline bool owns_relation(Oid relation, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_ownercheck(RelationRelationId, relation, role);
#else
  return pg_class_ownercheck(relation, role);
#endif
}

inline bool owns_schema(Oid schema, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_ownercheck(NamespaceRelationId, schema, role);
#else
  return pg_namespace_ownercheck(schema, role);
#endif
}

// Prepares a set-returning function that puts all its rows into a tuplestore in one call; afterwards
// rsinfo->setResult and rsinfo->setDesc are there. Leaves fn_extra alone, so that a cache can live there.
#if PG_VERSION_NUM >= 150000
inline void begin_rows(FunctionCallInfo fcinfo) { InitMaterializedSRF(fcinfo, 0); }
#else
void begin_rows(FunctionCallInfo fcinfo);
#endif

}  // namespace lead_scoring
