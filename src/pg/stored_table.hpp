// One of an audience's own tables, read and written row by row, as the executor and the apply worker of logical
// replication do it. A planned statement for each of the few rows of one event costs several times as much.
//
// Protocol. What is read is what a snapshot taken after the locks sees (`look_again`), at every isolation level:
// it decides the write. What is written must not overrule what the transaction's own snapshot cannot see:
// a row that is_unseen makes it 40001, under REPEATABLE READ and SERIALIZABLE. Commands must be counted on
// (CommandCounterIncrement) between two writes of one row.
//
// Triggers, defaults, generated columns and checks that somebody has added to the table work as with SQL; rules and
// row-level security do not take part. The current user must be the audience's owner and may do here what SQL would
// let that user do. An error cleans up by itself.
#pragma once

#include "pg/index_entries.hpp"
#include "pg/key_scan.hpp"

extern "C" {
#include "access/tableam.h"
#include "commands/trigger.h"
#include "nodes/execnodes.h"
}

namespace lead_scoring {

struct LateRow;  // an updated row whose index entries are still to be made

struct StoredTable {
  Relation rel;
  KeyScan by_key;       // over the primary key
  TupleTableSlot* row;  // the row to be written
  EState* estate;
  ResultRelInfo* info;
  EPQState epq;
  List* arbiters;  // the primary key, when insert_unless_there has been called
  TransitionCaptureState* captures[2];
  bool begun[2];         // statement triggers have fired: of an insert, of an update
  ExprState** defaults;  // by attribute; those that were needed
  bool* given;           // by attribute: whether the row has a value of the caller's
  EntryPlan entries;     // of updated rows
  LateRow* late;
  int late_count;
};

// Opens for reading and writing.
void open_stored(StoredTable* table, Oid relation);
void close_stored(StoredTable* table);

// So many keys will be asked for, in ascending order.
inline void expect_keys(StoredTable* table, const KeyType& key, int count) {
  if (count > 1) expect_order(&table->by_key, &key);
}

inline TupleTableSlot* found(const StoredTable& table) { return table.by_key.found; }
// Whether the transaction's own snapshot does not see the row that was found. Who writes it then raises 40001.
[[nodiscard]] bool is_unseen(const StoredTable& table);
[[noreturn]] void raise_concurrent_update();

// Attribute number of a column, 0 when it is gone. `likely` is tried first. The table is its owner's, who may have
// changed the column's type: what is read and written here as bytes must be of ours. SQLSTATE 42804.
AttrNumber stored_column(const StoredTable& table, const char* name, Oid type, AttrNumber likely);
// The same for a column that we cannot do without; SQLSTATE 42703.
AttrNumber required_column(const StoredTable& table, const char* name, Oid type, AttrNumber likely);
// Refuses a primary key that is not the lead's key, followed by `more` columns; SQLSTATE 55000.
void require_lead_key(const StoredTable& table, AttrNumber lead, const KeyType& key, int more);

// Fills `row`: for an insert, where columns that are not set get their defaults; with what was found; with values by
// attribute.
void start_row(StoredTable* table);
void copy_found(StoredTable* table);
void copy_values(StoredTable* table, const Datum* values, const bool* nulls);
inline void set_column(StoredTable* table, AttrNumber column, Datum value, bool is_null) {
  table->row->tts_values[column - 1] = value;
  table->row->tts_isnull[column - 1] = is_null;
  table->given[column - 1] = true;
}

// Writes `row` over the row at `tid`. TM_Updated or TM_Deleted: somebody else was faster. TM_BeingModified: somebody
// holds it, and `wait` is false.
TM_Result update_stored(StoredTable* table, ItemPointer tid, bool wait);
// The same, but the index entries come later, those of many rows one after the other: between other work each of them
// finds the processor's caches full of that. They are there after close_stored.
TM_Result update_stored_late(StoredTable* table, ItemPointer tid, bool wait);
// Locks the row that was found against other writers. TM_WouldBlock: somebody holds it, and `wait` is false.
TM_Result lock_found(StoredTable* table, bool wait);
// Inserts `row`, which then has the defaults too.
void insert_stored(StoredTable* table);
// Inserts `row` unless its key is there. With `wait`, sessions that are inserting the same key are waited for.
bool insert_unless_there(StoredTable* table, bool wait);

}  // namespace lead_scoring
