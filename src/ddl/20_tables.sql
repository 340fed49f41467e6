-- The catalog: audiences, sources, signals, sheets and their revisions. Ordinary rows with natural keys,
-- dumped with the database.
--
-- No foreign key points from child to parent: a parallel restore loads the tables in any order. Deleting
-- or renaming a parent row reaches its children through the triggers in 60_catalog_triggers.sql, and
-- publish() refuses a sheet whose names lead nowhere.

CREATE TABLE lead_scoring.audience (
    name              text PRIMARY KEY CHECK (name <> ''),
    lead_table        regclass NOT NULL,
    lead_key          name NOT NULL,
    account_key       name,
    created_at        name,
    time_zone         text NOT NULL,
    resolution        text NOT NULL DEFAULT 'day' CHECK (resolution IN ('day', 'hour')),
    score_table       regclass NOT NULL UNIQUE,
    tally_table       regclass NOT NULL UNIQUE,
    band_change_table regclass NOT NULL UNIQUE,
    pending_table     regclass NOT NULL UNIQUE,
    append_when_busy  boolean NOT NULL DEFAULT false,
    score_now_view    regclass UNIQUE,
    score_column      name,
    band_column       name,
    score_sheet       text,
    handoff_view      regclass UNIQUE,
    handoff_times_view regclass UNIQUE,
    last_signal       integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE lead_scoring.audience IS 'Registered lead tables. Written by create_audience() and drop_audience().';
COMMENT ON COLUMN lead_scoring.audience.name IS 'Name of the audience, unique in the database';
COMMENT ON COLUMN lead_scoring.audience.lead_table IS 'The table with one row a lead; its owner owns the audience';
COMMENT ON COLUMN lead_scoring.audience.lead_key IS 'Key column of the lead table: integer, bigint, uuid or text, unique';
COMMENT ON COLUMN lead_scoring.audience.account_key IS 'Column of the lead table that names the lead''s account';
COMMENT ON COLUMN lead_scoring.audience.created_at IS 'Column of the lead table with the time the lead was created; becomes the reserved signal "created"';
COMMENT ON COLUMN lead_scoring.audience.time_zone IS 'IANA time zone whose wall clock defines days and hours';
COMMENT ON COLUMN lead_scoring.audience.resolution IS 'Length of a tick: day or hour';
COMMENT ON COLUMN lead_scoring.audience.score_table IS 'Table with the current scores, one row a lead and sheet';
COMMENT ON COLUMN lead_scoring.audience.tally_table IS 'Table with the tallies, one row a lead';
COMMENT ON COLUMN lead_scoring.audience.band_change_table IS 'Append-only table of band changes';
COMMENT ON COLUMN lead_scoring.audience.pending_table IS 'Table of the events whose lead was busy; they count, and are added to the tally later';
COMMENT ON COLUMN lead_scoring.audience.append_when_busy IS 'Whether an event whose lead another open transaction holds goes to the pending table instead of waiting; the lead''s score then follows with its next event or the next refresh';
COMMENT ON COLUMN lead_scoring.audience.score_now_view IS 'View of the scores that is exact at now() without a refresh';
COMMENT ON COLUMN lead_scoring.audience.score_column IS 'Integer column of the lead table that repeats the score; NULL: none';
COMMENT ON COLUMN lead_scoring.audience.band_column IS 'Text column of the lead table that repeats the band; NULL: none';
COMMENT ON COLUMN lead_scoring.audience.score_sheet IS 'The sheet they repeat; NULL: the first published sheet by name';
COMMENT ON COLUMN lead_scoring.audience.handoff_view IS 'View of the hand-offs: band changes that ask somebody to follow up';
COMMENT ON COLUMN lead_scoring.audience.handoff_times_view IS 'View of the follow-up times by sheet, band and owner role';
COMMENT ON COLUMN lead_scoring.audience.last_signal IS 'Highest signal number given so far; numbers are never used again';

CREATE TABLE lead_scoring.source (
    audience     text NOT NULL,
    name         text NOT NULL CHECK (name <> ''),
    source_table regclass NOT NULL,
    kind         text NOT NULL DEFAULT 'event' CHECK (kind IN ('event', 'profile')),
    lead_key     name NOT NULL,
    occurred_at  name,
    event_type   name,
    PRIMARY KEY (audience, name),
    CHECK (kind = 'profile' OR occurred_at IS NOT NULL)
);
CREATE INDEX source_table ON lead_scoring.source (source_table);
COMMENT ON TABLE lead_scoring.source IS 'Tables whose rows say something about leads. Written by add_source() and drop_source(); the lead table itself is the source "profile".';
COMMENT ON COLUMN lead_scoring.source.audience IS 'Audience the source belongs to';
COMMENT ON COLUMN lead_scoring.source.name IS 'Name of the source, unique in its audience; by default the table''s name';
COMMENT ON COLUMN lead_scoring.source.source_table IS 'The table; every change of its rows reaches the tallies through triggers';
COMMENT ON COLUMN lead_scoring.source.kind IS 'event: rows happened at a time; profile: the lead table itself';
COMMENT ON COLUMN lead_scoring.source.lead_key IS 'Column that names the lead; rows with NULL are skipped and counted as failures';
COMMENT ON COLUMN lead_scoring.source.occurred_at IS 'Column with the time: timestamptz is converted, timestamp and date already are the audience''s wall clock';
COMMENT ON COLUMN lead_scoring.source.event_type IS 'Column that a signal''s event_type is compared with';

CREATE TABLE lead_scoring.signal (
    audience    text NOT NULL,
    name        text NOT NULL CHECK (name <> ''),
    source      text NOT NULL,
    event_type  text,
    condition   text,
    value       text,
    distinct_by text,
    occurred_on text,
    is_activity boolean,
    description text,
    PRIMARY KEY (audience, name)
);
COMMENT ON TABLE lead_scoring.signal IS 'Named things that are counted. Rows are drafts: a changed signal counts once a sheet that uses it is published.';
COMMENT ON COLUMN lead_scoring.signal.audience IS 'Audience the signal belongs to';
COMMENT ON COLUMN lead_scoring.signal.name IS 'Name that rules use, unique in the audience';
COMMENT ON COLUMN lead_scoring.signal.source IS 'Source whose rows are counted';
COMMENT ON COLUMN lead_scoring.signal.event_type IS 'Only rows whose event type column equals this; NULL: all rows';
COMMENT ON COLUMN lead_scoring.signal.condition IS 'Boolean SQL expression over the source''s columns; only rows for which it is true count. Stored as PostgreSQL prints it.';
COMMENT ON COLUMN lead_scoring.signal.value IS 'Numeric SQL expression: the row''s value, rounded to four decimals; NULL is 0';
COMMENT ON COLUMN lead_scoring.signal.distinct_by IS 'SQL expression for the item (page, mail, document) of a row, compared as text';
COMMENT ON COLUMN lead_scoring.signal.occurred_on IS 'Profile signals only: date or timestamp expression that dates the signal; NULL: timeless';
COMMENT ON COLUMN lead_scoring.signal.is_activity IS 'Whether an occurrence is activity of the lead; NULL: true for event sources, false for the profile';
COMMENT ON COLUMN lead_scoring.signal.description IS 'What the signal means, for people';

CREATE TABLE lead_scoring.signal_version (
    audience    text NOT NULL,
    number      integer NOT NULL CHECK (number > 0),
    signal      text NOT NULL,
    source      text NOT NULL,
    event_type  text,
    condition   text,
    value       text,
    distinct_by text,
    occurred_on text,
    counted     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (audience, number)
);
COMMENT ON TABLE lead_scoring.signal_version IS 'Published definitions of signals; the number is what stands in the tallies. Written by publish(), activate() and rebuild() only.';
COMMENT ON COLUMN lead_scoring.signal_version.audience IS 'Audience the definition belongs to';
COMMENT ON COLUMN lead_scoring.signal_version.number IS 'Number of the signal in tallies and models';
COMMENT ON COLUMN lead_scoring.signal_version.signal IS 'Name of the signal when the definition was first published';
COMMENT ON COLUMN lead_scoring.signal_version.source IS 'As in signal';
COMMENT ON COLUMN lead_scoring.signal_version.event_type IS 'As in signal';
COMMENT ON COLUMN lead_scoring.signal_version.condition IS 'As in signal';
COMMENT ON COLUMN lead_scoring.signal_version.value IS 'As in signal';
COMMENT ON COLUMN lead_scoring.signal_version.distinct_by IS 'As in signal';
COMMENT ON COLUMN lead_scoring.signal_version.occurred_on IS 'As in signal';
COMMENT ON COLUMN lead_scoring.signal_version.counted IS 'Whether the triggers count it; rebuild() retires those that no active revision uses';

CREATE TABLE lead_scoring.sheet (
    name               text PRIMARY KEY CHECK (name <> ''),
    audience           text NOT NULL,
    description        text,
    min_score          numeric NOT NULL DEFAULT 0,
    max_score          numeric,
    min_engagement     numeric,
    max_engagement     numeric,
    min_fit            numeric,
    max_fit            numeric,
    activity           text[],
    segment_signal     text,
    segment_min        bigint,
    segment_max        bigint,
    segment_within     interval,
    segment_older_than interval,
    reviewed_on        date,
    active_revision    integer
);
CREATE INDEX sheet_audience ON lead_scoring.sheet (audience);
COMMENT ON TABLE lead_scoring.sheet IS 'Editable scoring sheets. Nothing counts before publish().';
COMMENT ON COLUMN lead_scoring.sheet.name IS 'Name of the sheet, unique in the database';
COMMENT ON COLUMN lead_scoring.sheet.audience IS 'Audience whose leads the sheet scores';
COMMENT ON COLUMN lead_scoring.sheet.description IS 'What the sheet is for';
COMMENT ON COLUMN lead_scoring.sheet.min_score IS 'Lowest total score; also the score of a disqualified lead';
COMMENT ON COLUMN lead_scoring.sheet.max_score IS 'Highest total score; NULL: none';
COMMENT ON COLUMN lead_scoring.sheet.min_engagement IS 'Lowest engagement sum (0 or less); NULL: none';
COMMENT ON COLUMN lead_scoring.sheet.max_engagement IS 'Highest engagement sum (0 or more); NULL: none';
COMMENT ON COLUMN lead_scoring.sheet.min_fit IS 'Lowest fit sum (0 or less); NULL: none';
COMMENT ON COLUMN lead_scoring.sheet.max_fit IS 'Highest fit sum (0 or more); NULL: none';
COMMENT ON COLUMN lead_scoring.sheet.activity IS 'Signals that count as activity for this sheet; NULL: those with is_activity';
COMMENT ON COLUMN lead_scoring.sheet.segment_signal IS 'Signal that decides who is on the sheet; NULL: every lead';
COMMENT ON COLUMN lead_scoring.sheet.segment_min IS 'Fewest occurrences of the segment signal';
COMMENT ON COLUMN lead_scoring.sheet.segment_max IS 'Most occurrences of the segment signal';
COMMENT ON COLUMN lead_scoring.sheet.segment_within IS 'Only occurrences younger than this';
COMMENT ON COLUMN lead_scoring.sheet.segment_older_than IS 'Only occurrences at least this old';
COMMENT ON COLUMN lead_scoring.sheet.reviewed_on IS 'When a person last looked the sheet over';
COMMENT ON COLUMN lead_scoring.sheet.active_revision IS 'Revision that scores now; NULL: never published. Set by publish()';

CREATE TABLE lead_scoring.rule_group (
    sheet      text NOT NULL,
    name       text NOT NULL CHECK (name <> ''),
    component  text NOT NULL DEFAULT 'engagement' CHECK (component IN ('engagement', 'fit')),
    min_points numeric,
    max_points numeric,
    persona    boolean NOT NULL DEFAULT false,
    position   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (sheet, name)
);
COMMENT ON TABLE lead_scoring.rule_group IS 'Groups of rules with a common minimum and maximum; personas are fit groups of which only the best counts.';
COMMENT ON COLUMN lead_scoring.rule_group.sheet IS 'Sheet the group belongs to';
COMMENT ON COLUMN lead_scoring.rule_group.name IS 'Name of the group, unique in the sheet';
COMMENT ON COLUMN lead_scoring.rule_group.component IS 'engagement or fit; all rules of a group have the group''s component';
COMMENT ON COLUMN lead_scoring.rule_group.min_points IS 'Lowest sum of the group (0 or less); NULL: none';
COMMENT ON COLUMN lead_scoring.rule_group.max_points IS 'Highest sum of the group (0 or more); NULL: none';
COMMENT ON COLUMN lead_scoring.rule_group.persona IS 'Personas compete: the group with the highest sum counts, the others do not';
COMMENT ON COLUMN lead_scoring.rule_group.position IS 'Order of groups; among equal personas the first wins. Ties go by name';

CREATE TABLE lead_scoring.rule (
    sheet             text NOT NULL,
    name              text NOT NULL CHECK (name <> ''),
    position          integer NOT NULL DEFAULT 0,
    component         text NOT NULL DEFAULT 'engagement' CHECK (component IN ('engagement', 'fit')),
    rule_group        text,
    signal            text,
    measure           text NOT NULL DEFAULT 'occurrences'
                      CHECK (measure IN ('occurrences', 'value', 'tiers', 'inactivity', 'cycle', 'season')),
    points            numeric,
    enabled           boolean NOT NULL DEFAULT true,
    description       text,
    min_points        numeric,
    max_points        numeric,
    decay             text NOT NULL DEFAULT 'none'
                      CHECK (decay IN ('none', 'exponential', 'linear', 'step', 'expire')),
    half_life         interval,
    lifespan          interval,
    lose_percent      numeric,
    lose_every        interval,
    decay_anchor      text NOT NULL DEFAULT 'occurrence' CHECK (decay_anchor IN ('occurrence', 'activity')),
    repeat_limit      integer,
    repeat_period     text NOT NULL DEFAULT 'ever'
                      CHECK (repeat_period IN ('ever', 'day', 'week', 'month', 'quarter', 'year')),
    repeat_per_item   boolean NOT NULL DEFAULT false,
    valid_from        date,
    valid_to          date,
    count_by          text NOT NULL DEFAULT 'occurrences' CHECK (count_by IN ('occurrences', 'items', 'value')),
    window_anchor     text NOT NULL DEFAULT 'now' CHECK (window_anchor IN ('now', 'last')),
    inactive_after    interval,
    inactive_every    interval,
    max_times         integer,
    ceiling           numeric,
    cycle             interval,
    cycle_learned     boolean NOT NULL DEFAULT false,
    cycle_step        interval,
    cycle_hold        interval,
    season_windows    text[],
    season_months     integer[],
    season_learned    boolean NOT NULL DEFAULT false,
    guard_signal      text,
    guard_min         bigint,
    guard_max         bigint,
    guard_within      interval,
    guard_older_than  interval,
    since_signal      text,
    disqualifies      boolean NOT NULL DEFAULT false,
    forces_band       text,
    hand_raise        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (sheet, name)
);
COMMENT ON TABLE lead_scoring.rule IS 'Rules of the sheets. Impossible combinations are refused by publish(), all at once.';
COMMENT ON COLUMN lead_scoring.rule.sheet IS 'Sheet the rule belongs to';
COMMENT ON COLUMN lead_scoring.rule.name IS 'Name of the rule, unique in the sheet; what explain shows';
COMMENT ON COLUMN lead_scoring.rule.position IS 'Order in explain; ties go by name';
COMMENT ON COLUMN lead_scoring.rule.component IS 'engagement (what the lead does) or fit (what the lead is)';
COMMENT ON COLUMN lead_scoring.rule.rule_group IS 'Group whose sum is clamped together';
COMMENT ON COLUMN lead_scoring.rule.signal IS 'What is counted; NULL only for inactivity (any activity) and for a fixed season';
COMMENT ON COLUMN lead_scoring.rule.measure IS 'occurrences, value, tiers, inactivity, cycle or season';
COMMENT ON COLUMN lead_scoring.rule.points IS 'Points, at most three decimals, |points| <= 1000000; tiers have their own';
COMMENT ON COLUMN lead_scoring.rule.enabled IS 'A disabled rule is left out of the published revision';
COMMENT ON COLUMN lead_scoring.rule.description IS 'Why the rule exists, for people';
COMMENT ON COLUMN lead_scoring.rule.min_points IS 'Lowest contribution of the rule (0 or less); NULL: none';
COMMENT ON COLUMN lead_scoring.rule.max_points IS 'Highest contribution of the rule (0 or more); NULL: none';
COMMENT ON COLUMN lead_scoring.rule.decay IS 'How an occurrence''s weight falls with age (occurrences and value only): none, exponential, linear, step, expire';
COMMENT ON COLUMN lead_scoring.rule.half_life IS 'exponential: time after which half the weight is left; a month is 30 days here';
COMMENT ON COLUMN lead_scoring.rule.lifespan IS 'linear: time to zero; expire: time until it counts no more';
COMMENT ON COLUMN lead_scoring.rule.lose_percent IS 'step: percent of the original lost at each step, at most three decimals';
COMMENT ON COLUMN lead_scoring.rule.lose_every IS 'step: time between the steps';
COMMENT ON COLUMN lead_scoring.rule.decay_anchor IS 'occurrence: age runs from the event; activity: from the later of the event and the lead''s last activity';
COMMENT ON COLUMN lead_scoring.rule.repeat_limit IS 'Occurrences that count in each period, the earliest ones; NULL: every one';
COMMENT ON COLUMN lead_scoring.rule.repeat_period IS 'Period of the limit: ever, day, week (ISO), month, quarter, year';
COMMENT ON COLUMN lead_scoring.rule.repeat_per_item IS 'The limit holds for each item (distinct_by) by itself';
COMMENT ON COLUMN lead_scoring.rule.valid_from IS 'First local date of occurrences that count; NULL: no limit';
COMMENT ON COLUMN lead_scoring.rule.valid_to IS 'Last local date of occurrences that count; NULL: no limit';
COMMENT ON COLUMN lead_scoring.rule.count_by IS 'tiers: what is compared with min and max: occurrences, distinct items or the sum of values';
COMMENT ON COLUMN lead_scoring.rule.window_anchor IS 'tiers: windows look back from now, or from the rule''s last counted occurrence';
COMMENT ON COLUMN lead_scoring.rule.inactive_after IS 'inactivity: time without activity until the points apply';
COMMENT ON COLUMN lead_scoring.rule.inactive_every IS 'inactivity: they apply again after each of these; NULL: once';
COMMENT ON COLUMN lead_scoring.rule.max_times IS 'inactivity: how often at most; NULL: no limit (1 without inactive_every)';
COMMENT ON COLUMN lead_scoring.rule.ceiling IS 'inactivity: highest total while the lead is inactive; NULL: none';
COMMENT ON COLUMN lead_scoring.rule.cycle IS 'cycle: time from a purchase until the next is due; with cycle_learned, the fallback';
COMMENT ON COLUMN lead_scoring.rule.cycle_learned IS 'cycle: the median gap of the lead''s own purchases';
COMMENT ON COLUMN lead_scoring.rule.cycle_step IS 'cycle: points grow in steps of this length; NULL: linearly';
COMMENT ON COLUMN lead_scoring.rule.cycle_hold IS 'cycle: how long the points stay after the due date; NULL: until the next purchase';
COMMENT ON COLUMN lead_scoring.rule.season_windows IS 'season: windows of month-day pairs, both included, may wrap: {03-01/05-31}';
COMMENT ON COLUMN lead_scoring.rule.season_months IS 'season: months 1 to 12';
COMMENT ON COLUMN lead_scoring.rule.season_learned IS 'season: months in which the signal was seen in two distinct earlier years';
COMMENT ON COLUMN lead_scoring.rule.guard_signal IS 'Guard: the rule is open only while this signal''s count lies between guard_min and guard_max; a bare name means at least 1';
COMMENT ON COLUMN lead_scoring.rule.guard_min IS 'Fewest occurrences';
COMMENT ON COLUMN lead_scoring.rule.guard_max IS 'Most occurrences';
COMMENT ON COLUMN lead_scoring.rule.guard_within IS 'Only occurrences younger than this';
COMMENT ON COLUMN lead_scoring.rule.guard_older_than IS 'Only occurrences at least this old';
COMMENT ON COLUMN lead_scoring.rule.since_signal IS 'Only occurrences later than this signal''s last one count (restart after a purchase or a rejection)';
COMMENT ON COLUMN lead_scoring.rule.disqualifies IS 'While the rule holds the lead is disqualified, whatever its score';
COMMENT ON COLUMN lead_scoring.rule.forces_band IS 'While the rule holds the lead is at least in this band';
COMMENT ON COLUMN lead_scoring.rule.hand_raise IS 'While the rule holds the lead has raised its hand';

CREATE TABLE lead_scoring.rule_tier (
    sheet      text NOT NULL,
    rule       text NOT NULL,
    position   integer NOT NULL,
    min        numeric,
    max        numeric,
    points     numeric NOT NULL,
    within     interval,
    older_than interval,
    PRIMARY KEY (sheet, rule, position)
);
COMMENT ON TABLE lead_scoring.rule_tier IS 'Tiers of rules with measure tiers: the first tier in order that matches gives its points.';
COMMENT ON COLUMN lead_scoring.rule_tier.sheet IS 'Sheet of the rule';
COMMENT ON COLUMN lead_scoring.rule_tier.rule IS 'Rule the tier belongs to';
COMMENT ON COLUMN lead_scoring.rule_tier.position IS 'Order of the tiers';
COMMENT ON COLUMN lead_scoring.rule_tier.min IS 'Fewest occurrences, items or value; NULL: 1';
COMMENT ON COLUMN lead_scoring.rule_tier.max IS 'Most occurrences, items or value; NULL: no limit';
COMMENT ON COLUMN lead_scoring.rule_tier.points IS 'Points, at most three decimals';
COMMENT ON COLUMN lead_scoring.rule_tier.within IS 'Only occurrences younger than this';
COMMENT ON COLUMN lead_scoring.rule_tier.older_than IS 'Only occurrences at least this old';

CREATE TABLE lead_scoring.grade (
    sheet     text NOT NULL,
    kind      text NOT NULL DEFAULT 'grade' CHECK (kind IN ('grade', 'level')),
    name      text NOT NULL CHECK (name <> ''),
    threshold numeric NOT NULL,
    PRIMARY KEY (sheet, kind, name)
);
COMMENT ON TABLE lead_scoring.grade IS 'Grades of fit and levels of engagement: the highest threshold reached gives the name.';
COMMENT ON COLUMN lead_scoring.grade.sheet IS 'Sheet the grade belongs to';
COMMENT ON COLUMN lead_scoring.grade.kind IS 'grade: of fit; level: of engagement';
COMMENT ON COLUMN lead_scoring.grade.name IS 'Name of the grade or level: A, B or 1, 2';
COMMENT ON COLUMN lead_scoring.grade.threshold IS 'Lowest displayed fit or engagement of the grade, inclusive; a whole number';

CREATE TABLE lead_scoring.band (
    sheet          text NOT NULL,
    name           text NOT NULL CHECK (name <> ''),
    rank           integer NOT NULL,
    min_score      numeric,
    exclusive      boolean NOT NULL DEFAULT false,
    min_fit        numeric,
    min_engagement numeric,
    min_grade      text,
    min_level      text,
    description    text,
    next_step      text,
    owner_role     text,
    follow_up      interval CONSTRAINT follow_up_is_days_and_hours
                   CHECK (follow_up > '0' AND extract(year FROM follow_up) = 0 AND extract(month FROM follow_up) = 0
                          AND extract(day FROM follow_up) >= 0 AND follow_up >= date_trunc('day', follow_up)),
    calendar       text,
    notify         boolean NOT NULL DEFAULT false,
    notify_quiet   interval CHECK (notify_quiet > '0'),
    PRIMARY KEY (sheet, name)
);
COMMENT ON TABLE lead_scoring.band IS 'Named thresholds of a sheet. The lead''s band is the highest-ranked one it has earned or is forced into. What happens when a lead comes up into the band (next_step to notify_quiet) is not part of a revision: a change holds from the next band change on.';
COMMENT ON COLUMN lead_scoring.band.sheet IS 'Sheet the band belongs to';
COMMENT ON COLUMN lead_scoring.band.name IS 'Name of the band: MQL, SQL';
COMMENT ON COLUMN lead_scoring.band.rank IS 'Order of the bands, higher is better; unique in the sheet';
COMMENT ON COLUMN lead_scoring.band.min_score IS 'Lowest displayed score; a whole number; NULL: not asked';
COMMENT ON COLUMN lead_scoring.band.exclusive IS 'The score must be above min_score instead of reaching it';
COMMENT ON COLUMN lead_scoring.band.min_fit IS 'Lowest displayed fit; NULL: not asked';
COMMENT ON COLUMN lead_scoring.band.min_engagement IS 'Lowest displayed engagement; NULL: not asked';
COMMENT ON COLUMN lead_scoring.band.min_grade IS 'Lowest grade; NULL: not asked';
COMMENT ON COLUMN lead_scoring.band.min_level IS 'Lowest level; NULL: not asked';
COMMENT ON COLUMN lead_scoring.band.description IS 'What the band means, for people';
COMMENT ON COLUMN lead_scoring.band.next_step IS 'What somebody should do with a lead that has come up into the band. With next_step, owner_role or follow_up that is a hand-off';
COMMENT ON COLUMN lead_scoring.band.owner_role IS 'Who should do it: a role or a team, for people and work queues';
COMMENT ON COLUMN lead_scoring.band.follow_up IS 'Within what business time; sets due_at of the hand-off. Days are working days, hours open time';
COMMENT ON COLUMN lead_scoring.band.calendar IS 'Business calendar of follow_up; NULL: around the clock';
COMMENT ON COLUMN lead_scoring.band.notify IS 'Whether leads that come up into the band are announced: NOTIFY lead_scoring with the table and id of the band change as JSON. Off by default: such transactions cannot be prepared, and their commits wait for each other';
COMMENT ON COLUMN lead_scoring.band.notify_quiet IS 'Say nothing when the same lead has come up into the same band within this time before; NULL: always say it';

CREATE TABLE lead_scoring.failure_log (
    audience   text NOT NULL,
    source     text NOT NULL,
    signal     text,
    sqlstate   text NOT NULL,
    message    text NOT NULL,
    count      bigint NOT NULL,
    sample_key text,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    first_at   timestamptz
);
COMMENT ON TABLE lead_scoring.failure_log IS 'Rows that could not be counted, one line a statement, signal and error; append-only, because one counted-up row would be a global lock. Refresh sums up more than 1,000 lines of an audience. Read the view failure.';
COMMENT ON COLUMN lead_scoring.failure_log.audience IS 'Audience';
COMMENT ON COLUMN lead_scoring.failure_log.source IS 'Source whose rows failed';
COMMENT ON COLUMN lead_scoring.failure_log.signal IS 'Signal whose expression failed; NULL: the row itself has no lead key or no time';
COMMENT ON COLUMN lead_scoring.failure_log.sqlstate IS 'Error code';
COMMENT ON COLUMN lead_scoring.failure_log.message IS 'Error message';
COMMENT ON COLUMN lead_scoring.failure_log.count IS 'Rows of the statement that failed so';
COMMENT ON COLUMN lead_scoring.failure_log.sample_key IS 'Lead key of one of them';
COMMENT ON COLUMN lead_scoring.failure_log.at IS 'When; of several statements, the last';
COMMENT ON COLUMN lead_scoring.failure_log.first_at IS 'Of several statements, the first; NULL: it was one';

CREATE VIEW lead_scoring.failure WITH (security_invoker) AS
    SELECT audience, source, signal, sqlstate, message, sum(count)::bigint AS count,
           min(coalesce(first_at, at)) AS first_at, max(at) AS last_at, (array_agg(sample_key ORDER BY at DESC))[1] AS sample_key
    FROM lead_scoring.failure_log
    GROUP BY audience, source, signal, sqlstate, message;
COMMENT ON VIEW lead_scoring.failure IS 'Rows that could not be counted, summed by source, signal and error.';
COMMENT ON COLUMN lead_scoring.failure.audience IS 'Audience';
COMMENT ON COLUMN lead_scoring.failure.source IS 'Source whose rows failed; empty: not rows, but a lead, a sheet or columns of the lead table that could not be written';
COMMENT ON COLUMN lead_scoring.failure.signal IS 'Signal whose expression failed; with an empty source, the sheet; NULL: the row itself has no lead key or no time';
COMMENT ON COLUMN lead_scoring.failure.sqlstate IS 'Error code';
COMMENT ON COLUMN lead_scoring.failure.message IS 'Error message; of several in one statement, the first';
COMMENT ON COLUMN lead_scoring.failure.count IS 'Rows that failed so';
COMMENT ON COLUMN lead_scoring.failure.first_at IS 'When it happened first';
COMMENT ON COLUMN lead_scoring.failure.last_at IS 'When it happened last';
COMMENT ON COLUMN lead_scoring.failure.sample_key IS 'Lead key of one of the latest rows';
