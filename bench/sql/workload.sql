-- The data: :leads leads, events events of two years up to this morning, the same for the same numbers on the same
-- day. Everything random is a hash of the row's number.
CREATE SCHEMA made;

CREATE FUNCTION made.random(id bigint, salt bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (hashint8extended(id, salt) & 9007199254740991)::double precision / 9007199254740992 $$;

-- Zipf-like: the share of the r-th lead falls as r^-0.6, so of 100,000 leads the busiest has 0.3 percent of all events,
-- four a day. Busy leads lie scattered over the keys. (With r^-0.75 the naive trigger needs five minutes for
-- insert_bulk, nearly all of it for the old versions of the three busiest rows, and the ratio would say little else.)
CREATE FUNCTION made.zipf(u double precision, leads bigint) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (1 + floor(power(1 + u * (power(leads, 0.4) - 1), 2.5))::bigint * 48271 % leads)::integer $$;

CREATE TABLE made.lead AS
SELECT id::integer,
       'lead' || id || (ARRAY['@gmail.com', '@outlook.com', '@corp' || id % 5000 || '.example', '@firm' || id % 3000 || '.example'])
                       [1 + floor(4 * made.random(id, 1))::integer] AS email,
       initcap(substr(md5(id::text), 1, 7)) || ' ' || initcap(substr(md5(id::text), 8, 9)) AS name,
       'Company ' || id % 20000 || ' Ltd' AS company,
       (ARRAY['Head of Marketing', 'Engineer', 'Owner', 'Sales Manager', 'Student', 'Chief Financial Officer', 'Assistant', NULL])
           [1 + floor(8 * made.random(id, 2))::integer] AS job_title,
       (ARRAY['software', 'finance', 'retail', 'insurance', 'media', 'public', 'machines', NULL])
           [1 + floor(8 * made.random(id, 3))::integer] AS industry,
       (ARRAY['DE', 'AT', 'CH', 'FR', 'GB', 'US'])[1 + floor(6 * made.random(id, 4))::integer] AS country,
       floor(power(10, 4 * made.random(id, 5)))::integer AS employees,
       '+49 30 ' || lpad((id::bigint * 7919 % 10000000)::text, 7, '0') AS phone,
       jsonb_build_object('crm', made.random(id, 6) < 0.4, 'language', CASE WHEN id % 3 = 0 THEN 'de' ELSE 'en' END,
                          'campaign', 'c' || id % 40) AS attributes,
       repeat('Met at the fair; wants a call. ', 2) AS notes,
       (current_date - 731 - floor(200 * made.random(id, 7))::integer)::timestamptz AS created_at,
       0 AS score
FROM generate_series(1, :leads) AS id;

-- The events first to last of so many.
CREATE FUNCTION made.events(first bigint, last bigint, events bigint, leads bigint)
    RETURNS TABLE (id bigint, lead integer, occurred_at timestamptz, type text, amount numeric, page text, properties jsonb)
    LANGUAGE sql STABLE AS $$
SELECT id, made.zipf(made.random(id, 11), leads),
       -- In the order of time but for some hours; one row in fifty comes up to a month late.
       current_date::timestamptz - interval '730 days' * (1 - id::double precision / events)
           - CASE WHEN made.random(id, 12) < 0.02 THEN 30 * 24 ELSE 6 END * made.random(id, 13) * interval '1 hour',
       type,
       CASE type WHEN 'order' THEN round((20 * power(100, made.random(id, 15)))::numeric, 2) END,
       CASE WHEN type IN ('page_view', 'form_submit', 'download') THEN
           CASE WHEN p < 0.06 THEN '/pricing' WHEN p < 0.08 THEN '/pricing/enterprise' WHEN p < 0.10 THEN '/careers'
                ELSE '/products/' || floor(200 * p * p)::integer END END,
       CASE WHEN type = 'page_view' THEN
                jsonb_build_object('device', device, 'duration', floor(300 * power(made.random(id, 17), 3))::integer, 'referrer', 'search')
            WHEN type IN ('email_open', 'email_click', 'unsubscribe') THEN
                jsonb_build_object('mail', id % 500, 'campaign', (ARRAY['spring', 'summer', 'autumn', 'news'])[1 + id % 4])
            WHEN type = 'feature_used' THEN jsonb_build_object('feature', 'f' || floor(12 * made.random(id, 18)), 'device', device)
            WHEN type = 'webinar' THEN jsonb_build_object('topic', 't' || floor(30 * made.random(id, 19)))
            WHEN type = 'support_ticket' THEN
                jsonb_build_object('severity', (ARRAY['low', 'normal', 'high', 'critical'])[1 + floor(4 * made.random(id, 20))::integer])
            ELSE jsonb_build_object('device', device) END
FROM (SELECT id,
             (ARRAY['page_view', 'email_open', 'feature_used', 'email_click', 'download', 'form_submit', 'order', 'support_ticket',
                    'webinar', 'unsubscribe', 'trial_start', 'demo_request'])
                 [1 + width_bucket(made.random(id, 14),
                                   ARRAY[0.42, 0.60, 0.72, 0.81, 0.85, 0.88, 0.91, 0.94, 0.965, 0.98, 0.99])] AS type,
             made.random(id, 16) AS p,
             CASE WHEN made.random(id, 21) < 0.4 THEN 'mobile' ELSE 'desktop' END AS device
      FROM generate_series(first, last) AS id) AS e
$$;

CREATE TABLE made.event AS SELECT * FROM made.events(1, :events, :events, :leads);
ALTER TABLE made.event ADD PRIMARY KEY (id);
