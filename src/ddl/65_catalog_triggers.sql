-- Triggers of the catalog tables: cache invalidation, cascades from parent to child, and the form in which
-- signals are stored.

CREATE FUNCTION lead_scoring.cascade() RETURNS trigger
    AS 'MODULE_PATHNAME', 'ls_cascade' LANGUAGE C;
COMMENT ON FUNCTION lead_scoring.cascade() IS 'Trigger: the rows of the given table.column follow the name and the end of a row they belong to';

CREATE FUNCTION lead_scoring.cascade_source() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM lead_scoring.signal WHERE audience = OLD.audience AND source = OLD.name;
    DELETE FROM lead_scoring.signal_version WHERE audience = OLD.audience AND source = OLD.name;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION lead_scoring.cascade_source() IS 'Trigger: signals go with their source';

CREATE FUNCTION lead_scoring.rescore_sheet() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- NULL with an audience that goes: then its tables go anyway.
    leads regclass := (SELECT a.lead_table FROM lead_scoring.audience AS a WHERE a.name = OLD.audience);
BEGIN
    IF OLD.active_revision IS NULL OR leads IS NULL OR (TG_OP = 'UPDATE' AND NEW.name = OLD.name) THEN
        RETURN NULL;
    END IF;
    -- A lead that is being created by somebody who does not know what happens here would keep its row.
    PERFORM lead_scoring.require_read_committed('removing or renaming a published sheet');
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', leads);
    PERFORM lead_scoring.rescore_all(OLD.audience, CASE TG_OP WHEN 'DELETE' THEN 'sheet removed' ELSE 'sheet renamed' END);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION lead_scoring.rescore_sheet() IS 'Trigger: score rows follow the name and the end of a published sheet';

CREATE FUNCTION lead_scoring.cascade_rule() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM lead_scoring.rule_tier WHERE sheet = OLD.sheet AND rule = OLD.name;
    ELSIF (NEW.sheet, NEW.name) IS DISTINCT FROM (OLD.sheet, OLD.name) THEN
        UPDATE lead_scoring.rule_tier SET sheet = NEW.sheet, rule = NEW.name WHERE sheet = OLD.sheet AND rule = OLD.name;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION lead_scoring.cascade_rule() IS 'Trigger: tiers follow their rule''s name and end';

CREATE FUNCTION lead_scoring.store_signal() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    src lead_scoring.source;
BEGIN
    -- The source, or else any other of the audience: in one snapshot, because a parallel restore may be loading the
    -- sources at this moment.
    SELECT * INTO src FROM lead_scoring.source AS s WHERE s.audience = NEW.audience
    ORDER BY s.name = NEW.source DESC LIMIT 1;
    -- A restore may load signals before their sources; then the texts already are as PostgreSQL prints them,
    -- and publish() looks again.
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    IF src.name <> NEW.source THEN
        RAISE EXCEPTION 'source "%" of audience "%" does not exist', NEW.source, NEW.audience
            USING ERRCODE = 'undefined_object',
                  HINT = 'SELECT name FROM lead_scoring.source lists the sources; the lead table itself is the source "profile".';
    END IF;
    IF NEW.event_type IS NOT NULL THEN
        IF src.event_type IS NULL THEN
            RAISE EXCEPTION 'signal "%" has an event_type, but source "%" has no event type column', NEW.name, src.name
                USING ERRCODE = 'undefined_column',
                      HINT = 'Name the column in add_source(), or use a condition instead.';
        END IF;
        PERFORM lead_scoring.check_event_type(src.source_table, src.event_type, NEW.event_type,
                                              format('event_type of signal "%s"', NEW.name));
    END IF;
    IF src.kind = 'event' AND NEW.occurred_on IS NOT NULL THEN
        RAISE EXCEPTION 'signal "%" has occurred_on, but rows of source "%" have their own time', NEW.name, src.name
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'occurred_on dates signals of the profile. Register the table once more with another time column.';
    END IF;
    IF src.kind = 'profile' AND NEW.is_activity THEN
        RAISE EXCEPTION 'signal "%" says what the lead is and cannot be activity', NEW.name
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave is_activity NULL for signals of the profile.';
    END IF;
    NEW.condition := lead_scoring.check_expression(src.source_table, NEW.condition, 'condition', format('condition of signal "%s"', NEW.name));
    NEW.value := lead_scoring.check_expression(src.source_table, NEW.value, 'value', format('value of signal "%s"', NEW.name));
    NEW.distinct_by := lead_scoring.check_expression(src.source_table, NEW.distinct_by, 'distinct_by', format('distinct_by of signal "%s"', NEW.name));
    NEW.occurred_on := lead_scoring.check_expression(src.source_table, NEW.occurred_on, 'occurred_on', format('occurred_on of signal "%s"', NEW.name));
    RETURN NEW;
END $$;
COMMENT ON FUNCTION lead_scoring.store_signal() IS 'Trigger: checks a signal''s expressions and stores them as PostgreSQL prints them';

CREATE TRIGGER cascade AFTER UPDATE OF name OR DELETE ON lead_scoring.audience
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade('source.audience', 'signal.audience', 'signal_version.audience',
                                                      'sheet.audience', 'failure_log.audience', 'progress.audience');
CREATE TRIGGER cascade AFTER DELETE ON lead_scoring.source
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade_source();
CREATE TRIGGER cascade AFTER UPDATE OF name OR DELETE ON lead_scoring.sheet
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade('rule.sheet', 'rule_tier.sheet', 'rule_group.sheet', 'grade.sheet',
                                                      'band.sheet', 'sheet_revision.sheet');
CREATE TRIGGER rescore AFTER UPDATE OF name OR DELETE ON lead_scoring.sheet
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.rescore_sheet();
CREATE TRIGGER cascade AFTER UPDATE OF sheet, name OR DELETE ON lead_scoring.rule
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade_rule();
CREATE TRIGGER cascade AFTER DELETE ON lead_scoring.calendar
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade('calendar_hours.calendar', 'holiday.calendar');
CREATE TRIGGER rename AFTER UPDATE OF name ON lead_scoring.calendar
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade('calendar_hours.calendar', 'holiday.calendar', 'band.calendar');
CREATE TRIGGER store BEFORE INSERT OR UPDATE ON lead_scoring.signal
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.store_signal();

-- Of a sheet before the statement: its cascade rescores, and must not do so from an old cache.
CREATE TRIGGER an_invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring.audience
    FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.invalidate_cache();
CREATE TRIGGER an_invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring.source
    FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.invalidate_cache();
CREATE TRIGGER an_invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring.signal_version
    FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.invalidate_cache();
CREATE TRIGGER an_invalidate BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring.sheet
    FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.invalidate_cache();
CREATE TRIGGER an_invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring.sheet_revision
    FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.invalidate_cache();
-- Whoever writes the catalog under session_replication_role = replica leaves no cache stale.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['audience', 'source', 'signal_version', 'sheet', 'sheet_revision'] LOOP
        EXECUTE format('ALTER TABLE lead_scoring.%I ENABLE ALWAYS TRIGGER an_invalidate', t);
    END LOOP;
END $$;
