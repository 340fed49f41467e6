-- The extension over app.lead and app.event, with one sheet.
CREATE EXTENSION lead_scoring;
SELECT lead_scoring.create_audience('bench', 'app.lead', created_at => 'created_at', time_zone => 'Europe/Berlin');
SELECT lead_scoring.add_source('bench', 'app.event', 'lead', 'occurred_at', 'type');
SELECT lead_scoring.import_sheet('bench', :'sheet');
SELECT lead_scoring.publish('bench');
