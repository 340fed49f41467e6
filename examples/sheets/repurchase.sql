-- The customer's own rhythm: every two months, and it is due; every year, and it is not; and somebody who has
-- never ordered, who is not on this sheet.
INSERT INTO crm.lead (id, name) VALUES (1, 'Ada, every two months'), (2, 'Ben, every June'), (3, 'Cem complains'), (4, 'Dea, no order yet'),
    (5, 'Eli went away');
INSERT INTO crm.event (lead, at, kind, amount) VALUES
    (1, '2025-12-15', 'order', 500), (1, '2026-02-15', 'order', 700), (1, '2026-04-15', 'order', 400), (1, '2026-06-10', 'product_page', NULL),
    (2, '2023-06-10', 'order', 100), (2, '2024-06-10', 'order', 100), (2, '2025-06-10', 'order', 100),
    (3, '2026-03-15', 'order', 200), (3, '2026-03-20', 'complaint', NULL),
    (4, '2026-06-10', 'product_page', NULL),
    (5, '2024-06-10', 'order', 3000);
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('repurchase'));
SELECT lead_scoring.publish('repurchase');
