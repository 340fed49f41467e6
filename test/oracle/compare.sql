-- Extension against oracle, case by case. A case is one (sheet, lead, instant): all output columns, all explain
-- rows, the promise of next_change_at. Loaded after oracle.sql into a database with the extension.

CREATE TYPE oracle.difference AS (
    sheet text, lead text, as_of timestamptz, what text, extension text, oracle text
);

-- The columns that both sides compute.
CREATE FUNCTION oracle.plain(e lead_scoring.evaluation) RETURNS oracle.evaluation IMMUTABLE LANGUAGE sql AS $$
  SELECT row(e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.disqualified, e.hand_raised, e.persona,
             e.last_active_on, e.in_segment)::oracle.evaluation
$$;

-- One readable, comparable text a line. The extension counts in whole numbers; a sum of values is rounded there.
CREATE FUNCTION oracle.spell(l oracle.line) RETURNS text IMMUTABLE LANGUAGE sql AS $$
  SELECT concat_ws(' | ', l.kind, l.component, l.rule_group, l.rule, l.signal,
                   CASE WHEN l.kind = 'rule'
                        THEN CASE WHEN l.holds THEN 'holds' ELSE 'holds not' END
                             || ' | counted ' || round(l.counted) || ' dropped ' || l.dropped END,
                   'points ' || trim_scale(l.points), l.reason)
$$;

-- The lines in words and in an order of their own.
CREATE FUNCTION oracle.spell(lines oracle.line[]) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT string_agg(oracle.spell(l), E'\n' ORDER BY oracle.spell(l)) FROM unnest(lines) AS l $$;

CREATE FUNCTION oracle.explained(model lead_scoring.model, tally lead_scoring.tally, as_of timestamptz)
RETURNS oracle.line[] IMMUTABLE LANGUAGE sql AS $$
  SELECT array_agg(row(component, rule_group, rule, signal, kind, holds, counted, dropped, points,
                       reason)::oracle.line)
  FROM lead_scoring.explain(model, tally, as_of)
$$;

-- Every lead key that any table knows, and one that none does.
CREATE FUNCTION oracle.keys(a lead_scoring.audience) RETURNS SETOF text STABLE LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE (
    SELECT string_agg(format('SELECT %I::text FROM %s WHERE %I IS NOT NULL', key, place, key), ' UNION ')
    FROM (SELECT src.lead_key AS key, src.source_table AS place FROM lead_scoring.source AS src
          WHERE src.audience = a.name
          UNION SELECT a.lead_key, a.lead_table) AS t);
  RETURN NEXT 'nobody';
END $$;

-- What next_change_at promises: nothing changes before it. Looked at one microsecond before and somewhere on the
-- way. (That something does change at it is not promised: the search for it may end early.)
CREATE FUNCTION oracle.broken_promise(sh lead_scoring.sheet, a lead_scoring.audience, entries oracle.entry[],
                                      as_of timestamptz, now oracle.evaluation, next_change timestamptz)
RETURNS text STABLE LANGUAGE plpgsql AS $$
DECLARE
  before   timestamptz := next_change - interval '1 microsecond';
  until    timestamptz := CASE WHEN isfinite(next_change) THEN before ELSE as_of + interval '70 years' END;
  latest   constant timestamptz := '9998-01-01';
  then_is  oracle.evaluation;
BEGIN
  IF next_change IS NULL OR next_change <= as_of THEN RETURN 'next_change_at is not after as_of'; END IF;
  until := least(until, latest);
  then_is := (oracle.judge(sh, oracle.scene(sh, a, entries, until))).e;
  IF then_is IS DISTINCT FROM now THEN
    RETURN format('changed before next_change_at, at %s: %s', until, then_is);
  END IF;
  until := as_of + (until - as_of) * 0.37;
  then_is := (oracle.judge(sh, oracle.scene(sh, a, entries, until))).e;
  IF then_is IS DISTINCT FROM now THEN
    RETURN format('changed before next_change_at, at %s: %s', until, then_is);
  END IF;
  RETURN NULL;
END $$;

-- All published sheets of the audience, all leads, these instants. cases counts what was compared.
CREATE FUNCTION oracle.compare(audience text, instants timestamptz[],
                               OUT cases bigint, OUT differences oracle.difference[])
STABLE LANGUAGE plpgsql AS $$
DECLARE
  a       lead_scoring.audience;
  sh      lead_scoring.sheet;
  lead    text;
  entries oracle.entry[];
  tally   lead_scoring.tally;
  model   lead_scoring.model;
  at      timestamptz;
  ours    record;
  said    lead_scoring.evaluation;
  lines   oracle.line[];
  promise text;
BEGIN
  cases := 0;
  differences := '{}';
  SELECT * INTO STRICT a FROM lead_scoring.audience AS x WHERE x.name = compare.audience;
  FOR lead IN SELECT k FROM oracle.keys(a) AS k LOOP
    entries := oracle.entries(a.name, lead);
    EXECUTE format('SELECT base OPERATOR(lead_scoring.+) recent FROM %s WHERE lead::text = $1', a.tally_table)
      INTO tally USING lead;
    FOR sh IN SELECT * FROM lead_scoring.sheet AS x
              WHERE x.audience = a.name AND x.active_revision IS NOT NULL ORDER BY x.name LOOP
      SELECT r.model INTO STRICT model FROM lead_scoring.sheet_revision AS r
      WHERE r.sheet = sh.name AND r.revision = sh.active_revision;
      FOREACH at IN ARRAY CASE lead WHEN 'nobody' THEN instants[1:1] ELSE instants END LOOP
        cases := cases + 1;
        ours := oracle.judge(sh, oracle.scene(sh, a, entries, at));
        said := lead_scoring.evaluate(model, tally, at);
        IF oracle.plain(said) IS DISTINCT FROM ours.e THEN
          differences := differences || row(sh.name, lead, at, 'evaluate', oracle.plain(said),
                                            ours.e)::oracle.difference;
        END IF;
        lines := oracle.explained(model, tally, at);
        IF oracle.spell(lines) IS DISTINCT FROM oracle.spell(ours.lines) THEN
          differences := differences || row(sh.name, lead, at, 'explain', oracle.spell(lines),
                                            oracle.spell(ours.lines))::oracle.difference;
        END IF;
        promise := oracle.broken_promise(sh, a, entries, at, ours.e, said.next_change_at);
        IF promise IS NOT NULL THEN
          differences := differences || row(sh.name, lead, at, 'next_change_at', promise,
                                            ours.e)::oracle.difference;
        END IF;
      END LOOP;
    END LOOP;
  END LOOP;
END $$;
