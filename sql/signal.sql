-- Signals: named things that are counted. Their expressions are checked and stored as PostgreSQL prints them.
\set SHOW_CONTEXT never
CREATE SCHEMA sig;
SET search_path = sig, public;
SET datestyle = 'ISO';
CREATE TYPE channel AS ENUM ('web', 'fair', 'phone');
CREATE TABLE lead (id integer PRIMARY KEY, country text, born date, trial_end date, revenue numeric, student boolean);
CREATE TABLE event (lead integer, at timestamptz, kind channel, page text, amount numeric, score real, payload jsonb,
                    day date, tags text[], raw bytea);
CREATE TABLE note (lead integer, at timestamptz, text text);
SELECT lead_scoring.create_audience('leads', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('leads', 'event', 'lead', 'at', 'kind');
SELECT lead_scoring.add_source('leads', 'note', 'lead', 'at');

-- What may be said.
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value, distinct_by, occurred_on) VALUES
    ('leads', 'any event',    'event', NULL,  NULL,                                        NULL,          NULL,   NULL),
    ('leads', 'pricing',      'event', 'web', 'page like ''/pricing%'' AND NOT page IN (''/pricing/old'')', NULL, 'page', NULL),
    ('leads', 'orders',       'event', NULL,  'amount>0',                                  'amount * .5', 'payload->>''order''', NULL),
    ('leads', 'rounded',      'event', NULL,  NULL,                                        'score',       NULL,   NULL),
    ('leads', 'campaign',     'event', NULL,  '''spring'' = any (tags)',                   'coalesce(amount,0)::int', 'lower(page)', NULL),
    ('leads', 'weekend',      'event', NULL,  'extract(isodow FROM day) >= 6',             NULL,          NULL,   NULL),
    ('leads', 'german',       'profile', NULL, 'country = ''DE''',                         NULL,          NULL,   NULL),
    ('leads', 'student',      'profile', NULL, 'student',                                  'revenue/1000', NULL,  NULL),
    ('leads', 'birthday',     'profile', NULL, NULL,                                       NULL,          NULL,   'born'),
    ('leads', 'trial ending', 'profile', NULL, 'trial_end is not null',                    NULL,          NULL,   'trial_end - 21');
SELECT name, event_type, condition, value, distinct_by, occurred_on FROM lead_scoring.signal
WHERE audience = 'leads' ORDER BY name \gx
-- A stored text is its own fixed point: writing it again changes nothing.
CREATE TEMP TABLE before AS SELECT * FROM lead_scoring.signal;
UPDATE lead_scoring.signal SET condition = condition, value = value, distinct_by = distinct_by, occurred_on = occurred_on;
SELECT * FROM lead_scoring.signal EXCEPT SELECT * FROM before;

-- They count what they say. Conditions that are NULL do not count; a NULL value is 0; distinct items are kept apart.
INSERT INTO lead VALUES (1, 'DE', '1990-05-17', '2025-06-30', 2500, true), (2, 'US', NULL, NULL, NULL, NULL);
INSERT INTO event VALUES
    (1, '2025-03-01 12:00+00', 'web',   '/pricing',     NULL,     1.5,  NULL,                 '2025-03-01', '{spring,sale}', NULL),
    (1, '2025-03-01 13:00+00', 'web',   '/pricing/old', NULL,     NULL, NULL,                 '2025-03-03', '{}',            NULL),
    (1, '2025-03-02 12:00+00', 'fair',  '/pricing',     10.00005, NULL, '{"order": "A 1"}',   '2025-03-02', NULL,            NULL),
    (1, '2025-03-02 13:00+00', 'phone', NULL,           20,       NULL, '{"order": ["A", 1]}', NULL,        '{spring}',      NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('all', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) SELECT 'all', name, name, 1 FROM lead_scoring.signal WHERE audience = 'leads';
SELECT lead_scoring.publish('all');
SELECT v.signal, DATE '2000-01-01' + e.tick AS day, e.item, e.count, e.value
FROM lead_tally t, lead_scoring.entries(base OPERATOR(lead_scoring.+) recent) e
JOIN lead_scoring.signal_version v ON v.audience = 'leads' AND v.number = e.signal
WHERE lead = 1 ORDER BY 1, 2, 3;
SELECT lead_scoring.tally('leads', '2');
SELECT * FROM lead_scoring.verify('leads');

-- What is refused. Errors point at the place.
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('leads', 'x', 'event', 'amount > > 3');
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('leads', 'x', 'event', 'page = ''/'' AND prize > 3');
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('leads', 'x', 'event', 'amount > 3 AND at > now()');
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('leads', 'x', 'event', 'lead IN (SELECT id FROM lead)');

CREATE FUNCTION pg_temp.refused(field text, expression text, source text DEFAULT 'event', OUT code text, OUT error text, OUT place text, OUT hint text)
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO lead_scoring.signal (audience, name, source, %I) VALUES (''leads'', ''x'', %L, %L)', field, source, expression);
    error := 'ACCEPTED';
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, error = MESSAGE_TEXT, place = PG_EXCEPTION_CONTEXT, hint = PG_EXCEPTION_HINT;
    -- The context begins with what we say ourselves; the rest names PL/pgSQL lines.
    place := substring(place FROM '^(\S+ of signal "x")');
END $$;
\x
SELECT what, r.* FROM (VALUES
    -- one expression, nothing else
    ('empty',             'condition', ''),
    ('two expressions',   'condition', 'amount > 1, amount > 2'),
    ('two statements',    'condition', 'true; DROP TABLE lead'),
    ('alias',             'condition', 'amount > 1 AS big'),
    ('FROM',              'condition', 'true FROM lead'),
    ('WHERE',             'condition', 'true WHERE true'),
    ('UNION',             'condition', 'true UNION SELECT false'),
    ('ORDER BY',          'condition', 'true ORDER BY 1'),
    ('LIMIT',             'condition', 'true LIMIT 1'),
    ('FOR UPDATE',        'condition', 'true FOR UPDATE'),
    ('star',              'condition', '*'),
    ('unclosed string',   'condition', 'page = ''x'),
    -- its type
    ('text',              'condition', 'page'),
    ('number',            'condition', 'amount'),
    ('constant text',     'condition', '''perhaps'''),
    ('value text',        'value',     'page'),
    ('value date',        'value',     'day'),
    ('value boolean',     'value',     'amount > 1'),
    -- only the row decides
    ('now',               'condition', 'at < now()'),
    ('current_date',      'condition', 'day = CURRENT_DATE'),
    ('current_user',      'condition', 'page = CURRENT_USER'),
    ('random',            'value',     'random()'),
    ('date text',         'distinct_by', 'day'),
    ('enum text',         'distinct_by', 'kind'),
    ('timestamptz cast',  'condition', 'at::date = ''2025-01-01'''),
    ('float text',        'distinct_by', 'score::text'),
    ('float concatenated', 'distinct_by', 'score || ''x'''),
    ('bytea text',        'distinct_by', 'raw::text'),
    ('subquery',          'condition', 'EXISTS (SELECT FROM lead)'),
    ('array subquery',    'value',     'cardinality(ARRAY(SELECT 1))'),
    ('aggregate',         'value',     'sum(amount)'),
    ('window function',   'value',     'row_number() OVER ()'),
    ('set returning',     'value',     'generate_series(1, 3)'),
    ('set returning',     'distinct_by', 'unnest(tags)'),
    ('grouping',          'value',     'GROUPING(amount)'),
    ('system column',     'condition', 'ctid = ''(0,1)'''),
    ('system column',     'value',     'tableoid::bigint'),
    ('whole row',         'condition', 'event IS NOT NULL'),
    ('whole row',         'distinct_by', 'event.*::text'),
    ('parameter',         'condition', 'amount > $1'),
    ('default',           'value',     'DEFAULT'),
    -- names
    ('unknown column',    'condition', 'prize > 1'),
    ('other table',       'condition', 'lead.country = ''DE'''),
    ('unknown function',  'condition', 'is_nice(page)'),
    ('unknown type',      'condition', 'page::nice = ''x'''),
    -- the event type must fit its column
    ('event type',        'event_type', 'letter')
) t (what, field, expression), pg_temp.refused(field, expression) r;
SELECT what, r.* FROM (VALUES
    ('unknown source',       'condition',  'true', 'letters'),
    ('no event type column', 'event_type', 'web',  'note'),
    ('column of another source', 'condition', 'amount > 1', 'note'),
    ('occurred_on text',     'occurred_on', 'country', 'profile'),
    ('time of an event',     'occurred_on', 'day', 'event'),
    ('activity of the profile', 'is_activity', 'true', 'profile')
) t (what, field, expression, source), pg_temp.refused(field, expression, source) r;
\x
-- Nothing of all that stayed.
SELECT count(*) FROM lead_scoring.signal WHERE name = 'x';

-- Signals are drafts; a changed expression is checked again.
UPDATE lead_scoring.signal SET condition = 'country = now()::text' WHERE audience = 'leads' AND name = 'german';
UPDATE lead_scoring.signal SET source = 'note' WHERE audience = 'leads' AND name = 'orders';
-- An audience that does not exist has no sources to check against, and cannot be published from.
INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('nobody', 'x', 'event');
DELETE FROM lead_scoring.signal WHERE audience = 'nobody';

-- User-defined immutable functions may be used, and are stored with their schema.
CREATE FUNCTION is_docs(page text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT page LIKE '/docs/%' $$;
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('leads', 'docs', 'event', 'sig.is_docs(page)');
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('leads', 'unqualified', 'event', 'is_docs(page)');
SELECT condition FROM lead_scoring.signal WHERE name = 'docs';
-- Settings of the session do not change what is stored.
SET datestyle = 'German';
SET intervalstyle = 'sql_standard';
SET search_path = pg_temp;
SET standard_conforming_strings = on;
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES
    ('leads', 'dated', 'event', 'day >= ''2025-03-02'' AND day - day < 5 AND at - at < interval ''1 day 2 hours''');
RESET datestyle;
RESET intervalstyle;
SELECT condition FROM lead_scoring.signal WHERE name = 'dated';

SET search_path = sig, public;
SELECT lead_scoring.drop_audience('leads');
SET client_min_messages = warning;
DROP SCHEMA sig CASCADE;
