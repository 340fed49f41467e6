-- From plain tables to live scores. Run it with psql from this directory; `make demo` does.
\set ON_ERROR_STOP on
\pset footer off
\pset null ''
\pset border 1

\echo
\echo '==> 1. The data: plain tables of a wholesaler of gifts'
\ir load.sql
\set QUIET on

-- The data ends on 9 December 2011. Points that fade with time need a history that reaches to now, so every
-- date moves by the same whole number of days: the intervals between the events stay the real ones.
SELECT (now() AT TIME ZONE 'Europe/London')::date - 1 - max(invoiced_at)::date AS days, max(invoiced_at)::date AS last_day
FROM shop.invoice \gset
\echo '    The data ends on' :last_day'. Every date moves forward by the same' :days 'days, so that the'
\echo '    history ends yesterday; the intervals between the events stay the real ones.'
BEGIN;
UPDATE shop.invoice_line SET invoice_date = invoice_date + make_interval(days => :days);
UPDATE shop.invoice SET invoiced_at = invoiced_at + make_interval(days => :days);
UPDATE shop.customer SET first_seen = first_seen + make_interval(days => :days);
COMMIT;
VACUUM (ANALYZE) shop.invoice_line, shop.invoice, shop.customer;
\echo
SELECT (SELECT count(*) FROM shop.customer) AS customers, (SELECT count(*) FROM shop.invoice) AS invoices,
       (SELECT count(*) FROM shop.invoice_line) AS lines,
       (SELECT min(invoiced_at)::date FROM shop.invoice) AS first_day,
       (SELECT max(invoiced_at)::date FROM shop.invoice) AS last_day;

\echo '==> 2. An audience (the customers) and its sources (invoices, and their lines)'
\echo
\set ECHO queries
\timing on
\o /dev/null
CREATE EXTENSION lead_scoring;
SELECT lead_scoring.create_audience('customers', 'shop.customer', lead_key => 'customer_id',
                                    created_at => 'first_seen', time_zone => 'Europe/London');
SELECT lead_scoring.add_source('customers', 'shop.invoice', lead_key => 'customer_id',
                               occurred_at => 'invoiced_at', event_type => 'kind');
SELECT lead_scoring.add_source('customers', 'shop.invoice_line', lead_key => 'customer_id',
                               occurred_at => 'invoice_date');
\o
\timing off
\set ECHO none

\echo
\echo '==> 3. The sheet: what counts, how much, and for how long. Sheets are rows of ordinary tables.'
\echo
-- Signals: what is counted. 800 pounds is where the largest tenth of the orders begins.
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value, distinct_by, description) VALUES
    ('customers', 'order',        'invoice',      'order',        NULL,           'total', NULL,         'An order, with its pounds'),
    ('customers', 'big order',    'invoice',      'order',        'total >= 800', NULL,    NULL,         'One of the largest tenth of the orders'),
    ('customers', 'cancellation', 'invoice',      'cancellation', NULL,           NULL,    NULL,         'An order that was taken back'),
    ('customers', 'product',      'invoice_line', NULL,           'quantity > 0', NULL,    'stock_code', 'A line, for its product');
-- Of the profile, that is, of the columns of the lead table.
INSERT INTO lead_scoring.signal (audience, name, source, condition, description) VALUES
    ('customers', 'home market', 'profile', 'country = ''United Kingdom''', 'Delivered from the own depot'),
    ('customers', 'near market', 'profile',
     'country IN (''EIRE'', ''Channel Islands'', ''France'', ''Belgium'', ''Netherlands'', ''Germany'')', 'A day by lorry');

INSERT INTO lead_scoring.sheet (name, audience, max_score, description)
VALUES ('wholesale', 'customers', 100, 'Whom to call next');

-- Trouble lowers a score, but never by more than 20 points.
INSERT INTO lead_scoring.rule_group (sheet, name, component, min_points) VALUES ('wholesale', 'trouble', 'engagement', -20);

INSERT INTO lead_scoring.rule
    (sheet, position, name, signal, measure, points, max_points, decay, half_life, lifespan, repeat_limit, repeat_period, repeat_per_item, description)
VALUES
    ('wholesale', 1, 'orders',     'order',     'occurrences', 5,     35, 'exponential', '60 days', NULL,     2,    'week', false, 'Two a week at most: split orders are one need'),
    ('wholesale', 2, 'big orders', 'big order', 'occurrences', 8,     25, 'exponential', '90 days', NULL,     NULL, 'ever', false, 'Volume'),
    ('wholesale', 3, 'spend',      'order',     'value',       0.004, 20, 'linear',      NULL,      '1 year', NULL, 'ever', false, 'A point for every 250 pounds'),
    ('wholesale', 4, 'range',      'product',   'occurrences', 0.1,   10, 'linear',      NULL,      '1 year', 1,    'ever', true,  'Each product once: they try what is new');
INSERT INTO lead_scoring.rule (sheet, position, name, rule_group, signal, points, decay, half_life, repeat_limit, repeat_period, description)
VALUES ('wholesale', 5, 'cancellations', 'trouble', 'cancellation', -4, 'exponential', '60 days', 1, 'day', 'It passes');
INSERT INTO lead_scoring.rule (sheet, position, name, component, signal, points, decay, lifespan, description) VALUES
    ('wholesale', 6, 'home market',  'fit', 'home market', 10, 'none',   NULL,      'Cheap to deliver to'),
    ('wholesale', 7, 'near market',  'fit', 'near market',  6, 'none',   NULL,      'Not much dearer'),
    ('wholesale', 8, 'new customer', 'fit', 'created',     12, 'linear', '30 days', 'A welcome that ends');

INSERT INTO lead_scoring.band (sheet, rank, name, min_score, description) VALUES
    ('wholesale', 1, 'cold', NULL, 'Newsletter only'),
    ('wholesale', 2, 'warm', 20,   'Gets the printed catalogue'),
    ('wholesale', 3, 'MQL',  40,   'Marketing qualified lead: an offer that fits'),
    ('wholesale', 4, 'SQL',  70,   'Sales qualified lead: call today');

SELECT r.name AS rule, r.signal, r.measure, r.points,
       concat_ws(', ',
           CASE r.decay WHEN 'exponential' THEN 'halves in ' || (extract(epoch FROM r.half_life) / 86400)::integer || ' days'
                        WHEN 'linear' THEN 'fades over ' || replace(r.lifespan::text, 'mons', 'months') END,
           CASE WHEN r.repeat_limit IS NOT NULL THEN r.repeat_limit || ' a ' || CASE WHEN r.repeat_per_item THEN 'product' ELSE r.repeat_period END END,
           CASE WHEN r.max_points IS NOT NULL THEN 'at most ' || r.max_points END,
           CASE WHEN g.min_points IS NOT NULL THEN 'at least ' || g.min_points END) AS limits
FROM lead_scoring.rule AS r LEFT JOIN lead_scoring.rule_group AS g ON g.sheet = r.sheet AND g.name = r.rule_group
WHERE r.sheet = 'wholesale' ORDER BY r.position;
SELECT name AS band, min_score, description FROM lead_scoring.band WHERE sheet = 'wholesale' ORDER BY rank DESC;

\echo '==> 4. Publish: the whole history is counted and every lead is scored, in one transaction'
\echo
\set ECHO queries
\timing on
SELECT lead_scoring.publish('wholesale', note => 'first version') AS revision;
\timing off

SELECT band, count(*) AS leads, min(score) AS from_score, max(score) AS to_score
FROM shop.customer_score WHERE sheet = 'wholesale' GROUP BY band ORDER BY to_score DESC;
\set ECHO none

\echo '==> 5. The top ten'
\echo
\set ECHO queries
SELECT s.lead, c.country, s.score, s.engagement, s.fit, s.band, s.last_active_on
FROM shop.customer_score AS s JOIN shop.customer AS c ON c.customer_id = s.lead
WHERE s.sheet = 'wholesale' ORDER BY s.score DESC, s.lead LIMIT 10;
\set ECHO none
SELECT lead AS first_lead FROM shop.customer_score WHERE sheet = 'wholesale' ORDER BY score DESC, lead LIMIT 1 \gset
\echo 'The rules behind the first,' :first_lead':'
\echo
\set ECHO queries
SELECT component, rule, counted, dropped, points, running_total, reason
FROM lead_scoring.explain('wholesale', :'first_lead');
\set ECHO none

\echo '==> 6. One event, and what it does'
\echo
-- The warm customer with the highest score.
SELECT lead AS warm_lead, (SELECT max(invoice_no::integer) + 1 FROM shop.invoice_line WHERE invoice_no ~ '^\d+$') AS new_invoice
FROM shop.customer_score WHERE sheet = 'wholesale' AND band = 'warm' ORDER BY score DESC, lead LIMIT 1 \gset
\echo 'Customer' :warm_lead 'before:'
\echo
SELECT lead, score, engagement, fit, band FROM shop.customer_score WHERE sheet = 'wholesale' AND lead = :warm_lead;
SELECT rule, counted, dropped, points, running_total, reason FROM lead_scoring.explain('wholesale', :'warm_lead');

\set ECHO queries
\timing on
INSERT INTO shop.invoice (invoice_no, customer_id, invoiced_at, kind, total, lines)
VALUES (:'new_invoice', :warm_lead, now() AT TIME ZONE 'Europe/London', 'order', 1000.00, 25);
\timing off
\set ECHO none
\echo
\echo 'The same customer after it; score and band were ready when the INSERT returned:'
\echo
SELECT lead, score, engagement, fit, band FROM shop.customer_score WHERE sheet = 'wholesale' AND lead = :warm_lead;
SELECT rule, counted, dropped, points, running_total, reason FROM lead_scoring.explain('wholesale', :'warm_lead');
\set ECHO queries
SELECT lead, from_band, to_band, score, at::timestamp(0) AS at, cause
FROM shop.customer_band_change WHERE lead = :warm_lead ORDER BY id;
\set ECHO none

\echo '==> 7. Is all of it true?'
\echo
\echo 'What is maintained, compared with a recomputation from the tables (no row: all is well):'
\echo
\set ECHO queries
\timing on
SELECT * FROM lead_scoring.verify('customers');
\timing off
\set ECHO none
\echo
\echo 'Do the points of explain add up to the score, for every customer?'
\echo
\set ECHO queries
\timing on
SELECT count(*) AS customers, count(*) FILTER (WHERE round(e.total) = s.score) AS add_up
FROM shop.customer_score AS s
CROSS JOIN LATERAL (SELECT sum(points) AS total
                    FROM lead_scoring.explain(s.sheet, s.lead::text)) AS e;
\timing off
\set ECHO none
