-- The type tally: what the rows about a lead add up to.

CREATE TYPE lead_scoring.tally;

CREATE FUNCTION lead_scoring.tally_in(cstring) RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_out(lead_scoring.tally) RETURNS cstring
    AS 'MODULE_PATHNAME', 'ls_tally_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_recv(internal) RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_send(lead_scoring.tally) RETURNS bytea
    AS 'MODULE_PATHNAME', 'ls_tally_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.tally_in(cstring) IS 'Text input of type tally';
COMMENT ON FUNCTION lead_scoring.tally_out(lead_scoring.tally) IS 'Text output of type tally';
COMMENT ON FUNCTION lead_scoring.tally_recv(internal) IS 'Binary input of type tally';
COMMENT ON FUNCTION lead_scoring.tally_send(lead_scoring.tally) IS 'Binary output of type tally';

-- Aligned as double: an aggregate's state is a tally too and holds 8-byte numbers.
CREATE TYPE lead_scoring.tally (
    INPUT = lead_scoring.tally_in,
    OUTPUT = lead_scoring.tally_out,
    RECEIVE = lead_scoring.tally_recv,
    SEND = lead_scoring.tally_send,
    INTERNALLENGTH = VARIABLE,
    STORAGE = extended,
    ALIGNMENT = double
);
COMMENT ON TYPE lead_scoring.tally IS
    'What the rows about a lead add up to: a count and a value for each (signal, tick, item). Text form: {signal@tick#item:count=value, ...}';

-- Equality, for GROUP BY, DISTINCT and joins. Tallies have no order.

CREATE FUNCTION lead_scoring.tally_eq(lead_scoring.tally, lead_scoring.tally) RETURNS boolean
    AS 'MODULE_PATHNAME', 'ls_tally_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_ne(lead_scoring.tally, lead_scoring.tally) RETURNS boolean
    AS 'MODULE_PATHNAME', 'ls_tally_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_hash(lead_scoring.tally) RETURNS integer
    AS 'MODULE_PATHNAME', 'ls_tally_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_hash_extended(lead_scoring.tally, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'ls_tally_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.tally_eq(lead_scoring.tally, lead_scoring.tally) IS 'Implements operator =';
COMMENT ON FUNCTION lead_scoring.tally_ne(lead_scoring.tally, lead_scoring.tally) IS 'Implements operator <>';
COMMENT ON FUNCTION lead_scoring.tally_hash(lead_scoring.tally) IS 'Hash of a tally';
COMMENT ON FUNCTION lead_scoring.tally_hash_extended(lead_scoring.tally, bigint) IS 'Hash of a tally, 64 bits with a seed';

CREATE OPERATOR lead_scoring.= (
    FUNCTION = lead_scoring.tally_eq,
    LEFTARG = lead_scoring.tally,
    RIGHTARG = lead_scoring.tally,
    COMMUTATOR = OPERATOR(lead_scoring.=),
    NEGATOR = OPERATOR(lead_scoring.<>),
    RESTRICT = eqsel,
    JOIN = eqjoinsel,
    HASHES
);
CREATE OPERATOR lead_scoring.<> (
    FUNCTION = lead_scoring.tally_ne,
    LEFTARG = lead_scoring.tally,
    RIGHTARG = lead_scoring.tally,
    COMMUTATOR = OPERATOR(lead_scoring.<>),
    NEGATOR = OPERATOR(lead_scoring.=),
    RESTRICT = neqsel,
    JOIN = neqjoinsel
);
COMMENT ON OPERATOR lead_scoring.= (lead_scoring.tally, lead_scoring.tally) IS 'The same entries';
COMMENT ON OPERATOR lead_scoring.<> (lead_scoring.tally, lead_scoring.tally) IS 'Not the same entries';

CREATE OPERATOR FAMILY lead_scoring.tally_hash USING hash;
CREATE OPERATOR CLASS lead_scoring.tally_hash DEFAULT FOR TYPE lead_scoring.tally
    USING hash FAMILY lead_scoring.tally_hash AS
    OPERATOR 1 lead_scoring.= (lead_scoring.tally, lead_scoring.tally),
    FUNCTION 1 lead_scoring.tally_hash(lead_scoring.tally),
    FUNCTION 2 lead_scoring.tally_hash_extended(lead_scoring.tally, bigint);
COMMENT ON OPERATOR FAMILY lead_scoring.tally_hash USING hash IS 'Hashing of tallies';
COMMENT ON OPERATOR CLASS lead_scoring.tally_hash USING hash IS 'Hashing of tallies';

-- Arithmetic: an abelian group whose zero is {}.

CREATE FUNCTION lead_scoring.tally_plus(lead_scoring.tally, lead_scoring.tally) RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_plus' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_minus(lead_scoring.tally, lead_scoring.tally) RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_minus' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_uminus(lead_scoring.tally) RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_uminus' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.tally_plus(lead_scoring.tally, lead_scoring.tally) IS 'Implements operator +';
COMMENT ON FUNCTION lead_scoring.tally_minus(lead_scoring.tally, lead_scoring.tally) IS 'Implements operator -';
COMMENT ON FUNCTION lead_scoring.tally_uminus(lead_scoring.tally) IS 'Implements unary operator -';

CREATE OPERATOR lead_scoring.+ (
    FUNCTION = lead_scoring.tally_plus,
    LEFTARG = lead_scoring.tally,
    RIGHTARG = lead_scoring.tally,
    COMMUTATOR = OPERATOR(lead_scoring.+)
);
CREATE OPERATOR lead_scoring.- (
    FUNCTION = lead_scoring.tally_minus,
    LEFTARG = lead_scoring.tally,
    RIGHTARG = lead_scoring.tally
);
CREATE OPERATOR lead_scoring.- (
    FUNCTION = lead_scoring.tally_uminus,
    RIGHTARG = lead_scoring.tally
);
COMMENT ON OPERATOR lead_scoring.+ (lead_scoring.tally, lead_scoring.tally) IS 'Counts and values of both';
COMMENT ON OPERATOR lead_scoring.- (lead_scoring.tally, lead_scoring.tally) IS 'The first without what the second counted';
COMMENT ON OPERATOR lead_scoring.- (NONE, lead_scoring.tally) IS 'All counts and values with the opposite sign';

-- Looking inside.

CREATE FUNCTION lead_scoring.entries(
    tally lead_scoring.tally,
    OUT signal integer, OUT tick integer, OUT item text, OUT count bigint, OUT value numeric
) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'ls_tally_entries' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 50;
COMMENT ON FUNCTION lead_scoring.entries(lead_scoring.tally) IS
    'One row an entry, by signal, tick and item. tick is NULL for what has no time; item is the hash of the item''s text in hexadecimal, NULL for none';

CREATE FUNCTION lead_scoring.entry_count(tally lead_scoring.tally) RETURNS bigint
    AS 'MODULE_PATHNAME', 'ls_tally_entry_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.entry_count(lead_scoring.tally) IS 'Number of entries, which is the number of rows of entries(tally)';

CREATE FUNCTION lead_scoring.is_empty(tally lead_scoring.tally) RETURNS boolean
    AS 'MODULE_PATHNAME', 'ls_tally_is_empty' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.is_empty(lead_scoring.tally) IS 'Whether a tally has no entries';

CREATE FUNCTION lead_scoring.only_signals(tally lead_scoring.tally, signals integer[]) RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_only_signals' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.only_signals(lead_scoring.tally, integer[]) IS 'The entries of the given signals';

CREATE FUNCTION lead_scoring.without_signals(tally lead_scoring.tally, signals integer[]) RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_without_signals' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.without_signals(lead_scoring.tally, integer[]) IS 'All entries but those of the given signals';

-- Aggregates. Their state is a tally that is changed in place, so parallel workers and distributed databases
-- can carry partial sums; the same function adds rows and combines partial sums. SSPACE is a guess for the
-- planner: some thirty entries of 32 bytes a group.

CREATE FUNCTION lead_scoring.tally_accumulate(state lead_scoring.tally, tally lead_scoring.tally)
    RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_accumulate' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_close(state lead_scoring.tally) RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_close' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.tally_accumulate(lead_scoring.tally, lead_scoring.tally) IS 'Transition function of sum(tally); adds partial sums too';
COMMENT ON FUNCTION lead_scoring.tally_close(lead_scoring.tally) IS 'Final function of the aggregates of tallies';

-- In a window whose frame moves, rows that leave it are subtracted.
CREATE AGGREGATE lead_scoring.sum(lead_scoring.tally) (
    SFUNC = lead_scoring.tally_accumulate,
    STYPE = lead_scoring.tally,
    SSPACE = 1000,
    FINALFUNC = lead_scoring.tally_close,
    FINALFUNC_MODIFY = READ_ONLY,
    COMBINEFUNC = lead_scoring.tally_accumulate,
    MSFUNC = lead_scoring.tally_plus,
    MINVFUNC = lead_scoring.tally_minus,
    MSTYPE = lead_scoring.tally,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.sum(lead_scoring.tally) IS 'Sum of tallies; NULL over no rows, as other sums';

CREATE FUNCTION lead_scoring.tally_add_row(state lead_scoring.tally, signal integer, tick integer)
    RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_add_row' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_add_row(state lead_scoring.tally, signal integer, tick integer, item text)
    RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_add_row' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_add_row(state lead_scoring.tally, signal integer, tick integer, item text,
                                           value numeric)
    RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_add_row' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.tally_add_row(state lead_scoring.tally, signal integer, tick integer, item text,
                                           value numeric, count bigint)
    RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_tally_add_row' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.tally_add_row(lead_scoring.tally, integer, integer) IS 'Transition function of tally_of';
COMMENT ON FUNCTION lead_scoring.tally_add_row(lead_scoring.tally, integer, integer, text) IS 'Transition function of tally_of';
COMMENT ON FUNCTION lead_scoring.tally_add_row(lead_scoring.tally, integer, integer, text, numeric) IS 'Transition function of tally_of';
COMMENT ON FUNCTION lead_scoring.tally_add_row(lead_scoring.tally, integer, integer, text, numeric, bigint) IS 'Transition function of tally_of';

CREATE AGGREGATE lead_scoring.tally_of(signal integer, tick integer) (
    SFUNC = lead_scoring.tally_add_row,
    STYPE = lead_scoring.tally,
    SSPACE = 1000,
    FINALFUNC = lead_scoring.tally_close,
    FINALFUNC_MODIFY = READ_ONLY,
    COMBINEFUNC = lead_scoring.tally_accumulate,
    PARALLEL = SAFE
);
CREATE AGGREGATE lead_scoring.tally_of(signal integer, tick integer, item text) (
    SFUNC = lead_scoring.tally_add_row,
    STYPE = lead_scoring.tally,
    SSPACE = 1000,
    FINALFUNC = lead_scoring.tally_close,
    FINALFUNC_MODIFY = READ_ONLY,
    COMBINEFUNC = lead_scoring.tally_accumulate,
    PARALLEL = SAFE
);
CREATE AGGREGATE lead_scoring.tally_of(signal integer, tick integer, item text, value numeric) (
    SFUNC = lead_scoring.tally_add_row,
    STYPE = lead_scoring.tally,
    SSPACE = 1000,
    FINALFUNC = lead_scoring.tally_close,
    FINALFUNC_MODIFY = READ_ONLY,
    COMBINEFUNC = lead_scoring.tally_accumulate,
    PARALLEL = SAFE
);
CREATE AGGREGATE lead_scoring.tally_of(signal integer, tick integer, item text, value numeric, count bigint) (
    SFUNC = lead_scoring.tally_add_row,
    STYPE = lead_scoring.tally,
    SSPACE = 1000,
    FINALFUNC = lead_scoring.tally_close,
    FINALFUNC_MODIFY = READ_ONLY,
    COMBINEFUNC = lead_scoring.tally_accumulate,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.tally_of(integer, integer) IS
    'Tally of rows: each counts once for its signal at its tick. NULL tick: no time; rows with NULL signal are skipped';
COMMENT ON AGGREGATE lead_scoring.tally_of(integer, integer, text) IS
    'Tally of rows with an item, such as the page or the mail. NULL item: none';
COMMENT ON AGGREGATE lead_scoring.tally_of(integer, integer, text, numeric) IS
    'Tally of rows with an item and a value, such as an amount, counted to four decimals. NULL value: 0';
COMMENT ON AGGREGATE lead_scoring.tally_of(integer, integer, text, numeric, bigint) IS
    'Tally of rows with an item, the sum of their values and how often they happened. Rows with NULL count are skipped';
