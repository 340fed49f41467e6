-- The ready-made sheets: every one is imported, published and scores its own example (examples/sheets/*.sql).
--
-- Scores are those of 15 June 2026, noon, whatever the day on which the test runs.
\getenv srcdir PG_ABS_SRCDIR
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT name, document ->> 'description' AS description FROM lead_scoring.preset ORDER BY name COLLATE "C";
-- A preset is named as its sheet.
SELECT name, document ->> 'name' AS sheet FROM lead_scoring.preset WHERE name <> document ->> 'name';
SELECT lead_scoring.preset('cardealer');

-- What is shown of each preset: every lead with its scores and the rules they come from.
CREATE FUNCTION scores() RETURNS TABLE (sheet text, lead text, score int, eng int, fit int, label text, band text, remark text, why text)
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT s.name, l.name, e.score, e.engagement, e.fit, concat(e.grade, e.level), e.band,
           concat_ws(', ', e.persona, CASE WHEN e.hand_raised THEN 'hand raised' END, CASE WHEN NOT e.in_segment THEN 'not on the sheet' END),
           (SELECT string_agg(coalesce(r.rule, r.kind) || ' ' || trim_scale(r.points), ', ')
            FROM lead_scoring.explain(m.model, m.tally, '2026-06-15 12:00') AS r WHERE r.points <> 0)
    FROM lead_scoring.sheet AS s, crm.lead AS l,
         LATERAL (SELECT lead_scoring.active_model(s.name) AS model, lead_scoring.tally('crm', l.id::text) AS tally) AS m,
         lead_scoring.evaluate(m.model, m.tally, '2026-06-15 12:00') AS e
    ORDER BY s.name COLLATE "C", l.id;
END $$;

-- What must hold for all of them; no row: it does.
CREATE FUNCTION problems() RETURNS TABLE (sheet text, problem text)
    LANGUAGE plpgsql AS $$
DECLARE
    s text;
    apart text[] := '{condition,value,distinct_by}';  -- expressions come back as PostgreSQL prints them
    original jsonb;
    exported jsonb;
BEGIN
    FOR s IN SELECT q.name FROM lead_scoring.sheet AS q LOOP
        original := lead_scoring.preset(s);
        exported := lead_scoring.export_sheet(s);
        IF (SELECT jsonb_agg(g - apart ORDER BY n) FROM jsonb_array_elements(original -> 'signals') WITH ORDINALITY AS e(g, n))
           <> (SELECT jsonb_agg(g - apart ORDER BY n) FROM jsonb_array_elements(exported -> 'signals') WITH ORDINALITY AS e(g, n))
           OR original - 'signals' <> exported - 'signals' THEN
            RETURN QUERY SELECT s, 'the export differs from the preset: ' || exported;
        END IF;
        PERFORM lead_scoring.import_sheet('crm', exported, s || ' again');
        IF lead_scoring.export_sheet(s || ' again') - 'name' <> exported - 'name' THEN
            RETURN QUERY SELECT s, 'the export of the import of the export differs';
        END IF;
        DELETE FROM lead_scoring.sheet AS q WHERE q.name = s || ' again';
        RETURN QUERY SELECT s, concat_ws(' ', c.severity, c.place, c.advice) FROM lead_scoring.check_sheet(s) AS c WHERE c.severity <> 'advice';
        RETURN QUERY SELECT s, 'explain does not add up for ' || l.name
        FROM crm.lead AS l, crm.lead_score AS p
        WHERE p.lead = l.id AND p.sheet = s
          AND p.score <> (SELECT round(sum(r.points)) FROM lead_scoring.explain(s, l.id::text, p.updated_at) AS r);
    END LOOP;
    RETURN QUERY SELECT v.sheet, concat_ws(' ', v.problem, v.lead, v.detail) FROM lead_scoring.verify('crm') AS v;
END $$;
SET client_min_messages = warning;

--
-- Three criteria.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/starter.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- B2B SaaS: firmographics beside trial and web behaviour. The demo request forces MQL, whatever the rest.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/b2b_saas.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- B2C car dealer: 20 points are no MQL, 40 are; the second mail open counts nothing; the student is disqualified.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/car_dealer.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- Buying cycle: 20, 40, 60 one, two and three months after the order; visits and quotes count since the last order.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/wholesaler.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- Webinar funnel: each webinar once, two different ones in three months are more.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/webinar_funnel.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- A pair of product lines: two sheets over the same leads, each with its own threshold.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/product_line_machines.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- HubSpot-like: groups with minimum and maximum, a letter for fit and a digit for engagement.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/hubspot_like.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- Pardot-like: default points, and a grade that moves from D by thirds of a letter; what is not known moves nothing.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/pardot_like.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- Eloqua-like: profile x engagement, frequency x recency.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/eloqua_like.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- Act-On-like: each asset once, for ninety days.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/act_on_like.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- Customers only, by their own rhythm.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/repurchase.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;

--
-- Personas compete; whoever should not be called is kept out, and a careers visit is forgiven after a demo request.
--
\set ECHO none
\o /dev/null
\i :srcdir/examples/sheets/crm.sql
\i :srcdir/examples/sheets/anti_persona.sql
\o
\set ECHO all
SELECT * FROM scores();
SELECT * FROM problems();
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;
DROP FUNCTION scores, problems;
