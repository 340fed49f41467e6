-- A trial that goes well, a demo request from a small shop, a job seeker, somebody who went quiet.
INSERT INTO crm.lead (id, name, email, website, profession, industry, employees) VALUES
    (1, 'Ada tries', 'ada@bank.example', 'bank.example', NULL, 'finance', 800),
    (2, 'Ben asks', 'ben@gmail.com', NULL, NULL, 'retail', 8),
    (3, 'Cem seeks', 'cem@gmx.de', NULL, 'student', NULL, NULL),
    (4, 'Dea sleeps', 'dea@soft.example', 'soft.example', NULL, 'software', 60);
INSERT INTO crm.event (lead, at, kind, asset) VALUES
    (1, '2026-06-01 10:00', 'trial_start', NULL), (1, '2026-06-02 10:00', 'feature_used', 'import'),
    (1, '2026-06-02 11:00', 'feature_used', 'report'), (1, '2026-06-03 10:00', 'feature_used', 'report'),
    (1, '2026-06-15 09:00', 'pricing_page', NULL),
    (2, '2026-06-10 10:00', 'demo_request', NULL),
    (3, '2026-06-14 10:00', 'careers_page', NULL), (3, '2026-06-14 10:01', 'careers_page', NULL),
    (3, '2026-06-14 10:02', 'careers_page', NULL), (3, '2026-06-14 10:05', 'unsubscribe', NULL),
    (4, '2026-03-01 10:00', 'webinar_attended', 'security'), (4, '2026-03-17 10:00', 'pricing_page', NULL);
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('b2b_saas'));
SELECT lead_scoring.publish('b2b_saas');
