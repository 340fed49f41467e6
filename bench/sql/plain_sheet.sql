-- Peer (c): the sheet of sheet.json as one SQL query over the events: the same rules, decays, limits and clamps.
-- Its weights are floating point where ours are fixed point, so a score may differ by one where a sum lies at .5.
CREATE VIEW app.plain_score AS
WITH e AS (
    SELECT lead, type, amount, page, properties, (occurred_at AT TIME ZONE 'Europe/Berlin')::date AS day,
           (now() AT TIME ZONE 'Europe/Berlin')::date AS today
    FROM app.event
), simple AS (
    SELECT lead,
           -- Activity is what the sheet has a signal for, so not a ticket of low severity.
           max(day) FILTER (WHERE type NOT IN ('unsubscribe', 'support_ticket') OR properties ->> 'severity' IN ('high', 'critical'))
               AS last_active,
           round(sum(10 * power(0.5::float8, (today - day) / 14.0::float8))
               FILTER (WHERE type = 'page_view' AND page LIKE '/pricing%')::numeric, 3) AS pricing,
           round(sum(3 * (day + 90 - today) / 90.0::float8)
               FILTER (WHERE type = 'page_view' AND (properties ->> 'duration')::integer >= 120 AND day + 90 > today)::numeric, 3) AS long_visit,
           count(*) FILTER (WHERE type = 'email_click') AS clicks,
           count(*) FILTER (WHERE type = 'email_click' AND properties @> '{"campaign": "spring"}') AS campaign_clicks,
           count(*) FILTER (WHERE type = 'page_view' AND page LIKE '/careers%' AND day + 90 > today) AS careers,
           sum(10 - 2.5 * ((day + interval '1 month' <= today)::integer + (day + interval '2 months' <= today)::integer
                         + (day + interval '3 months' <= today)::integer + (day + interval '4 months' <= today)::integer))
               FILTER (WHERE type = 'form_submit') AS form,
           count(*) FILTER (WHERE type = 'trial_start') AS trials,
           count(*) FILTER (WHERE type = 'demo_request') AS demos,
           round(sum(0.01 * amount::float8 * power(0.5::float8, (today - day) / 180.0::float8)) FILTER (WHERE type = 'order')::numeric, 3) AS spend,
           count(*) FILTER (WHERE type = 'order') AS orders,
           count(*) FILTER (WHERE type = 'order' AND day + interval '1 year' > today) AS orders_of_the_year,
           round(sum(-5 * (day + 30 - today) / 30.0::float8)
               FILTER (WHERE type = 'support_ticket' AND properties ->> 'severity' IN ('high', 'critical') AND day + 30 > today)::numeric, 3) AS ticket,
           count(*) FILTER (WHERE type = 'unsubscribe') AS unsubscribed
    FROM e GROUP BY lead
), pages AS (
    SELECT lead, round(sum(least(3, views) * power(0.5::float8, (today - day) / 30.0::float8))::numeric, 3) AS points
    FROM (SELECT lead, day, today, count(*) AS views FROM e WHERE type = 'page_view' GROUP BY 1, 2, 3) AS p GROUP BY lead
), opened AS (
    SELECT lead, count(*) AS days
    FROM (SELECT DISTINCT lead, day FROM e WHERE type = 'email_open' AND day + 60 > today) AS o GROUP BY lead
), downloads AS (
    SELECT lead, 5 * count(*) FILTER (WHERE day + 90 > today) AS points
    FROM (SELECT lead, page, today, min(day) AS day FROM e WHERE type = 'download' GROUP BY lead, page, today) AS d GROUP BY lead
), webinars AS (
    SELECT lead, sum(15 - 7.5 * ((day + interval '3 months' <= today)::integer + (day + interval '6 months' <= today)::integer)) AS points
    FROM (SELECT lead, properties ->> 'topic', today, min(day) AS day FROM e WHERE type = 'webinar' GROUP BY 1, 2, 3) AS w GROUP BY lead
), features AS (
    SELECT lead, CASE WHEN count(*) FILTER (WHERE day + 30 > today) >= 5 THEN 30
                      WHEN count(*) FILTER (WHERE day + 60 > today) >= 2 THEN 15 ELSE 5 END AS points
    FROM e WHERE type = 'feature_used' GROUP BY lead
), big_orders AS (
    SELECT lead, round(sum(20 * (day + 365 - today) / 365.0::float8) FILTER (WHERE day + 365 > today)::numeric, 3) AS points
    FROM (SELECT lead, date_trunc('quarter', day), today, min(day) AS day FROM e WHERE type = 'order' AND amount >= 1000 GROUP BY 1, 2, 3) AS b
    GROUP BY lead
), ages AS (
    SELECT l.*, today, coalesce(s.last_active, (l.created_at AT TIME ZONE 'Europe/Berlin')::date) AS active_on
    FROM app.lead AS l LEFT JOIN simple AS s ON s.lead = l.id, LATERAL (SELECT (now() AT TIME ZONE 'Europe/Berlin')::date) AS t(today)
), sums AS (
    SELECT l.id AS lead,
           least(60, least(40, coalesce(p.points, 0)) + least(40, coalesce(s.pricing, 0)) + least(30, coalesce(s.long_visit, 0)))
         + least(25, coalesce(o.days, 0)
                     + round(coalesce(3 * s.clicks * greatest(0, s.last_active + 60 - l.today) / 60.0, 0), 3)
                     + CASE WHEN s.campaign_clicks > 0 THEN 5 ELSE 0 END)
         + greatest(-20, -10 * coalesce(s.careers, 0)) + least(50, coalesce(s.form, 0)) + coalesce(d.points, 0) + coalesce(w.points, 0)
         + coalesce(f.points, 0) + CASE WHEN s.trials > 0 AND s.orders = 0 THEN 25 ELSE 0 END
         + CASE WHEN s.demos > 0 THEN 30 ELSE 0 END + least(100, coalesce(s.spend, 0)) + coalesce(b.points, 0)
         + CASE WHEN s.orders_of_the_year >= 3 THEN 25 WHEN s.orders_of_the_year >= 1 THEN 10 ELSE 0 END
         + greatest(-25, coalesce(s.ticket, 0)) + CASE WHEN s.unsubscribed > 0 THEN -15 ELSE 0 END
         - 10 * ((l.active_on + 30 <= l.today)::integer + (l.active_on + 60 <= l.today)::integer + (l.active_on + 90 <= l.today)::integer)
               AS engagement,
           CASE WHEN employees >= 500 THEN 30 WHEN employees >= 50 THEN 20 ELSE 0 END
         + CASE WHEN industry IN ('software', 'finance') THEN 15 ELSE 0 END
         + CASE WHEN job_title ~* '(chief|head|director|vp|owner)' THEN 20 ELSE 0 END
         - CASE WHEN email ~* '@(gmail|gmx|outlook|yahoo)[.]' THEN 5 ELSE 0 END
         + CASE WHEN attributes @> '{"crm": true}' THEN 10 ELSE 0 END AS fit
    FROM ages AS l
    LEFT JOIN simple AS s ON s.lead = l.id LEFT JOIN pages AS p ON p.lead = l.id LEFT JOIN opened AS o ON o.lead = l.id
    LEFT JOIN downloads AS d ON d.lead = l.id LEFT JOIN webinars AS w ON w.lead = l.id LEFT JOIN features AS f ON f.lead = l.id
    LEFT JOIN big_orders AS b ON b.lead = l.id
)
SELECT lead, round(engagement)::integer AS engagement, fit, round(greatest(0, engagement + fit))::integer AS score FROM sums;
