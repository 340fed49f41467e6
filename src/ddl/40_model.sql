-- The type model: a published sheet as a value, and the pure functions over (model, tally, instant).

CREATE TYPE lead_scoring.model;

CREATE FUNCTION lead_scoring.model_in(cstring) RETURNS lead_scoring.model
    AS 'MODULE_PATHNAME', 'ls_model_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.model_out(lead_scoring.model) RETURNS cstring
    AS 'MODULE_PATHNAME', 'ls_model_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.model_recv(internal) RETURNS lead_scoring.model
    AS 'MODULE_PATHNAME', 'ls_model_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.model_send(lead_scoring.model) RETURNS bytea
    AS 'MODULE_PATHNAME', 'ls_model_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.model_in(cstring) IS 'Text input of type model';
COMMENT ON FUNCTION lead_scoring.model_out(lead_scoring.model) IS 'Text output of type model';
COMMENT ON FUNCTION lead_scoring.model_recv(internal) IS 'Binary input of type model';
COMMENT ON FUNCTION lead_scoring.model_send(lead_scoring.model) IS 'Binary output of type model';

CREATE TYPE lead_scoring.model (
    INPUT = lead_scoring.model_in,
    OUTPUT = lead_scoring.model_out,
    RECEIVE = lead_scoring.model_recv,
    SEND = lead_scoring.model_send,
    INTERNALLENGTH = VARIABLE,
    STORAGE = extended
);
COMMENT ON TYPE lead_scoring.model IS
    'The compiled, immutable, published revision of a sheet; its text form is JSON. Everything a score needs beside the tally and the instant';

-- Checked and brought into one form on the way in, so these go through the text form.
CREATE CAST (lead_scoring.model AS json) WITH INOUT;
CREATE CAST (lead_scoring.model AS jsonb) WITH INOUT;
CREATE CAST (json AS lead_scoring.model) WITH INOUT;
CREATE CAST (jsonb AS lead_scoring.model) WITH INOUT;
COMMENT ON CAST (lead_scoring.model AS json) IS 'The JSON document of a model';
COMMENT ON CAST (lead_scoring.model AS jsonb) IS 'The JSON document of a model';
COMMENT ON CAST (json AS lead_scoring.model) IS 'A model from its JSON document';
COMMENT ON CAST (jsonb AS lead_scoring.model) IS 'A model from its JSON document';

CREATE FUNCTION lead_scoring.model_eq(lead_scoring.model, lead_scoring.model) RETURNS boolean
    AS 'MODULE_PATHNAME', 'ls_model_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.model_ne(lead_scoring.model, lead_scoring.model) RETURNS boolean
    AS 'MODULE_PATHNAME', 'ls_model_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.model_hash(lead_scoring.model) RETURNS integer
    AS 'MODULE_PATHNAME', 'ls_model_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.model_hash_extended(lead_scoring.model, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'ls_model_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.model_eq(lead_scoring.model, lead_scoring.model) IS 'Implements operator =';
COMMENT ON FUNCTION lead_scoring.model_ne(lead_scoring.model, lead_scoring.model) IS 'Implements operator <>';
COMMENT ON FUNCTION lead_scoring.model_hash(lead_scoring.model) IS 'Hash of a model';
COMMENT ON FUNCTION lead_scoring.model_hash_extended(lead_scoring.model, bigint) IS 'Hash of a model, 64 bits with a seed';

CREATE OPERATOR lead_scoring.= (
    FUNCTION = lead_scoring.model_eq,
    LEFTARG = lead_scoring.model,
    RIGHTARG = lead_scoring.model,
    COMMUTATOR = OPERATOR(lead_scoring.=),
    NEGATOR = OPERATOR(lead_scoring.<>),
    RESTRICT = eqsel,
    JOIN = eqjoinsel,
    HASHES
);
CREATE OPERATOR lead_scoring.<> (
    FUNCTION = lead_scoring.model_ne,
    LEFTARG = lead_scoring.model,
    RIGHTARG = lead_scoring.model,
    COMMUTATOR = OPERATOR(lead_scoring.<>),
    NEGATOR = OPERATOR(lead_scoring.=),
    RESTRICT = neqsel,
    JOIN = neqjoinsel
);
COMMENT ON OPERATOR lead_scoring.= (lead_scoring.model, lead_scoring.model) IS 'The same model';
COMMENT ON OPERATOR lead_scoring.<> (lead_scoring.model, lead_scoring.model) IS 'Not the same model';

CREATE OPERATOR FAMILY lead_scoring.model_hash USING hash;
CREATE OPERATOR CLASS lead_scoring.model_hash DEFAULT FOR TYPE lead_scoring.model
    USING hash FAMILY lead_scoring.model_hash AS
    OPERATOR 1 lead_scoring.= (lead_scoring.model, lead_scoring.model),
    FUNCTION 1 lead_scoring.model_hash(lead_scoring.model),
    FUNCTION 2 lead_scoring.model_hash_extended(lead_scoring.model, bigint);
COMMENT ON OPERATOR FAMILY lead_scoring.model_hash USING hash IS 'Hashing of models';
COMMENT ON OPERATOR CLASS lead_scoring.model_hash USING hash IS 'Hashing of models';

-- Scoring. Nothing here reads a table, a clock or a setting.

CREATE TYPE lead_scoring.evaluation AS (
    score integer,
    engagement integer,
    fit integer,
    grade text,
    level text,
    band text,
    disqualified boolean,
    hand_raised boolean,
    persona text,
    last_active_on date,
    in_segment boolean,
    next_change_at timestamptz
);
COMMENT ON TYPE lead_scoring.evaluation IS 'What a model says about a tally at an instant';
COMMENT ON COLUMN lead_scoring.evaluation.score IS 'Total, rounded to a whole number; engagement and fit are rounded on their own, so they need not add up to it: explain() does';
COMMENT ON COLUMN lead_scoring.evaluation.engagement IS 'Part of the total that comes from what the lead did, rounded on its own';
COMMENT ON COLUMN lead_scoring.evaluation.fit IS 'Part of the total that comes from who the lead is, rounded on its own';
COMMENT ON COLUMN lead_scoring.evaluation.grade IS 'Highest grade whose minimum fit is reached, else NULL';
COMMENT ON COLUMN lead_scoring.evaluation.level IS 'Highest level whose minimum engagement is reached, else NULL';
COMMENT ON COLUMN lead_scoring.evaluation.band IS 'Highest-ranked band that is earned or forced, else NULL; "disqualified" for a disqualified lead';
COMMENT ON COLUMN lead_scoring.evaluation.disqualified IS 'Whether a rule that disqualifies holds; the score is then the sheet''s minimum';
COMMENT ON COLUMN lead_scoring.evaluation.hand_raised IS 'Whether a rule that marks a raised hand holds';
COMMENT ON COLUMN lead_scoring.evaluation.persona IS 'Persona group with the highest sum, else NULL';
COMMENT ON COLUMN lead_scoring.evaluation.last_active_on IS 'Local date of the last activity, NULL for never';
COMMENT ON COLUMN lead_scoring.evaluation.in_segment IS 'Whether the lead belongs to the sheet''s segment';
COMMENT ON COLUMN lead_scoring.evaluation.next_change_at IS 'First instant at which any of this would differ with no new row; infinity for never';

CREATE FUNCTION lead_scoring.evaluate(model lead_scoring.model, tally lead_scoring.tally, as_of timestamptz)
    RETURNS lead_scoring.evaluation
    AS 'MODULE_PATHNAME', 'ls_evaluate' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION lead_scoring.evaluate(lead_scoring.model, lead_scoring.tally, timestamptz) IS
    'Score, band and the rest of a lead at an instant. NULL tally: no rows; NULL without model or finite instant';

CREATE FUNCTION lead_scoring.score(model lead_scoring.model, tally lead_scoring.tally, as_of timestamptz)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'ls_score' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION lead_scoring.score(lead_scoring.model, lead_scoring.tally, timestamptz) IS
    'The score of evaluate(model, tally, as_of) alone';

CREATE FUNCTION lead_scoring.explain(
    model lead_scoring.model, tally lead_scoring.tally, as_of timestamptz,
    OUT component text, OUT rule_group text, OUT rule text, OUT signal text, OUT kind text,
    OUT holds boolean, OUT counted bigint, OUT dropped bigint, OUT dropped_because text,
    OUT weight numeric, OUT points numeric, OUT running_total numeric, OUT reason text
) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'ls_explain' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100 ROWS 10;
COMMENT ON FUNCTION lead_scoring.explain(lead_scoring.model, lead_scoring.tally, timestamptz) IS
    'Why the score is what it is: one row a rule, clamp or verdict, in the order of computation. The points add up to the exact total, and score is that total rounded. weight: the average weight of what counted, or the share of a buying cycle';
