-- What a person asks after seeing a score: how it came about in words, and what would lift the lead. Like the
-- functions before, these read no table, no clock and no setting.

CREATE FUNCTION lead_scoring.explain_text(model lead_scoring.model, tally lead_scoring.tally, as_of timestamptz) RETURNS text
    AS 'MODULE_PATHNAME', 'ls_explain_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION lead_scoring.explain_text(lead_scoring.model, lead_scoring.tally, timestamptz) IS
    'explain(model, tally, as_of) as one line for people: every rule that gives points, what else changed the total, the total, and the next band';

CREATE FUNCTION lead_scoring.gap(
    model lead_scoring.model, tally lead_scoring.tally, band text, as_of timestamptz, once text[] DEFAULT '{}',
    OUT way text, OUT component text, OUT rule text, OUT signal text, OUT more integer, OUT value numeric,
    OUT score integer, OUT band_then text, OUT gained numeric, OUT until timestamptz, OUT reason text
) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'ls_gap' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION lead_scoring.gap(lead_scoring.model, lead_scoring.tally, text, timestamptz, text[]) IS
    'What would lift a lead to a band: for each rule how many more occurrences of its signal now (way repeat), or one of which value (value), or why it cannot; the last row (time) is the next change of band without any event. A lead that is there already has a row reached instead. once: signals that a lead can have only once';
