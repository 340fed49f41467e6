-- Three criteria: who asks for a demo, who comes back to the prices, who may decide.
INSERT INTO crm.lead (id, name, job_title) VALUES
    (1, 'Ada asks', 'Head of Sales'),
    (2, 'Ben browses', 'Intern'),
    (3, 'Cem signs', 'Owner');
INSERT INTO crm.event (lead, at, kind) VALUES
    (1, '2026-06-01 10:00', 'pricing_page'), (1, '2026-06-02 10:00', 'demo_request'), (1, '2026-06-03 10:00', 'demo_request'),
    (2, '2026-06-01 09:00', 'pricing_page'), (2, '2026-06-01 09:05', 'pricing_page'), (2, '2026-06-04 09:00', 'pricing_page'),
    (2, '2026-06-05 09:00', 'pricing_page'), (2, '2026-06-08 09:00', 'pricing_page');
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('starter'));
SELECT lead_scoring.publish('starter');
