-- Business calendars: opening hours and holidays, and the time that passes by them.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';

-- An office in Berlin: Monday to Thursday 9 to 12 and 13 to 17, Friday 9 to 15. (Ordinary rows; weekday 1 is Monday.)
INSERT INTO lead_scoring.calendar (name, time_zone, description) VALUES ('office', 'Europe/Berlin', 'Inside sales, Berlin');
INSERT INTO lead_scoring.calendar_hours (calendar, weekday, opens, closes)
SELECT 'office', d, h.opens::time, h.closes::time
FROM generate_series(1, 4) AS d, (VALUES ('09:00', '12:00'), ('13:00', '17:00')) AS h(opens, closes)
UNION ALL SELECT 'office', 5, '09:00', '15:00';
INSERT INTO lead_scoring.holiday (calendar, day, name) VALUES ('office', '2026-12-25', 'Christmas Day'), ('office', '2027-01-01', 'New Year');

-- Hours and less are open time. Friday 4 December 14:00 in Berlin is 13:00 UTC; the office closes at 15:00.
SELECT duration, to_char(lead_scoring.add_business_time('office', '2026-12-04 14:00 Europe/Berlin', duration) AT TIME ZONE 'Europe/Berlin',
                         'Dy DD Mon YYYY HH24:MI:SS') AS over
FROM unnest('{0,30 minutes,1 hour,1 hour 1 second,2 hours,8 hours,34 hours}'::interval[]) AS duration;
-- Days are working days: to the same time of day, and to closing time where the office has closed by then.
SELECT to_char(at AT TIME ZONE 'Europe/Berlin', 'Dy DD Mon HH24:MI') AS at, duration,
       to_char(lead_scoring.add_business_time('office', at, duration) AT TIME ZONE 'Europe/Berlin', 'Dy DD Mon YYYY HH24:MI') AS over
FROM (VALUES ('2026-12-04 10:00 Europe/Berlin'::timestamptz, '1 day'::interval), ('2026-12-05 18:00 Europe/Berlin', '1 day'),
             ('2026-12-03 16:00 Europe/Berlin', '1 day'), ('2026-12-03 16:00 Europe/Berlin', '1 day 1 hour'),
             ('2026-12-23 16:30 Europe/Berlin', '2 days'), ('2026-12-31 10:00 Europe/Berlin', '1 day')) AS v(at, duration);
-- Hours are as long as the clock says, also over the night in which Berlin's clock changes (28 March 2027): this
-- office is open all day long on Sundays.
INSERT INTO lead_scoring.calendar (name, time_zone) VALUES ('sundays', 'Europe/Berlin');
INSERT INTO lead_scoring.calendar_hours VALUES ('sundays', 7, '00:00', '24:00');
SELECT lead_scoring.add_business_time('sundays', '2027-03-28 00:30 Europe/Berlin', '2 hours') AT TIME ZONE 'Europe/Berlin' AS local_time_skipped,
       lead_scoring.business_time_between('sundays', '2027-03-28 00:30 Europe/Berlin', '2027-03-28 04:30 Europe/Berlin') AS by_the_clock,
       timestamptz '2027-03-28 04:30 Europe/Berlin' - '2027-03-28 00:30 Europe/Berlin' AS real_time;

-- The other way round: how much open time has passed.
SELECT lead_scoring.business_time_between('office', "from", "to") FROM (VALUES
    ('2026-12-04 14:00 Europe/Berlin'::timestamptz, '2026-12-07 10:00 Europe/Berlin'::timestamptz),  -- over a weekend
    ('2026-12-07 10:00 Europe/Berlin', '2026-12-04 14:00 Europe/Berlin'),                            -- backwards
    ('2026-12-05 00:00 Europe/Berlin', '2026-12-06 23:00 Europe/Berlin'),                            -- within it
    ('2026-12-24 16:00 Europe/Berlin', '2026-12-28 10:00 Europe/Berlin'),                            -- over Christmas
    ('2026-12-01 00:00 Europe/Berlin', '2027-01-01 00:00 Europe/Berlin')) AS v("from", "to");

-- Without a calendar, around the clock.
SELECT lead_scoring.add_business_time(NULL, '2026-12-04 14:00+00', '1 day 2 hours'),
       lead_scoring.business_time_between(NULL, '2026-12-04 14:00+00', '2026-12-07 10:00+00');
SELECT lead_scoring.add_business_time('office', NULL, '1 hour'), lead_scoring.add_business_time('office', now(), NULL),
       lead_scoring.business_time_between('office', now(), NULL), lead_scoring.add_business_time('office', 'infinity', '1 hour');

-- A change of the hours holds at once, within a transaction too.
BEGIN;
UPDATE lead_scoring.calendar_hours SET closes = '16:00' WHERE calendar = 'office' AND weekday = 5;
SELECT lead_scoring.business_time_between('office', '2026-12-04 00:00+01', '2026-12-05 00:00+01');
ROLLBACK;
DO $$
DECLARE
    friday CONSTANT timestamptz := '2026-12-04 00:00+01';
    length interval;
BEGIN
    FOR hour IN 12 .. 14 LOOP
        UPDATE lead_scoring.calendar_hours SET closes = make_time(hour, 0, 0) WHERE calendar = 'office' AND weekday = 5;
        length := lead_scoring.business_time_between('office', friday, friday + '1 day');
        RAISE NOTICE 'Friday has %', length;
    END LOOP;
    RAISE EXCEPTION 'back to 15:00';
END $$;

-- Refusals.
SELECT lead_scoring.add_business_time('ofice', now(), '1 hour');
SELECT lead_scoring.business_time_between('ofice', now(), now());
SELECT lead_scoring.add_business_time('office', now(), '1 month');
SELECT lead_scoring.add_business_time('office', now(), '-1 hour');
SELECT lead_scoring.add_business_time('office', now(), '1 day -1 hour');
SELECT lead_scoring.add_business_time('office', now(), '200000 hours');
SELECT lead_scoring.add_business_time('office', '20000-01-01', '1 hour');
SELECT lead_scoring.add_business_time(NULL, '294000-01-01', '100000000 days');
SELECT lead_scoring.business_time_between('office', '-infinity', now());
INSERT INTO lead_scoring.calendar (name, time_zone) VALUES ('moon', 'Moon/Tranquility');
INSERT INTO lead_scoring.calendar_hours VALUES ('office', 6, '22:00', '06:00');
INSERT INTO lead_scoring.calendar_hours VALUES ('office', 0, '09:00', '17:00');
INSERT INTO lead_scoring.holiday VALUES ('office', 'infinity');
INSERT INTO lead_scoring.calendar (name, time_zone) VALUES ('empty', 'UTC');
SELECT lead_scoring.add_business_time('empty', now(), '1 hour');
SELECT lead_scoring.business_time_between('empty', now(), now());

-- Calendars are for all to use; each is changed by its owner and the owner's members. Hours and holidays follow
-- their calendar.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_ls_planner, regress_ls_colleague;
RESET client_min_messages;
CREATE ROLE regress_ls_planner;
CREATE ROLE regress_ls_colleague;
SET ROLE regress_ls_planner;
INSERT INTO lead_scoring.calendar (name, time_zone) VALUES ('night', 'UTC') RETURNING owner;
INSERT INTO lead_scoring.calendar_hours VALUES ('night', 1, '22:00', '24:00'), ('night', 2, '00:00', '06:00');
INSERT INTO lead_scoring.holiday VALUES ('night', '2026-12-07', 'off');
INSERT INTO lead_scoring.calendar (name, time_zone, owner) VALUES ('not mine', 'UTC', 'regress_ls_colleague');
INSERT INTO lead_scoring.calendar_hours VALUES ('office', 7, '09:00', '17:00');
UPDATE lead_scoring.calendar_hours SET closes = '23:00' WHERE calendar = 'office';
DELETE FROM lead_scoring.calendar WHERE name = 'office';
SET ROLE regress_ls_colleague;
-- Monday the 14th at 23:00, and five hours on, over midnight.
SELECT lead_scoring.add_business_time('night', '2026-12-14 23:00+00', '5 hours');
UPDATE lead_scoring.calendar SET time_zone = 'Asia/Tokyo' WHERE name = 'night';
RESET ROLE;
GRANT regress_ls_planner TO regress_ls_colleague;
SET ROLE regress_ls_colleague;
UPDATE lead_scoring.calendar SET name = 'late shift' WHERE name = 'night';
SELECT c.name, c.owner, h.weekday, h.opens, h.closes, d.day FROM lead_scoring.calendar AS c
JOIN lead_scoring.calendar_hours AS h ON h.calendar = c.name JOIN lead_scoring.holiday AS d ON d.calendar = c.name
WHERE c.owner = 'regress_ls_planner' ORDER BY h.weekday;
DELETE FROM lead_scoring.calendar WHERE name = 'late shift';
RESET ROLE;
SELECT calendar, count(*) FROM lead_scoring.calendar_hours GROUP BY calendar ORDER BY calendar;
SELECT calendar, count(*) FROM lead_scoring.holiday GROUP BY calendar ORDER BY calendar;

DELETE FROM lead_scoring.calendar WHERE name IN ('office', 'sundays', 'empty');
SELECT count(*) FROM lead_scoring.calendar_hours;
DROP ROLE regress_ls_planner, regress_ls_colleague;
