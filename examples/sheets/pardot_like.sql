-- Everything matches, nothing matches, nothing is known; and one who went cold.
INSERT INTO crm.lead (id, name, job_title, industry, country, employees) VALUES
    (1, 'Ada matches', 'VP Finance', 'finance', 'DE', 300),
    (2, 'Ben does not', 'Assistant', 'retail', 'US', 5),
    (3, 'Cem is unknown', NULL, NULL, NULL, NULL),
    (4, 'Dea went cold', 'Head of IT', NULL, 'AT', NULL);
INSERT INTO crm.event (lead, at, kind) VALUES
    (1, '2026-06-10 10:00', 'visitor_session'), (1, '2026-06-10 10:00', 'page_view'), (1, '2026-06-10 10:01', 'page_view'),
    (1, '2026-06-10 10:02', 'form_success'), (1, '2026-06-12 10:00', 'form_success'),
    (2, '2026-06-10 10:00', 'visitor_session'), (2, '2026-06-10 10:01', 'form_error'), (2, '2026-06-10 10:02', 'form_success'),
    (3, '2026-06-10 10:00', 'site_search'), (3, '2026-06-10 10:00', 'link_click'),
    (4, '2026-04-01 10:00', 'form_success');
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('pardot_like'));
SELECT lead_scoring.publish('pardot_like');
