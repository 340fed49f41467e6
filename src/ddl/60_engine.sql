-- The C functions behind the triggers, counting and checking. Users call the functions of the later pieces.

CREATE FUNCTION lead_scoring.track() RETURNS trigger
    AS 'MODULE_PATHNAME', 'ls_track' LANGUAGE C;
COMMENT ON FUNCTION lead_scoring.track() IS 'Trigger of every source table: keeps tallies and scores up to date. add_source() creates the triggers';

CREATE FUNCTION lead_scoring.invalidate_cache() RETURNS trigger
    AS 'MODULE_PATHNAME', 'ls_invalidate_cache' LANGUAGE C;
COMMENT ON FUNCTION lead_scoring.invalidate_cache() IS 'Trigger of the catalog tables: tells every session that the catalog has changed';

CREATE FUNCTION lead_scoring.check_expression(source_table regclass, expression text, kind text, what text) RETURNS text
    AS 'MODULE_PATHNAME', 'ls_check_expression' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION lead_scoring.check_expression(regclass, text, text, text) IS
    'An SQL expression over a table''s columns as PostgreSQL prints it. kind: condition (boolean), value (numeric), distinct_by (text) or occurred_on (date or timestamp). Refuses what is not immutable, subqueries, aggregates and set-returning functions; what names the expression in errors';

CREATE FUNCTION lead_scoring.check_event_type(source_table regclass, event_type_column name, event_type text, what text) RETURNS void
    AS 'MODULE_PATHNAME', 'ls_check_event_type' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION lead_scoring.check_event_type(regclass, name, text, text) IS 'Refuses an event type that its column cannot hold';

CREATE FUNCTION lead_scoring.check_owner(audience text) RETURNS void
    AS 'MODULE_PATHNAME', 'ls_check_owner' LANGUAGE C STABLE;
COMMENT ON FUNCTION lead_scoring.check_owner(text) IS 'Refuses an audience that does not exist (42704) or is not the caller''s (42501)';

CREATE FUNCTION lead_scoring.check_audience_tables(audience text) RETURNS void
    AS 'MODULE_PATHNAME', 'ls_check_audience_tables' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION lead_scoring.check_audience_tables(text) IS 'Refuses an audience whose owner has made something else of its tables: who read them would run the owner''s code';

CREATE FUNCTION lead_scoring.audience_owner(audience text) RETURNS name
    AS 'MODULE_PATHNAME', 'ls_audience_owner' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION lead_scoring.audience_owner(text) IS 'The role that owns an audience: the owner of its lead table';

CREATE FUNCTION lead_scoring.covering_sources(some_table regclass, OUT audience text, OUT source text) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'ls_covering_sources' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION lead_scoring.covering_sources(regclass) IS 'Sources that count the rows of a table: its own, and those of the partitioned tables it belongs to. NULLs for who owns neither the table nor the audience';

-- One group counts all leads: the log that its state is sorts rows into leads far faster than GROUP BY does. Workers
-- hand over their logs. (The other aggregates of tallies have states of type tally, which distributed databases can
-- carry; this one reads the catalog and runs where the catalog is.)
CREATE FUNCTION lead_scoring.tally_rows_add(state internal, audience text, source text, signals integer[],
                                            guarded boolean, columns smallint[], VARIADIC "values" "any")
    RETURNS internal
    AS 'MODULE_PATHNAME', 'ls_tally_rows' LANGUAGE C STABLE PARALLEL SAFE COST 10;
CREATE FUNCTION lead_scoring.tally_rows_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'ls_tally_rows_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_rows_serialize(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'ls_tally_rows_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_rows_deserialize(state bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'ls_tally_rows_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_rows_finish(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'ls_tally_rows_finish' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.tally_rows_add(internal, text, text, integer[], boolean, smallint[], "any") IS 'Transition function of tally_rows';
COMMENT ON FUNCTION lead_scoring.tally_rows_combine(internal, internal) IS 'Combines what parallel workers have counted for tally_rows';
COMMENT ON FUNCTION lead_scoring.tally_rows_serialize(internal) IS 'What a parallel worker has counted for tally_rows, as bytes';
COMMENT ON FUNCTION lead_scoring.tally_rows_deserialize(bytea, internal) IS 'Reads what tally_rows_serialize has written';
COMMENT ON FUNCTION lead_scoring.tally_rows_finish(internal) IS 'Final function of tally_rows';

CREATE AGGREGATE lead_scoring.tally_rows(audience text, source text, signals integer[], guarded boolean,
                                         columns smallint[], VARIADIC "values" "any") (
    SFUNC = lead_scoring.tally_rows_add,
    STYPE = internal,
    SSPACE = 65536,
    COMBINEFUNC = lead_scoring.tally_rows_combine,
    SERIALFUNC = lead_scoring.tally_rows_serialize,
    DESERIALFUNC = lead_scoring.tally_rows_deserialize,
    FINALFUNC = lead_scoring.tally_rows_finish,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.tally_rows(text, text, integer[], boolean, smallint[], VARIADIC "any") IS
    'Tallies of all leads that rows of a source name, matched as its triggers match them: what rebuild and verify count with. columns are the attribute numbers of the values; signals NULL: all. The result is for counted_keys and counted_tallies of the same query, and cannot be stored';

CREATE FUNCTION lead_scoring.counted_keys(counted bytea, key anyelement) RETURNS SETOF anyelement
    AS 'MODULE_PATHNAME', 'ls_counted_keys' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10000;
COMMENT ON FUNCTION lead_scoring.counted_keys(bytea, anyelement) IS
    'The leads that tally_rows has counted, one row each; key is a NULL of the type of the lead key';

CREATE FUNCTION lead_scoring.counted_tallies(counted bytea) RETURNS SETOF lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_counted_tallies' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10000;
COMMENT ON FUNCTION lead_scoring.counted_tallies(bytea) IS
    'Their tallies, in the order of counted_keys: to be used side by side in one SELECT';

CREATE FUNCTION lead_scoring.hold_writers(audience text, source text) RETURNS void
    AS 'MODULE_PATHNAME', 'ls_hold_writers' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.hold_writers(text, text) IS
    'Waits for the writers of a source and blocks new ones until the end of the transaction. For the audience''s owner, who may only read the table';

CREATE FUNCTION lead_scoring.create_tally_rows(audience text) RETURNS void
    AS 'MODULE_PATHNAME', 'ls_create_tally_rows' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.create_tally_rows(text) IS 'An empty tally row for every lead and every key of a source that has none';

CREATE FUNCTION lead_scoring.count_new_signals(audience text, numbers integer[]) RETURNS void
    AS 'MODULE_PATHNAME', 'ls_count_new_signals' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.count_new_signals(text, integer[]) IS 'Adds the history of signals that nobody has counted yet. The sources must be locked against writers';

CREATE FUNCTION lead_scoring.forget_signals(audience text, numbers integer[]) RETURNS void
    AS 'MODULE_PATHNAME', 'ls_forget_signals' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.forget_signals(text, integer[]) IS 'Takes signals out of all tallies and scores the leads again';

CREATE FUNCTION lead_scoring.count_partition(audience text, source text, partition regclass, sign integer) RETURNS void
    AS 'MODULE_PATHNAME', 'ls_count_partition' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.count_partition(text, text, regclass, integer) IS 'Adds (1) or takes away (-1) the rows of a partition that was just attached or detached, and scores the leads again';

CREATE FUNCTION lead_scoring.rescore_all(audience text, cause text) RETURNS bigint
    AS 'MODULE_PATHNAME', 'ls_rescore_all' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.rescore_all(text, text) IS 'Evaluates every lead of an audience from its tally and writes what changed, in this transaction; cause is what band changes will say. Returns the number of leads';

CREATE FUNCTION lead_scoring.rebuild_batch(audience text, after text, batch_size integer, OUT last_key text, OUT leads bigint) RETURNS record
    AS 'MODULE_PATHNAME', 'ls_rebuild_batch' LANGUAGE C;
COMMENT ON FUNCTION lead_scoring.rebuild_batch(text, text, integer) IS 'Recounts and rescores the next leads after a key, in this transaction; last_key NULL: that was the end. See rebuild()';

CREATE FUNCTION lead_scoring.wait_for_writers(audience text) RETURNS void
    AS 'MODULE_PATHNAME', 'ls_wait_for_writers' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.wait_for_writers(text) IS 'Waits until every transaction that is now writing to a source of the audience has ended';

CREATE FUNCTION lead_scoring.verify(audience text, OUT problem text, OUT lead text, OUT sheet text, OUT detail text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'ls_verify' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.verify(text) IS
    'Compares what is maintained with a recomputation: tallies with the sources, scores with the tallies, band changes with the scores. No row: all is well. Rows whose next change is due, and scores of leads with pending events, are not compared';

CREATE FUNCTION lead_scoring.broken_parts(audience text, OUT kind text, OUT name text, OUT problem text, OUT sqlstate text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'ls_broken_parts' LANGUAGE C STRICT VOLATILE;
COMMENT ON FUNCTION lead_scoring.broken_parts(text) IS
    'What the triggers of an audience find broken: the audience itself, sources, signals and sheets, with the error. For its owner. See health()';
