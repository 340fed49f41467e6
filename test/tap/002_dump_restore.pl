# A dump of a database with audiences restores with everything working: the catalog, scores, tallies and band
# changes are the same, verify finds nothing, the triggers are there, events score, and row-level security
# holds. Plain text, custom format, and both parallel roads: the catalog tables are loaded in any order there.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump_restore');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "fsync = off\ntimezone = 'UTC'");
$node->start;

# This file and what psql says are both UTF-8, and are compared as bytes.
sub sql { return $node->safe_psql(@_) }

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE shop_owner;
CREATE ROLE app;
CREATE ROLE analyst;
CREATE ROLE stranger;
CREATE DATABASE origin;
SQL

# Three audiences: odd names, text keys, hours and a partitioned source whose leaves differ in their column
# order; uuid keys and an ordinary owner; bigint keys and no sheet yet.
sql('origin', <<'SQL');
CREATE EXTENSION lead_scoring;

CREATE SCHEMA "Läden & Co.";
CREATE TABLE "Läden & Co."."Kunde's ""Tabelle""" ("Schlüssel ""K""" text PRIMARY KEY, "Land" text, "angelegt am" date);
CREATE TABLE "Läden & Co."."Ereignis" ("Nr" bigint GENERATED ALWAYS AS IDENTITY, "Wer?" varchar(20), wann timestamptz NOT NULL, "Art" text, "Betrag" numeric)
    PARTITION BY RANGE (wann);
CREATE TABLE "Läden & Co."."Ereignis 2025" PARTITION OF "Läden & Co."."Ereignis" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE "Läden & Co."."Ereignis 2026" ("Betrag" numeric, "Art" text, weg int, wann timestamptz NOT NULL, "Wer?" varchar(20), "Nr" bigint NOT NULL);
ALTER TABLE "Läden & Co."."Ereignis 2026" DROP weg;
ALTER TABLE "Läden & Co."."Ereignis" ATTACH PARTITION "Läden & Co."."Ereignis 2026" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO "Läden & Co."."Kunde's ""Tabelle""" VALUES ('Ä', 'Österreich', '2025-02-03'), ('b', 'CH', NULL), ('', 'DE', '2025-05-06');

SELECT lead_scoring.create_audience('Kunden "A"', '"Läden & Co."."Kunde''s ""Tabelle"""', lead_key => 'Schlüssel "K"', created_at => 'angelegt am',
                                    time_zone => 'Asia/Kolkata', resolution => 'hour', band_change_table => '"Stufen; wechsel"');
SELECT lead_scoring.add_source('Kunden "A"', '"Läden & Co."."Ereignis"', 'Wer?', 'wann', 'Art', name => 'Quelle ''1''');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value, distinct_by) VALUES
    ('Kunden "A"', 'großer Kauf', 'Quelle ''1''', 'Kauf', '"Betrag" > 100', '"Betrag"', NULL),
    ('Kunden "A"', 'Besuch', 'Quelle ''1''', 'Besuch', NULL, NULL, '"Betrag"'),
    ('Kunden "A"', 'Inland', 'profile', NULL, '"Land" IN (''DE'', ''Österreich'')', NULL, NULL);
INSERT INTO lead_scoring.sheet (name, audience, description) VALUES
    ('Blatt "1"', 'Kunden "A"', 'first'), ('Blatt 2', 'Kunden "A"', 'second'), ('Entwurf', 'Kunden "A"', 'a draft, never published');
INSERT INTO lead_scoring.rule_group (sheet, name, max_points) VALUES ('Blatt "1"', 'Käufe', 500);
INSERT INTO lead_scoring.rule (sheet, name, rule_group, signal, measure, points, repeat_limit, repeat_per_item) VALUES
    ('Blatt "1"', 'große Käufe', 'Käufe', 'großer Kauf', 'value', 0.5, NULL, false),
    ('Blatt "1"', 'Besuche', NULL, 'Besuch', 'occurrences', 3, 1, true),
    ('Blatt 2', 'Besuche', NULL, 'Besuch', 'occurrences', 7, NULL, false),
    ('Entwurf', 'irgendwas', NULL, 'Besuch', 'occurrences', 1, NULL, false);
INSERT INTO lead_scoring.rule (sheet, name, component, signal, points) VALUES ('Blatt "1"', 'Inland', 'fit', 'Inland', 10);
INSERT INTO lead_scoring.grade (sheet, name, threshold) VALUES ('Blatt "1"', 'A', 10), ('Blatt "1"', 'B', 0);
INSERT INTO lead_scoring.band (sheet, rank, name, min_score) VALUES ('Blatt "1"', 1, 'Stufe ''x''', 20), ('Blatt 2', 1, 'heiß', 14);
SELECT lead_scoring.publish('Blatt "1"', 'why: "because"');
SELECT lead_scoring.publish('Blatt 2');
INSERT INTO "Läden & Co."."Ereignis" ("Wer?", wann, "Art", "Betrag") VALUES
    ('Ä', '2025-06-01 10:00+00', 'Kauf', 150.25), ('Ä', '2025-06-02 10:00+00', 'Kauf', 99), ('b', '2025-07-01 23:59+00', 'Besuch', 1),
    ('', '2025-08-01 00:00+00', 'Besuch', NULL), ('ohne Zeile', '2025-08-01 00:00+00', 'Kauf', 1000), (NULL, '2025-08-01 00:00+00', 'Kauf', 1);
INSERT INTO "Läden & Co."."Ereignis 2026" ("Nr", "Wer?", wann, "Art", "Betrag") VALUES
    (101, 'Ä', '2026-01-01 10:00+00', 'Besuch', 7), (102, 'b', '2026-01-01 10:00+00', 'Besuch', 7), (103, 'b', '2026-01-02 10:00+00', 'Besuch', 7);
UPDATE lead_scoring.rule SET points = 4 WHERE sheet = 'Blatt "1"' AND name = 'Besuche';
SELECT lead_scoring.publish('Blatt "1"', 'visits are worth more');

CREATE SCHEMA web AUTHORIZATION shop_owner;
GRANT USAGE ON SCHEMA web TO app, analyst, stranger;
SET ROLE shop_owner;
CREATE TABLE web.visitor (id uuid PRIMARY KEY, mail text);
CREATE TABLE web.hit (visitor uuid, at timestamp, path text);
GRANT INSERT ON web.hit TO app;
SELECT lead_scoring.create_audience('visitors', 'web.visitor', time_zone => 'Europe/Berlin');
SELECT lead_scoring.add_source('visitors', 'web.hit', 'visitor', 'at');
GRANT SELECT ON web.visitor_score, web.visitor_tally TO analyst;
INSERT INTO lead_scoring.signal (audience, name, source, condition, distinct_by) VALUES ('visitors', 'pricing', 'hit', 'path ~ ''^/pricing''', 'path');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('site', 'visitors');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('site', 'pricing', 'pricing', 25);
INSERT INTO lead_scoring.calendar (name, time_zone, description) VALUES ('Büro "1"', 'Europe/Berlin', 'weekdays');
INSERT INTO lead_scoring.calendar_hours SELECT 'Büro "1"', d, '09:00', '17:00' FROM generate_series(1, 5) AS d;
INSERT INTO lead_scoring.calendar_hours VALUES ('Büro "1"', 5, '18:00', '24:00');
INSERT INTO lead_scoring.holiday VALUES ('Büro "1"', '2026-12-25', 'Weihnachten');
INSERT INTO lead_scoring.band (sheet, rank, name, min_score, next_step, owner_role, follow_up, calendar, notify, notify_quiet)
VALUES ('site', 1, 'MQL', 50, 'call', 'sales', '2 hours', 'Büro "1"', true, '1 day');
SELECT lead_scoring.publish('site');
INSERT INTO web.visitor VALUES ('00000000-0000-0000-0000-000000000001', 'a@x'), ('00000000-0000-0000-0000-000000000002', 'b@x');
INSERT INTO web.hit VALUES ('00000000-0000-0000-0000-000000000001', '2026-02-01 12:00', '/pricing'),
    ('00000000-0000-0000-0000-000000000001', '2026-02-02 12:00', '/pricing/eu'), ('00000000-0000-0000-0000-000000000002', '2026-02-02 12:00', '/');
-- As if somebody had held the lead when its events came.
UPDATE lead_scoring.audience SET append_when_busy = true WHERE name = 'visitors';
INSERT INTO web.visitor_pending (lead, delta) SELECT lead, base OPERATOR(lead_scoring.+) recent FROM web.visitor_tally WHERE lead = '00000000-0000-0000-0000-000000000001';
UPDATE web.visitor_tally SET base = '{}', recent = '{}' WHERE lead = '00000000-0000-0000-0000-000000000001';
RESET ROLE;

CREATE TABLE public.account (id bigint PRIMARY KEY);
INSERT INTO public.account VALUES (1), (9000000000);
SELECT lead_scoring.create_audience('accounts', 'public.account', time_zone => 'UTC');
SQL

my @audiences = ('Kunden "A"', 'visitors', 'accounts');
sub literal { my $text = shift; return "'" . $text =~ s/'/''/gr . "'" }

# Everything that must be the same: every catalog table, and the tables of the audiences. Without the name of
# the database, dates or object identifiers.
my @tables = (
	(map { "lead_scoring.$_" } qw(audience source signal signal_version sheet rule rule_tier rule_group grade band sheet_revision failure_log
		calendar calendar_hours holiday)),
	q{"Läden & Co."."Kunde's ""Tabelle""_score"}, q{"Läden & Co."."Kunde's ""Tabelle""_tally"}, q{"Läden & Co."."Stufen; wechsel"},
	'web.visitor_score', 'web.visitor_tally', 'web.visitor_pending', 'web.visitor_band_change', 'web.visitor_handoff', 'web.visitor_handoff_times', 'account_score', 'account_tally', 'account_band_change');
sub content_of {
	my $database = shift;
	return map { ($_ => sql($database, "SELECT t::text FROM $_ AS t ORDER BY 1")) } @tables;
}

# Shape: triggers with their definition, the owners of the tables, policies, event triggers, grants.
my $shape = <<'SQL';
SELECT 'trigger', format('%s %s', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger AS t WHERE t.tgfoid = 'lead_scoring.track'::regproc
UNION ALL
SELECT 'view', format('%s %s %s', handoff_view, handoff_times_view, score_now_view) FROM lead_scoring.audience
UNION ALL
SELECT 'table', format('%s %s %s', c.oid::regclass, pg_get_userbyid(c.relowner), (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(c.relacl) AS acl))
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('lead_scoring', 'Läden & Co.', 'web', 'public') AND c.relkind IN ('r', 'p', 'v')
UNION ALL
SELECT 'options', format('%s %s', c.oid::regclass, c.reloptions) FROM pg_class AS c WHERE c.relname ~ '_(score|tally|pending)$' AND c.relkind = 'r'
UNION ALL
SELECT 'storage', format('%s %s %s', a.attrelid::regclass, a.attname, a.attstorage) FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relname ~ '_tally$' AND c.relkind = 'r' AND a.attnum > 0
UNION ALL
SELECT 'policy', format('%s %s %s', polrelid::regclass, polname, pg_get_expr(polqual, polrelid)) FROM pg_policy
UNION ALL
SELECT 'row security', format('%s %s', oid::regclass, relrowsecurity) FROM pg_class WHERE relnamespace = 'lead_scoring'::regnamespace AND relkind = 'r'
UNION ALL
SELECT 'event trigger', format('%s %s %s', evtname, evtevent, evtenabled) FROM pg_event_trigger
UNION ALL
SELECT 'comment', format('%s.%s %s', c.oid::regclass, a.attname, col_description(c.oid, a.attnum))
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relname ~ '_(score|tally|band_change|pending)$' AND c.relkind = 'r'
ORDER BY 1, 2
SQL

sub verify_all {
	my ($database, $what) = @_;
	is(sql($database, 'SELECT * FROM lead_scoring.verify(' . literal($_) . ')'), '', "$what: verify finds nothing in audience $_") for @audiences;
}

verify_all('origin', 'origin');
my %before = content_of('origin');
my $shape_before = sql('origin', $shape);
my @triggers = grep { /^trigger/ } split /\n/, $shape_before;
is(scalar @triggers, 4 * 7 + 6, 'the four triggers are on three lead tables, the partitioned table, two leaves and one event table; the one for replication where there are rows');
is(sql('origin', q{SELECT lead, sheet, score, fit, grade, band FROM "Läden & Co."."Kunde's ""Tabelle""_score" ORDER BY lead COLLATE "C", sheet COLLATE "C"}), <<'ROWS' =~ s/\n\z//r, 'the scores before the dump');
|Blatt "1"|14|10|A|
|Blatt 2|7|0||
b|Blatt "1"|8|0|B|
b|Blatt 2|21|0||heiß
Ä|Blatt "1"|89|10|A|Stufe 'x'
Ä|Blatt 2|7|0||
ROWS

my $directory = $node->basedir;
$node->command_ok([ 'pg_dump', '--file', "$directory/plain.sql", $node->connstr('origin') ], 'pg_dump, plain');
$node->command_ok([ 'pg_dump', '--format=custom', '--file', "$directory/custom.dump", $node->connstr('origin') ], 'pg_dump, custom');
$node->command_ok([ 'pg_dump', '--format=directory', '--jobs=4', '--file', "$directory/parallel.dump", $node->connstr('origin') ], 'pg_dump, directory, 4 jobs');

my %restore = (
	plain => [ 'psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--output=/dev/null', '--file', "$directory/plain.sql" ],
	custom => [ 'pg_restore', '--exit-on-error', "$directory/custom.dump" ],
	custom_jobs => [ 'pg_restore', '--exit-on-error', '--jobs=4', "$directory/custom.dump" ],
	directory_jobs => [ 'pg_restore', '--exit-on-error', '--jobs=4', "$directory/parallel.dump" ]);

for my $road (sort keys %restore) {
	$node->safe_psql('postgres', "CREATE DATABASE $road");
	$node->command_ok([ @{ $restore{$road} }, '--dbname', $node->connstr($road) ], "$road: restores without an error");

	my %after = content_of($road);
	is($after{$_}, $before{$_}, "$road: $_ is the same") for @tables;
	is(sql($road, $shape), $shape_before, "$road: triggers, owners, grants, policies, storage and comments are the same");
	verify_all($road, $road);

	# Events score, in the partitioned table, in a leaf directly, and in a partition made after the restore. Of
	# 'b' the items 1, 7, none and 8 count by then, 4 points each; the row of 2027 has not happened yet.
	is(sql($road, <<'SQL'), "b|Blatt \"1\"|16\nb|Blatt 2|42", "$road: events score after the restore");
CREATE TABLE "Läden & Co."."Ereignis 2027" PARTITION OF "Läden & Co."."Ereignis" FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
INSERT INTO "Läden & Co."."Ereignis" ("Wer?", wann, "Art", "Betrag") VALUES ('b', '2026-03-01 10:00+00', 'Besuch', 7);
INSERT INTO "Läden & Co."."Ereignis 2026" ("Nr", "Wer?", wann, "Art", "Betrag") VALUES (201, 'b', '2026-03-01 10:00+00', 'Besuch', 8);
UPDATE "Läden & Co."."Ereignis" SET "Wer?" = 'b' WHERE "Wer?" = '';
INSERT INTO "Läden & Co."."Ereignis 2027" ("Nr", "Wer?", wann, "Art", "Betrag") VALUES (301, 'b', '2027-01-02 10:00+00', 'Besuch', 9);
SELECT lead, sheet, lead_scoring.score(lead_scoring.active_model(sheet), lead_scoring.tally('Kunden "A"', lead), '2026-12-31')
FROM "Läden & Co."."Kunde's ""Tabelle""_score" WHERE lead = 'b' ORDER BY sheet COLLATE "C"
SQL
	# An application that may only insert; the band changes go on counting where they were.
	is(sql($road, <<'SQL'), "50|MQL\n1|t\n2|t", "$road: an application role inserts, and the lead's band follows, with a clock for sales");
SET ROLE app;
INSERT INTO web.hit VALUES ('00000000-0000-0000-0000-000000000002', '2026-03-01 12:00', '/pricing'), ('00000000-0000-0000-0000-000000000002', '2026-03-01 12:00', '/pricing');
RESET ROLE;
SELECT score, band FROM web.visitor_score WHERE lead = '00000000-0000-0000-0000-000000000002';
SELECT id, due_at = lead_scoring.add_business_time('Büro "1"', at, '2 hours') FROM web.visitor_handoff ORDER BY id;
SQL
	is(sql($road, <<'SQL'), "50|MQL\n0", "$road: a refresh finds what was pending, and the score stays what it was");
CALL lead_scoring.refresh('visitors');
SELECT score, band FROM web.visitor_score WHERE lead = '00000000-0000-0000-0000-000000000001';
SELECT count(*) FROM web.visitor_pending;
SQL
	# Row-level security: the analyst may read the scores, the stranger may not.
	is(sql($road, 'SET ROLE analyst; SELECT name FROM lead_scoring.audience; SELECT name FROM lead_scoring.sheet'), "visitors\nsite", "$road: an analyst sees the audience whose scores it may read");
	is(sql($road, 'SET ROLE stranger; SELECT name FROM lead_scoring.audience; SELECT name FROM lead_scoring.sheet'), '', "$road: a stranger sees nothing");

	# Publishing goes on with the next revision, new signals with the next number; drafts are drafts still.
	is(sql($road, <<'SQL'), "3\n1", "$road: publishing goes on where it was");
SELECT lead_scoring.publish('Blatt "1"');
SELECT lead_scoring.publish('Entwurf');
SQL
	is(sql($road, q{SELECT source, signal, sqlstate, count FROM lead_scoring.failure}), "Quelle '1'||22004|1", "$road: the failures are there");
	verify_all($road, "$road, after changes");
	sql($road, "CALL lead_scoring.rebuild(${\ literal($_)})") for @audiences;
	verify_all($road, "$road, after a rebuild");
	$node->safe_psql('postgres', "DROP DATABASE $road");
}

# The data alone, into the same tables with their triggers: they must not fire, or every row counts twice.
$node->safe_psql('postgres', 'CREATE DATABASE data_only');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--schema-only', "$directory/custom.dump", '--dbname', $node->connstr('data_only') ], 'data only: the schema');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '--disable-triggers', "$directory/custom.dump", '--dbname', $node->connstr('data_only') ],
	'data only: the data, with --disable-triggers');
my %data_only = content_of('data_only');
is($data_only{$_}, $before{$_}, "data only: $_ is the same") for @tables;
is(sql('data_only', $shape), $shape_before, 'data only: the triggers are enabled as they were');
verify_all('data_only', 'data only');

# Row-level security of the catalog stands in the way of a role that owns an audience but not the database:
# pg_dump says so instead of leaving rows out.
$node->safe_psql('origin', 'ALTER ROLE shop_owner LOGIN; GRANT pg_read_all_data TO shop_owner');
$node->command_fails_like([ 'pg_dump', '--username=shop_owner', '--file=/dev/null', $node->connstr('origin') ], qr/row-level security/,
	'pg_dump by a role that cannot see the whole catalog fails');

$node->stop;
done_testing();
