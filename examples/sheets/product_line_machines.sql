-- Two sheets for one audience: the same people, scored for machines and for service.
INSERT INTO crm.lead (id, name, employees) VALUES (1, 'Ada wants a machine', 400), (2, 'Ben has one', 20), (3, 'Cem looks at both', 20);
INSERT INTO crm.event (lead, at, kind, product, asset) VALUES
    (1, '2026-06-01 10:00', 'product_page', 'machines', NULL), (1, '2026-06-02 10:00', 'download', 'machines', 'press'),
    (1, '2026-06-03 10:00', 'quote_request', 'machines', NULL),
    (2, '2025-02-01 10:00', 'order', 'machines', NULL), (2, '2026-06-02 10:00', 'quote_request', 'service', NULL),
    (3, '2026-06-01 10:00', 'product_page', 'machines', NULL), (3, '2026-06-01 10:05', 'product_page', 'service', NULL),
    (3, '2026-06-01 10:10', 'download', 'service', 'contract');
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('product_line_machines'));
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('product_line_service'));
SELECT lead_scoring.publish('product_line_machines');
SELECT lead_scoring.publish('product_line_service');
