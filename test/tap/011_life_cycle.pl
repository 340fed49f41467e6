# Years of a database: dumps beside writers, dumps of a part, pg_upgrade, releases of the extension, and its removal.
use strict;
use warnings;
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('old');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "fsync = off\ntimezone = 'UTC'");
$node->start;
my $directory = $node->basedir;

my $members = slurp_file(dirname($0) . '/extension_catalog.sql');
my $verify = q{SELECT problem, lead, detail FROM lead_scoring.verify('leads') ORDER BY 1, 2 LIMIT 5};
my $scores = 'SELECT lead, sheet, score, band FROM crm.lead_score ORDER BY 1, 2';

sub make_database {
	my $name = shift;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	return $name;
}

$node->safe_psql('postgres', 'CREATE ROLE crm_owner');
make_database('origin');
$node->safe_psql('origin', <<'SQL');
CREATE EXTENSION lead_scoring;
CREATE SCHEMA crm AUTHORIZATION crm_owner;
SET ROLE crm_owner;
CREATE TABLE crm.lead (id integer PRIMARY KEY, country text, score integer, band text);
CREATE TABLE crm.event (id bigint GENERATED ALWAYS AS IDENTITY, lead integer, at timestamptz NOT NULL, kind text, amount numeric) PARTITION BY RANGE (at);
CREATE TABLE crm.event_2023 PARTITION OF crm.event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE crm.event_2024 PARTITION OF crm.event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE crm.note (lead integer, at date);
SELECT lead_scoring.create_audience('leads', 'crm.lead', time_zone => 'UTC', score_column => 'score', band_column => 'band');
SELECT lead_scoring.add_source('leads', 'crm.event', 'lead', 'at', 'kind');
SELECT lead_scoring.add_source('leads', 'crm.note', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value) VALUES
    ('leads', 'order', 'event', 'order', NULL, 'amount'), ('leads', 'note', 'note', NULL, NULL, NULL), ('leads', 'german', 'profile', NULL, 'country = ''DE''', NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, points, component) VALUES
    ('main', 'orders', 'order', 'value', 1, 'engagement'), ('main', 'notes', 'note', 'occurrences', 7, 'engagement'), ('main', 'german', 'german', 'occurrences', 5, 'fit');
INSERT INTO lead_scoring.band (sheet, rank, name, min_score) VALUES ('main', 1, 'MQL', 60), ('main', 2, 'SQL', 200);
SELECT lead_scoring.publish('main');
INSERT INTO crm.lead SELECT i, CASE WHEN i % 2 = 0 THEN 'DE' ELSE 'FR' END FROM generate_series(1, 300) AS i;
INSERT INTO crm.event (lead, at, kind, amount) SELECT i % 320, timestamptz '2023-02-01' + i * interval '1 hour', 'order', i % 10 FROM generate_series(1, 10000) AS i;
INSERT INTO crm.note SELECT i, '2024-01-01' FROM generate_series(1, 300, 3) AS i;
SQL

# Lines that only one of two texts has.
sub differences {
	my ($one, $other) = @_;
	my %count;
	$count{$_}++ for split /\n/, $one;
	$count{$_}-- for split /\n/, $other;
	return join "\n", map { ($count{$_} > 0 ? '+ ' : '- ') . $_ } grep { $count{$_} } sort keys %count;
}

sub exact {
	my ($database, $what, $server) = @_;
	$server //= $node;
	is($server->safe_psql($database, $verify), '', "$what: verify finds nothing");
	my $before = $server->safe_psql($database, $scores);
	isnt($before, '', "$what: there are scores");
	$server->safe_psql($database, q{INSERT INTO crm.event (lead, at, kind, amount) VALUES (1, '2024-02-02', 'order', 1000); INSERT INTO crm.event_2023 (id, lead, at, kind, amount) VALUES (0, 2, '2023-02-02', 'order', 3)});
	is($server->safe_psql($database, $verify), '', "$what: events count");
	my $after = $server->safe_psql($database, $scores);
	isnt($after, $before, "$what: and make a difference");
	$server->safe_psql($database, q{CALL lead_scoring.rebuild('leads')});
	is($server->safe_psql($database, $scores), $after, "$what: a rebuild finds the same scores");
}

# A dump beside writers is one snapshot: rows, tallies, scores and pending deltas belong together.
$node->safe_psql('origin', q{UPDATE lead_scoring.audience SET append_when_busy = true});
my $script = "$directory/write.sql";
append_to_file($script, <<'SQL');
\set lead random(1, 30)
BEGIN;
INSERT INTO crm.event (lead, at, kind, amount) VALUES (:lead, '2024-03-01', 'order', 2), (:lead + 1, '2023-03-01', 'order', 3);
UPDATE crm.event SET lead = :lead WHERE id = (SELECT max(id) FROM crm.event WHERE lead = :lead + 2);
UPDATE crm.lead SET country = CASE country WHEN 'DE' THEN 'FR' ELSE 'DE' END WHERE id = :lead;
END;
SQL
my $out = '';
my $writers = IPC::Run::start([ 'pgbench', '--no-vacuum', '--client=3', '--time=6', '--max-tries=100', "--file=$script", $node->connstr('origin') ], '>', \$out, '2>&1');
my @dumps;
for my $round (1 .. 3) {
	sleep 1;
	push @dumps, "$directory/busy$round";
	my @how = $round == 3 ? ('--format=directory', '--jobs=2') : ('--format=custom');
	$node->command_ok([ 'pg_dump', @how, '--file', $dumps[-1], $node->connstr('origin') ], "dump $round beside writers");
}
ok($writers->finish, 'the writers went on') or diag $out;
for my $dump (@dumps) {
	my $name = make_database(basename($dump));
	$node->command_ok([ 'pg_restore', '--exit-on-error', '--jobs=2', '--dbname', $node->connstr($name), $dump ], "$name restores");
	is($node->safe_psql($name, $verify), '', "$name: verify finds nothing beside what is pending");
	$node->safe_psql($name, q{CALL lead_scoring.refresh('leads')});
	exact($name, $name);
	$node->safe_psql('postgres', "DROP DATABASE $name");
}
$node->safe_psql('origin', q{UPDATE lead_scoring.audience SET append_when_busy = false});
$node->safe_psql('origin', q{CALL lead_scoring.refresh('leads')});
$node->command_ok([ 'pg_dump', '--format=custom', '--file', "$directory/all.dump", $node->connstr('origin') ], 'a dump of all');
my $all = $node->safe_psql('origin', $scores);

# Another search_path, the extension and the schema there already.
make_database('prepared');
$node->safe_psql('postgres', q{ALTER DATABASE prepared SET search_path = crm, elsewhere});
$node->safe_psql('prepared', q{CREATE SCHEMA elsewhere; CREATE EXTENSION lead_scoring; CREATE SCHEMA crm AUTHORIZATION crm_owner});
my $list = "$directory/list";
my ($toc) = run_command([ 'pg_restore', '--list', "$directory/all.dump" ]);
append_to_file($list, join("\n", grep { !/ SCHEMA - (crm|lead_scoring) / } split /\n/, $toc) . "\n");
$node->command_ok([ 'pg_restore', '--exit-on-error', "--use-list=$list", '--dbname', $node->connstr('prepared'), "$directory/all.dump" ], 'restores into a prepared database');
is($node->safe_psql('prepared', $scores), $all, 'with the same scores');
exact('prepared', 'a prepared database');

# The schema alone: events go in, and nothing counts, because no audience is registered.
make_database('schema_only');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--schema-only', '--dbname', $node->connstr('schema_only'), "$directory/all.dump" ], 'the schema restores alone');
is($node->safe_psql('schema_only', <<'SQL'), "0\n1\n0", 'events go in, and there is no audience');
SELECT count(*) FROM lead_scoring.audience;
INSERT INTO crm.event (lead, at, kind, amount) VALUES (1, '2024-02-02', 'order', 10);
SELECT count(*) FROM crm.event;
SELECT count(*) FROM crm.lead_score;
SQL

# The rows of one table, after they were lost: they count as they come.
make_database('lost');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--dbname', $node->connstr('lost'), "$directory/all.dump" ], 'a database that will lose rows');
$node->safe_psql('lost', 'TRUNCATE crm.event');
isnt($node->safe_psql('lost', $scores), $all, 'rows are lost');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '--schema=crm', '--table=event_2023', '--table=event_2024', '--dbname', $node->connstr('lost'), "$directory/all.dump" ], 'and come back');
is($node->safe_psql('lost', $scores), $all, 'with the same scores');
is($node->safe_psql('lost', $verify), '', 'and verify finds nothing');
# A table by itself, in a database without the extension: its rows are there.
make_database('single');
$node->safe_psql('single', 'CREATE SCHEMA crm');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--table=note', '--dbname', $node->connstr('single'), "$directory/all.dump" ], 'one table restores alone');
is($node->safe_psql('single', 'SELECT count(*) FROM crm.note; INSERT INTO crm.note VALUES (1)'), '100', 'with its rows');
# And in a database with an audience, for a source that was dropped.
$node->safe_psql('lost', 'DROP TABLE crm.note');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--table=note', '--dbname', $node->connstr('lost'), "$directory/all.dump" ], 'a dropped source restores');
$node->safe_psql('lost', <<'SQL');
SELECT lead_scoring.add_source('leads', 'crm.note', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('leads', 'note', 'note');
SELECT lead_scoring.publish('main');
SQL
is($node->safe_psql('lost', $scores), $all, 'registered again it counts as before');
exact('lost', 'a source that came back');

# Removal: refused while there are tallies; CASCADE leaves the tables of the users and their rows.
my ($status, $stdout, $error) = $node->psql('lost', 'DROP EXTENSION lead_scoring');
like($error, qr/cannot drop extension lead_scoring because other objects depend on it/, 'DROP EXTENSION is refused');
my $own = q{SELECT (SELECT count(*) FROM crm.lead), (SELECT sum(amount) FROM crm.event), (SELECT count(*) FROM crm.note), (SELECT count(*) FROM crm.lead_score)};
my $kept = $node->safe_psql('lost', $own);
$node->safe_psql('lost', 'DROP EXTENSION lead_scoring CASCADE');
is($node->safe_psql('lost', $own), $kept, 'DROP EXTENSION CASCADE leaves the rows of all tables');
is($node->safe_psql('lost', <<'SQL'), "0\n0\n0", 'and no trigger, no event trigger, and an empty schema');
INSERT INTO crm.event (lead, at, kind, amount) VALUES (1, '2024-02-02', 'order', 10);
UPDATE crm.lead SET country = 'FR' WHERE id = 1;
DELETE FROM crm.note;
DROP TABLE crm.event_2023;
ALTER TABLE crm.event DETACH PARTITION crm.event_2024;
SELECT count(*) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = 'crm'::regnamespace AND NOT t.tgisinternal;
SELECT count(*) FROM pg_event_trigger;
SELECT count(*) FROM pg_depend WHERE refobjid = 'lead_scoring'::regnamespace;
SQL
$node->safe_psql('lost', <<'SQL');
DROP TABLE crm.lead_score, crm.lead_tally, crm.lead_band_change, crm.lead_pending CASCADE;
CREATE EXTENSION lead_scoring;
SELECT lead_scoring.create_audience('leads', 'crm.lead', time_zone => 'UTC');
SQL
is($node->safe_psql('lost', 'SELECT count(*) FROM lead_scoring.audience'), '1', 'created again it begins anew');
$node->safe_psql('lost', q{SELECT lead_scoring.drop_audience('leads'); DROP EXTENSION lead_scoring});
is($node->safe_psql('lost', 'SELECT count(*) FROM crm.lead'), '300', 'without audiences DROP EXTENSION takes no CASCADE');

# Releases. An extension that was updated says the same in the catalogs as one that was just created. A former release is an
# install script in updates/, from which the scripts lead there; beside them stand-ins, so that this test tests something
# before there are any: the install script cut in two.
my ($sharedir) = run_command([ 'pg_config', '--sharedir' ]);
my $scripts = "$sharedir/extension";
my $version = $node->safe_psql('origin', q{SELECT default_version FROM pg_available_extensions WHERE name = 'lead_scoring'});
my $install = slurp_file("$scripts/lead_scoring--$version.sql");
my $fresh = $node->safe_psql(make_database('fresh'), "CREATE EXTENSION lead_scoring; $members");
my $cut = index($install, '-- Who may see and change what.');
ok($cut > 0, 'the install script has a place to cut it') or BAIL_OUT('where do the policies begin?');
my %stand_in = (
	'0.0.whole' => sub { $_[0] },
	'0.0.comment' => sub { $_[0] =~ s/COMMENT ON FUNCTION lead_scoring\.may_read.*?;\n//sr },
	'0.0.policy' => sub { $_[0] =~ s/CREATE POLICY own_new_table.*?;\n//sr },
	'0.0.grant' => sub { $_[0] =~ s/GRANT SELECT ON lead_scoring\.failure TO PUBLIC;\n//sr },
	'0.0.body' => sub { $_[0] =~ s/DETACH PARTITION %s'/DETACH PARTITION %s '/sr },
	'0.0.dump' => sub { $_[0] =~ s/SELECT pg_catalog\.pg_extension_config_dump\('lead_scoring\.band', ''\);\n//sr });
for my $from (sort keys %stand_in) {
	my $update = $stand_in{$from}->(substr($install, $cut));
	append_to_file("$scripts/lead_scoring--$from.sql", substr($install, 0, $cut));
	append_to_file("$scripts/lead_scoring--$from--$version.sql", $update);
}
my $former = $node->safe_psql('origin', "SELECT DISTINCT source FROM pg_extension_update_paths('lead_scoring') WHERE target = '$version' AND path IS NOT NULL ORDER BY 1");
for my $from (split /\n/, $former) {
	(my $name = "from_$from") =~ tr/./_/;
	make_database($name);
	$node->safe_psql($name, "CREATE EXTENSION lead_scoring VERSION '$from'");
	isnt(differences($node->safe_psql($name, $members), $fresh), '', "$from is another release");
	$node->safe_psql($name, 'ALTER EXTENSION lead_scoring UPDATE');
	my $differences = differences($node->safe_psql($name, $members), $fresh);
	if ($from =~ /^0\.0\./ && $from ne '0.0.whole') {
		isnt($differences, '', "an update script that forgets something is found out: $from");
	} else {
		is($differences, '', "updated from $from it is what a fresh one is");
	}
	$node->safe_psql('postgres', "DROP DATABASE $name");
}
is(differences($node->safe_psql('prepared', $members), $fresh), '', 'and so is a restored one');

# pg_upgrade restores a dump in its binary mode, member by member, and links the files.
$node->safe_psql('postgres', "DROP DATABASE $_") for qw(prepared schema_only single lost fresh);
$node->safe_psql('origin', q{DELETE FROM crm.event WHERE id % 7 = 0});
my $before = $node->safe_psql('origin', $scores);
my @catalog = map { "lead_scoring.$_" } qw(audience source signal signal_version sheet rule band sheet_revision);
my %content = map { $_ => $node->safe_psql('origin', "SELECT t::text FROM $_ AS t ORDER BY 1") } @catalog;
$node->stop;
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$new->append_conf('postgresql.conf', "fsync = off\ntimezone = 'UTC'");
my ($bindir) = run_command([ 'pg_config', '--bindir' ]);
chdir $directory or die;
command_ok([ 'pg_upgrade', '--no-sync', '--link', '--old-datadir', $node->data_dir, '--new-datadir', $new->data_dir, '--old-bindir', $bindir, '--new-bindir', $bindir,
	'--socketdir', $new->host, '--old-port', $node->port, '--new-port', $new->port ], 'pg_upgrade runs through');
$new->start;
is(differences($new->safe_psql('origin', $members), $fresh), '', 'after pg_upgrade the extension is what a fresh one is');
is($new->safe_psql('origin', $scores), $before, 'with the same scores');
is($new->safe_psql('origin', "SELECT t::text FROM $_ AS t ORDER BY 1"), $content{$_}, "with the same $_") for @catalog;
is($new->safe_psql('origin', q{SELECT tgenabled, count(*) FROM pg_trigger WHERE tgfoid = 'lead_scoring.track'::regproc GROUP BY 1 ORDER BY 1}), "A|5\nO|15\nR|4", 'and the same triggers');
exact('origin', 'after pg_upgrade', $new);
$new->stop;
done_testing();
