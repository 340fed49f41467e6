-- For people who know a sheet and a lead.

CREATE FUNCTION lead_scoring.tally_on_sheet(sheet text, lead_key text) RETURNS lead_scoring.tally
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT lead_scoring.tally(s.audience, tally_on_sheet.lead_key)
    FROM lead_scoring.sheet AS s WHERE s.name = tally_on_sheet.sheet
$$;
COMMENT ON FUNCTION lead_scoring.tally_on_sheet(text, text) IS 'The tally of a lead of the sheet''s audience';

CREATE FUNCTION lead_scoring.explain_text(sheet text, lead_key text, as_of timestamptz DEFAULT now()) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT lead_scoring.explain_text(lead_scoring.active_model(explain_text.sheet),
                                     lead_scoring.tally_on_sheet(explain_text.sheet, explain_text.lead_key), explain_text.as_of)
$$;
COMMENT ON FUNCTION lead_scoring.explain_text(text, text, timestamptz) IS
    'How a lead''s score on a sheet comes about, in one line for people. lead_key is the key as text';

CREATE FUNCTION lead_scoring.gap(
    sheet text, lead_key text, band text, as_of timestamptz DEFAULT now(),
    OUT way text, OUT component text, OUT rule text, OUT signal text, OUT more integer, OUT value numeric,
    OUT score integer, OUT band_then text, OUT gained numeric, OUT until timestamptz, OUT reason text
) RETURNS SETOF record
    LANGUAGE sql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp AS
$$
    -- A lead has one row in the lead table, so that each of its profile signals occurs once at most.
    SELECT g.way, g.component, g.rule, g.signal, g.more, g.value, g.score, g.band_then, g.gained, g.until, g.reason
    FROM lead_scoring.gap(
             lead_scoring.active_model(gap.sheet), lead_scoring.tally_on_sheet(gap.sheet, gap.lead_key), gap.band, gap.as_of,
             ARRAY(SELECT q.name FROM lead_scoring.sheet AS s
                   JOIN lead_scoring.signal AS q ON q.audience = s.audience
                   JOIN lead_scoring.source AS c ON c.audience = q.audience AND c.name = q.source AND c.kind = 'profile'
                   WHERE s.name = gap.sheet)) AS g
$$;
COMMENT ON FUNCTION lead_scoring.gap(text, text, text, timestamptz) IS
    'What would lift a lead to a band of a sheet: for each rule how many more occurrences of its signal now, or why it cannot, and until when the lead stays in its present band without any event. lead_key is the key as text';
