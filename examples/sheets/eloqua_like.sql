-- Frequency and recency: three pages in a week are more than three in a month, and those more than one a fortnight.
INSERT INTO crm.lead (id, name, job_title, industry, country) VALUES
    (1, 'Ada now', 'Chief Buyer', 'finance', 'DE'),
    (2, 'Ben this month', 'Sales Manager', 'media', 'CH'),
    (3, 'Cem once', 'Assistant', 'retail', 'DE');
INSERT INTO crm.event (lead, at, kind) VALUES
    (1, '2026-06-14 10:00', 'form_submit'),
    (1, '2026-06-11 10:00', 'product_page'), (1, '2026-06-12 10:00', 'product_page'), (1, '2026-06-13 10:00', 'product_page'),
    (1, '2026-06-12 10:00', 'mail_click'),
    (2, '2026-06-05 10:00', 'form_submit'),
    (2, '2026-05-20 10:00', 'product_page'), (2, '2026-05-28 10:00', 'product_page'), (2, '2026-06-03 10:00', 'product_page'),
    (2, '2026-06-03 10:00', 'mail_open'),
    (3, '2026-06-09 10:00', 'product_page');
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('eloqua_like'));
SELECT lead_scoring.publish('eloqua_like');
