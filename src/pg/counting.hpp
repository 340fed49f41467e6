// Counting sources afresh, as SQL over the source tables with the same matching as the triggers.
#pragma once

#include "pg/failure.hpp"

namespace lead_scoring {

struct RecountQuery {
  const char* source;   // only this source; nullptr: all
  const char* signals;  // an int[] literal: only these signals; nullptr: all
  const char* keys;     // "$1": only these leads, an array parameter; nullptr: all
  bool guarded;         // a failing expression loses one signal of one row instead of the query
  Oid table;            // a partition to be counted instead of the source's whole table; 0: the whole table
};

// SELECT … that yields (lead, tally): the tally of every lead that a source names, counted from the sources.
char* recount_sql(const AudienceDefinition& audience, const RecountQuery& query);

// The key column of a source, aliased e, as the audience's key type and collation.
char* key_expression(const AudienceDefinition& audience, const char* column);
// Whether a row `e` of a source names a lead.
char* names_lead_sql(const AudienceDefinition& audience, const char* column);

// A statement around a recount; it is made twice when the first, unguarded one fails on some row.
struct CountingStatement {
  const char* (*make)(const AudienceDefinition& audience, const RecountQuery& query, void* context);
  void* context;
  RecountQuery query;
  int argument_count;
  Oid* types;
  Datum* values;
  int expected;  // SPI result
};

// First unguarded, so that it may run in parallel; when an expression fails on some row, once more with each
// row guarded. Needs an SPI connection; SPI_tuptable is the result.
void run_counting(const AudienceDefinition& audience, const CountingStatement& statement,
                  FailureList* failures);

// One statement without a kept plan. `nulls` as SPI has it; nullptr: no argument is NULL.
void run_sql(const char* sql, int argument_count, Oid* types, Datum* values, int expected,
             const char* nulls = nullptr);

}  // namespace lead_scoring
