-- A good fit who is busy, a good fit who is not, a busy one who does not fit.
INSERT INTO crm.lead (id, name, job_title, industry, country, employees) VALUES
    (1, 'Ada is busy', 'VP Finance', 'finance', 'DE', 300),
    (2, 'Ben is quiet', 'Head of IT', 'software', 'AT', 20),
    (3, 'Cem is eager', 'Assistant', 'retail', 'US', 5);
INSERT INTO crm.event (lead, at, kind)
    SELECT 1, '2026-06-10 10:00', 'page_view' FROM generate_series(1, 20);
INSERT INTO crm.event (lead, at, kind) VALUES
    (1, '2026-06-12 10:00', 'meeting_booked'), (1, '2026-05-10 10:00', 'chat'),
    (2, '2026-02-01 10:00', 'mail_click'),
    (3, '2026-06-01 10:00', 'form_submit'), (3, '2026-06-02 10:00', 'form_submit'), (3, '2025-12-01 10:00', 'form_submit');
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('hubspot_like'));
SELECT lead_scoring.publish('hubspot_like');
