-- Peer (a): what one writes first. Points for the type, no decay, no conditions. The score has no index, so the
-- updates can stay HOT.
CREATE FUNCTION naive.points(type text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE type WHEN 'page_view' THEN 1 WHEN 'email_open' THEN 1 WHEN 'feature_used' THEN 5 WHEN 'email_click' THEN 3
                     WHEN 'download' THEN 5 WHEN 'form_submit' THEN 10 WHEN 'order' THEN 20 WHEN 'support_ticket' THEN -5
                     WHEN 'webinar' THEN 15 WHEN 'unsubscribe' THEN -15 WHEN 'trial_start' THEN 25 WHEN 'demo_request' THEN 30
                     ELSE 0 END $$;

CREATE FUNCTION naive.add_points() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE naive.lead SET score = score + naive.points(NEW.type) WHERE id = NEW.lead;
    RETURN NULL;
END $$;
CREATE TRIGGER add_points AFTER INSERT ON naive.event FOR EACH ROW EXECUTE FUNCTION naive.add_points();

-- Peer (b): the same for a statement at once.
CREATE FUNCTION statement.add_points() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE statement.lead AS l SET score = l.score + n.points
    FROM (SELECT lead, sum(naive.points(type)) AS points FROM new_rows GROUP BY lead) AS n
    WHERE l.id = n.lead;
    RETURN NULL;
END $$;
CREATE TRIGGER add_points AFTER INSERT ON statement.event REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION statement.add_points();
