\set SHOW_CONTEXT never
-- Busy leads: events of a lead that another open transaction holds.
--
-- Ordinarily such an event waits until that transaction ends, and the score is true at once. An audience that says
-- append_when_busy does not wait: what the event adds goes to <lead_table>_pending, and the next event of the lead or the
-- next refresh() adds it to the tally. Until then the stored score lags, and everything that computes is right at once.
CREATE SCHEMA busy;
SET search_path = busy, public;
SET timezone = 'UTC';
CREATE TABLE lead (id integer PRIMARY KEY, country text);
CREATE TABLE event (lead integer, at timestamptz, kind text);
INSERT INTO lead VALUES (1, 'DE'), (2, 'FR'), (3, 'DE');
INSERT INTO event VALUES (1, '2025-01-10', 'visit'), (2, '2025-01-11', 'visit'), (2, '2025-01-12', 'quote');

SELECT lead_scoring.create_audience('leads', 'lead', time_zone => 'UTC', append_when_busy => true);
SELECT lead_scoring.add_source('leads', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition) VALUES
    ('leads', 'visit', 'event', 'visit', NULL), ('leads', 'quote', 'event', 'quote', NULL), ('leads', 'german', 'profile', NULL, 'country = ''DE''');
INSERT INTO lead_scoring.sheet (name, audience, segment_signal, segment_min) VALUES ('all', 'leads', NULL, NULL), ('quoted', 'leads', 'quote', 1);
INSERT INTO lead_scoring.rule (sheet, name, signal, points, component) VALUES
    ('all', 'visits', 'visit', 10, 'engagement'), ('all', 'quotes', 'quote', 25, 'engagement'), ('all', 'country', 'german', 5, 'fit'),
    ('quoted', 'quotes', 'quote', 1, 'engagement');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('all', 'MQL', 1, 20), ('all', 'SQL', 2, 40);
SELECT lead_scoring.publish('all'), lead_scoring.publish('quoted');

-- The setting and the table. It is the owner's to change at any time.
SELECT append_when_busy, pending_table FROM lead_scoring.audience WHERE name = 'leads';
\d lead_pending
SELECT col_description('lead_pending'::regclass, a.attnum) FROM pg_attribute AS a WHERE a.attrelid = 'lead_pending'::regclass AND a.attnum > 0 ORDER BY a.attnum;

-- One session alone never finds a lead held by somebody else, so its scores are true at once, as ever.
INSERT INTO event VALUES (1, '2025-01-13', 'visit');
SELECT count(*) FROM lead_pending;
SELECT lead, sheet, score, band FROM lead_score ORDER BY lead, sheet;

-- What follows needs several sessions (test/isolation/specs/busy.spec has them). This function leaves what they leave when
-- the leads are held: the rows in the source, what they add in the pending table, tallies and scores as they were.
CREATE FUNCTION leave_pending(kind text, VARIADIC leads integer[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE event DISABLE TRIGGER USER;
    INSERT INTO event SELECT l, '2025-01-14 12:00+00', leave_pending.kind FROM unnest(leads) AS l;
    ALTER TABLE event ENABLE TRIGGER USER;
    INSERT INTO lead_pending (lead, delta)
    SELECT l, format('{%s@%s:1}', v.number, date '2025-01-14' - date '2000-01-01')::lead_scoring.tally
    FROM unnest(leads) AS l, lead_scoring.signal_version AS v WHERE v.audience = 'leads' AND v.signal = leave_pending.kind;
END $$;
SELECT leave_pending('quote', 1, 2, 3, 9);
SELECT lead, delta FROM lead_pending ORDER BY lead, id;
SELECT lead, sheet, score, band FROM lead_score ORDER BY lead, sheet;

-- base + recent + pending is what the sources say: verify() compares that, and leaves the scores of these leads to come.
SELECT * FROM lead_scoring.verify('leads');

-- What computes is right at once: the view, also for leads that had no score on a sheet before and not for keys without a
-- lead, the tally, explain, what-if.
SELECT lead, sheet, score, band FROM lead_score_now ORDER BY lead, sheet;
SELECT lead, sheet, score, band FROM lead_score_now WHERE lead = 1 ORDER BY sheet;
SELECT l, lead_scoring.tally('leads', l) FROM unnest('{1,2,3,9}'::text[]) AS l;
SELECT rule, counted, points, running_total FROM lead_scoring.explain('all', '1');
SELECT lead, score FROM lead_scoring.scores_at('leads', lead_scoring.draft_model('all')) ORDER BY lead;

-- The next event of a lead adds what is pending for it, and the band changes go on from the last one.
INSERT INTO event VALUES (1, '2025-01-15', 'visit');
SELECT lead, delta FROM lead_pending ORDER BY lead, id;
SELECT lead, score, band FROM lead_score WHERE lead = 1 AND sheet = 'all';
SELECT lead, sheet, from_band, to_band, score, cause FROM lead_band_change WHERE lead = 1 ORDER BY id;

-- refresh() adds the rest. Keys without a lead keep their past: the lead row finds it.
CALL lead_scoring.refresh('leads');
SELECT lead, delta FROM lead_pending ORDER BY lead, id;
SELECT lead, sheet, score, band FROM lead_score ORDER BY lead, sheet;
SELECT lead, sheet, from_band, to_band, score, cause FROM lead_band_change WHERE lead > 1 ORDER BY id;
INSERT INTO lead VALUES (9, 'FR');
SELECT lead, sheet, score, band FROM lead_score WHERE lead = 9 ORDER BY sheet;
SELECT * FROM lead_scoring.verify('leads');

-- A lead row that changes, a lead that goes.
SELECT leave_pending('visit', 2, 3);
UPDATE lead SET country = 'DE' WHERE id = 2;
DELETE FROM lead WHERE id = 3;
SELECT lead, delta FROM lead_pending ORDER BY lead, id;
SELECT lead, sheet, score, band FROM lead_score WHERE lead IN (2, 3) ORDER BY lead, sheet;
SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally FROM lead_tally WHERE lead = 3;
SELECT * FROM lead_scoring.verify('leads');

-- A rebuild and a TRUNCATE count the sources, where the rows are: what was pending for them goes.
SELECT leave_pending('visit', 1, 2, 2);
CALL lead_scoring.rebuild('leads');
SELECT lead, delta FROM lead_pending ORDER BY lead, id;
SELECT lead, sheet, score, band FROM lead_score ORDER BY lead, sheet;
SELECT * FROM lead_scoring.verify('leads');
SELECT leave_pending('quote', 1, 77);
TRUNCATE event;
SELECT lead, delta FROM lead_pending ORDER BY lead, id;
SELECT lead, sheet, score, band FROM lead_score ORDER BY lead, sheet;
SELECT * FROM lead_scoring.verify('leads');

-- So does a source that goes; what other sources have left stays.
CREATE TABLE call (lead integer, at timestamptz);
SELECT lead_scoring.add_source('leads', 'call', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('leads', 'call', 'call');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('all', 'calls', 'call', 100);
SELECT lead_scoring.publish('all');
INSERT INTO call VALUES (1, '2025-01-16');
SELECT leave_pending('visit', 1, 2);
SELECT lead_scoring.drop_source('leads', 'call');
SELECT lead, delta FROM lead_pending ORDER BY lead, id;
SELECT lead, score FROM lead_score_now WHERE sheet = 'all' ORDER BY lead;
SELECT * FROM lead_scoring.verify('leads');

-- A definition that is retired and comes back is counted afresh: what was pending of its former life does not count twice.
DELETE FROM lead_scoring.rule WHERE sheet = 'all' AND name IN ('calls', 'visits');
SELECT lead_scoring.publish('all');
CALL lead_scoring.rebuild('leads');
SELECT leave_pending('visit', 1);
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('all', 'visits', 'visit', 10);
SELECT lead_scoring.publish('all');
SELECT lead, score FROM lead_score WHERE sheet = 'all' ORDER BY lead;
SELECT * FROM lead_scoring.verify('leads');

-- verify() knows a pending delta that no row stands for.
INSERT INTO lead_pending (lead, delta) VALUES (2, '{1@9145:1}'), (500, '{2@9145:3}');
SELECT * FROM lead_scoring.verify('leads');
CALL lead_scoring.rebuild('leads');
SELECT * FROM lead_scoring.verify('leads');

-- With the setting off nothing more is appended, and what is there is added as before.
SELECT leave_pending('visit', 1, 2);
UPDATE lead_scoring.audience SET append_when_busy = false WHERE name = 'leads';
INSERT INTO event VALUES (1, '2025-01-17', 'visit');
CALL lead_scoring.refresh('leads');
SELECT count(*) FROM lead_pending;
SELECT * FROM lead_scoring.verify('leads');

-- Who may read the scores sees them as they are now, and has no business in the pending table.
CREATE ROLE regress_ls_reader;
GRANT USAGE ON SCHEMA busy TO regress_ls_reader;
GRANT SELECT ON lead_score, lead_score_now TO regress_ls_reader;
SELECT leave_pending('quote', 1, 3);
SET ROLE regress_ls_reader;
SELECT lead, sheet, score FROM lead_score_now ORDER BY lead, sheet;
SELECT lead_scoring.tally('leads', '1'), lead_scoring.tally('leads', '3');
SELECT lead_scoring.has_lead('lead_score', '1'), lead_scoring.has_lead('lead_score', '3');
SELECT count(*) FROM lead_pending;
RESET ROLE;
REVOKE ALL ON lead_score, lead_score_now FROM regress_ls_reader;
SET ROLE regress_ls_reader;
SELECT lead_scoring.has_lead('lead_score', '1');
RESET ROLE;
DROP OWNED BY regress_ls_reader;
DROP ROLE regress_ls_reader;
SELECT lead_scoring.has_lead('lead', '1');

-- The table has the name that it is given, and cannot be a source. Without it there is no audience, and it goes with one.
SELECT lead_scoring.create_audience('others', 'lead', time_zone => 'UTC', score_table => 'other_score', tally_table => 'other_tally',
                                    band_change_table => 'other_change', pending_table => 'other_pending');
SELECT name, pending_table, append_when_busy FROM lead_scoring.audience ORDER BY name;
SELECT lead_scoring.add_source('others', 'other_pending', 'lead', 'id');
DROP TABLE other_pending CASCADE;
SELECT name FROM lead_scoring.audience ORDER BY name;
SELECT lead_scoring.drop_audience('leads');
SELECT relname FROM pg_class WHERE relnamespace = 'busy'::regnamespace AND relkind IN ('r', 'v') ORDER BY relname;
SET client_min_messages = warning;
DROP SCHEMA busy CASCADE;
