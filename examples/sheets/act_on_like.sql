-- Each asset counts once, for ninety days.
INSERT INTO crm.lead (id, name) VALUES (1, 'Ada does it all'), (2, 'Ben repeats'), (3, 'Cem, long ago');
INSERT INTO crm.event (lead, at, kind, asset) VALUES
    (1, '2026-06-01 10:00', 'mail_open', 'june'), (1, '2026-06-01 10:01', 'mail_click', 'june'), (1, '2026-06-01 10:02', 'landing_page', 'press'),
    (1, '2026-06-01 10:05', 'form_submit', 'press'), (1, '2026-06-02 10:00', 'media_download', 'press'), (1, '2026-06-03 10:00', 'webinar_registered', 'costs'),
    (1, '2026-06-10 10:00', 'webinar_attended', 'costs'), (1, '2026-06-11 10:00', 'survey_answered', 'costs'), (1, '2026-06-12 10:00', 'social_click', 'costs'),
    (1, '2026-06-12 10:05', 'page_view', '/about'),
    (2, '2026-06-01 10:00', 'form_submit', 'press'), (2, '2026-06-02 10:00', 'form_submit', 'press'), (2, '2026-06-03 10:00', 'form_submit', 'gear'),
    (3, '2026-03-17 10:00', 'webinar_attended', 'costs'), (3, '2026-03-18 10:00', 'webinar_registered', 'costs');
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('act_on_like'));
SELECT lead_scoring.publish('act_on_like');
