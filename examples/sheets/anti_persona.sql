-- Personas compete, and job seekers, students, consultants and competitors are kept out.
INSERT INTO crm.lead (id, name, email, job_title, profession, industry, employees) VALUES
    (1, 'Ada buys', 'ada@mill.example', 'Head of Engineering', NULL, 'metal', 200),
    (2, 'Ben builds', 'ben@soft.example', 'Developer', NULL, 'software', 10),
    (3, 'Cem seeks a job', 'cem@mail.example', NULL, 'student', NULL, NULL),
    (4, 'Dea advises', 'dea@advice.example', 'Consultant', NULL, NULL, 1),
    (5, 'Eli spies', 'eli@rival.example', 'Director', NULL, NULL, 90);
INSERT INTO crm.event (lead, at, kind, asset) VALUES
    (1, '2026-06-01', 'careers_page', NULL), (1, '2026-06-02', 'product_page', NULL), (1, '2026-06-03', 'demo_request', NULL),
    (2, '2026-06-02', 'product_page', NULL), (2, '2026-06-02', 'download', 'manual'), (2, '2026-06-03', 'download', 'manual'),
    (3, '2026-06-01', 'careers_page', NULL), (3, '2026-06-02', 'careers_page', NULL), (3, '2026-06-03', 'product_page', NULL),
    (4, '2026-06-02', 'product_page', NULL), (4, '2026-06-02', 'demo_request', NULL),
    (5, '2026-06-02', 'product_page', NULL), (5, '2026-06-02', 'demo_request', NULL);
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('anti_persona'));
SELECT lead_scoring.publish('anti_persona');
