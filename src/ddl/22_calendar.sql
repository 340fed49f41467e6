-- Business calendars: when people work, for follow-up times. They belong to roles and not to an audience, so
-- that many audiences can share one.

CREATE TABLE lead_scoring.calendar (
    name        text PRIMARY KEY CHECK (name <> ''),
    time_zone   text NOT NULL,
    owner       text NOT NULL DEFAULT current_user,
    description text
);
COMMENT ON TABLE lead_scoring.calendar IS 'Business calendars. Everybody may read and use them; who owns one, by name or as a member, may change it.';
COMMENT ON COLUMN lead_scoring.calendar.name IS 'Name of the calendar, unique in the database';
COMMENT ON COLUMN lead_scoring.calendar.time_zone IS 'IANA time zone on whose wall clock the hours are';
COMMENT ON COLUMN lead_scoring.calendar.owner IS 'Role that may change the calendar, by its name: a role that is gone leaves it to superusers';
COMMENT ON COLUMN lead_scoring.calendar.description IS 'Whose hours these are, for people';

CREATE TABLE lead_scoring.calendar_hours (
    calendar text NOT NULL,
    weekday  integer NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    opens    time NOT NULL,
    closes   time NOT NULL,
    PRIMARY KEY (calendar, weekday, opens),
    CONSTRAINT closes_later_on_the_same_day CHECK (closes > opens)
);
COMMENT ON TABLE lead_scoring.calendar_hours IS 'Opening hours of the calendars, any number a weekday. A weekday without a row is no working day; a night shift is two rows.';
COMMENT ON COLUMN lead_scoring.calendar_hours.calendar IS 'Calendar';
COMMENT ON COLUMN lead_scoring.calendar_hours.weekday IS 'ISO: 1 Monday to 7 Sunday';
COMMENT ON COLUMN lead_scoring.calendar_hours.opens IS 'From this time of day';
COMMENT ON COLUMN lead_scoring.calendar_hours.closes IS 'Up to this time of day, at most 24:00';

CREATE TABLE lead_scoring.holiday (
    calendar text NOT NULL,
    day      date NOT NULL CHECK (isfinite(day)),
    name     text,
    PRIMARY KEY (calendar, day)
);
COMMENT ON TABLE lead_scoring.holiday IS 'Days on which a calendar is closed all day.';
COMMENT ON COLUMN lead_scoring.holiday.calendar IS 'Calendar';
COMMENT ON COLUMN lead_scoring.holiday.day IS 'The day, in the calendar''s time zone';
COMMENT ON COLUMN lead_scoring.holiday.name IS 'Name of the holiday, for people';

CREATE FUNCTION lead_scoring.add_business_time(calendar text, at timestamptz, duration interval) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'ls_add_business_time' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.add_business_time(text, timestamptz, interval) IS
    'When a business time that begins at an instant is over. Days are working days, hours and less are open time: ''1 day 2 hours'' ends two open hours after the same time on the next working day. calendar NULL: around the clock, a day is 24 hours';

CREATE FUNCTION lead_scoring.business_time_between(calendar text, "from" timestamptz, "to" timestamptz) RETURNS interval
    AS 'MODULE_PATHNAME', 'ls_business_time_between' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.business_time_between(text, timestamptz, timestamptz) IS
    'Open time from one instant to another, in hours; negative when the second is earlier. calendar NULL: around the clock';

CREATE FUNCTION lead_scoring.check_calendar() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_timezone_names AS z WHERE lower(z.name) = lower(NEW.time_zone)) THEN
        RAISE EXCEPTION 'calendar "%": unknown time zone "%"', NEW.name, NEW.time_zone
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Give an IANA name, such as Europe/Berlin; SELECT name FROM pg_timezone_names lists them.';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION lead_scoring.check_calendar() IS 'Trigger: refuses a calendar whose time zone is unknown';

CREATE TRIGGER a_check BEFORE INSERT OR UPDATE OF time_zone ON lead_scoring.calendar
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.check_calendar();
