-- The oracle: a second, independent definition of every score.
--
-- It computes straight from the event rows and the sheet tables, in plain SQL and PL/pgSQL, and shares no code
-- with the extension: no tally, no model, no fixed-point type. Time is a timestamp without time zone on the
-- audience's wall clock, arithmetic is numeric, the calendar is PostgreSQL's own. It is written to be read, not
-- to be fast. What is published is taken to be what the tables say now.
--
--   oracle.evaluate(sheet, lead_key, as_of)   the output columns
--   oracle.explain(sheet, lead_key, as_of)    one row a rule, one for whatever else changed the total
--
-- Needs the catalog tables of lead_scoring and nothing else of it.

CREATE SCHEMA oracle;

-- Rows of the same signal, tick and item. tick NULL: timeless. item NULL is an item like any other.
CREATE TYPE oracle.entry AS (signal text, tick timestamp, item text, count numeric, value numeric);

-- What can be seen of one lead at one tick: every entry is at or before `now` and has a tick.
CREATE TYPE oracle.scene AS (
    now       timestamp,
    entries   oracle.entry[],
    ahead     text[],           -- signals that have entries after now
    active_at timestamp,        -- tick of the last activity
    created   timestamp
);

CREATE TYPE oracle.line AS (
    component text, rule_group text, rule text, signal text, kind text,
    holds boolean, counted numeric, dropped numeric, points numeric, reason text
);

CREATE TYPE oracle.evaluation AS (
    score integer, engagement integer, fit integer, grade text, level text, band text,
    disqualified boolean, hand_raised boolean, persona text, last_active_on date, in_segment boolean
);

-- What one rule found. reason is NULL while the rule holds.
CREATE TYPE oracle.finding AS (holds boolean, counted numeric, points numeric, reason text);

\ir entries.sql
\ir rules.sql
\ir sheet.sql

CREATE FUNCTION oracle.judge(sheet text, lead_key text, as_of timestamptz,
                             OUT lines oracle.line[], OUT e oracle.evaluation)
STABLE LANGUAGE plpgsql AS $$
DECLARE
  sh     lead_scoring.sheet;
  a      lead_scoring.audience;
  judged record;
BEGIN
  SELECT * INTO STRICT sh FROM lead_scoring.sheet AS x WHERE x.name = judge.sheet;
  SELECT * INTO STRICT a FROM lead_scoring.audience AS x WHERE x.name = sh.audience;
  judged := oracle.judge(sh, oracle.scene(sh, a, oracle.entries(a.name, lead_key), as_of));
  lines := judged.lines;
  e := judged.e;
END $$;

CREATE FUNCTION oracle.evaluate(sheet text, lead_key text, as_of timestamptz) RETURNS oracle.evaluation
STABLE LANGUAGE sql AS $$ SELECT (oracle.judge(sheet, lead_key, as_of)).e $$;

CREATE FUNCTION oracle.explain(sheet text, lead_key text, as_of timestamptz) RETURNS SETOF oracle.line
STABLE LANGUAGE sql AS $$ SELECT l.* FROM unnest((oracle.judge(sheet, lead_key, as_of)).lines) AS l $$;
