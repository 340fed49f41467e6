-- A regular guest, a guest who asks and books, one who registered only.
INSERT INTO crm.lead (id, name) VALUES (1, 'Ada comes often'), (2, 'Ben asks'), (3, 'Cem registered');
INSERT INTO crm.event (lead, at, kind, asset) VALUES
    (1, '2026-04-01 10:00', 'webinar_attended', 'basics'), (1, '2026-05-01 10:00', 'webinar_attended', 'costs'),
    (1, '2026-06-01 10:00', 'webinar_attended', 'costs'), (1, '2026-06-02 10:00', 'slides_download', 'costs'),
    (2, '2026-05-30 10:00', 'webinar_registered', 'costs'), (2, '2026-06-01 10:00', 'webinar_attended', 'costs'),
    (2, '2026-06-01 10:30', 'webinar_question', NULL), (2, '2026-06-01 10:31', 'webinar_question', NULL),
    (2, '2026-06-01 10:32', 'webinar_question', NULL), (2, '2026-06-05 10:00', 'meeting_booked', NULL),
    (3, '2026-05-30 10:00', 'webinar_registered', 'costs'), (3, '2026-05-31 10:00', 'webinar_registered', 'costs'),
    (3, '2026-06-03 10:00', 'webinar_replay', 'costs');
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('webinar_funnel'));
SELECT lead_scoring.publish('webinar_funnel');
