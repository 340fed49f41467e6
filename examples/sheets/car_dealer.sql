-- A form, one mail opened and clicked are 20 points: no MQL. The directions page makes one of it.
INSERT INTO crm.lead (id, name, profession) VALUES
    (1, 'Ada reads', 'nurse'),
    (2, 'Ben comes', 'teacher'),
    (3, 'Cem studies', 'student'),
    (4, 'Dea left', NULL);
INSERT INTO crm.event (lead, at, kind) VALUES
    (1, '2026-06-01 10:00', 'vehicle_form'), (1, '2026-06-02 10:00', 'mail_open'), (1, '2026-06-02 10:01', 'mail_click'),
    (2, '2026-06-01 10:00', 'vehicle_form'), (2, '2026-06-02 10:00', 'mail_open'), (2, '2026-06-02 18:00', 'mail_open'),
    (2, '2026-06-02 18:01', 'mail_click'), (2, '2026-06-06 10:00', 'directions_page'),
    (3, '2026-06-01 10:00', 'vehicle_form'), (3, '2026-06-06 10:00', 'directions_page'),
    (4, '2026-06-01 10:00', 'vehicle_form'), (4, '2026-06-02 10:00', 'mail_click'), (4, '2026-06-02 10:05', 'careers_page'),
    (4, '2026-06-02 10:06', 'careers_page'), (4, '2026-06-03 10:00', 'unsubscribe');
SELECT lead_scoring.import_sheet('crm', lead_scoring.preset('car_dealer'));
SELECT lead_scoring.publish('car_dealer');
