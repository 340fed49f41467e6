-- One, two and three months after an order; a visit and a quote bring the second one forward; no customer yet.
INSERT INTO crm.lead (id, name) VALUES
    (1, 'Ada, a month ago'),
    (2, 'Ben, two months ago'),
    (3, 'Cem, three months ago'),
    (4, 'Dea, no order yet');
INSERT INTO crm.event (lead, at, kind, amount) VALUES
    (1, '2026-05-15 10:00', 'order', 900), (1, '2026-05-14 10:00', 'visit', NULL),
    (2, '2026-04-15 10:00', 'order', 300), (2, '2026-06-10 10:00', 'visit', NULL), (2, '2026-06-11 10:00', 'quote_request', NULL),
    (3, '2026-03-15 10:00', 'order', 120),
    (4, '2026-06-11 10:00', 'visit', NULL);
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('wholesaler'));
SELECT lead_scoring.publish('wholesaler');
