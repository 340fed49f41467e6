# kill -9 at random moments under load: of a backend, after which the postmaster restarts all others, and of the
# postmaster itself. Each time the server recovers, every event whose commit a client has seen is there and counted,
# and verify finds nothing. KILLS says how often.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $kills = $ENV{KILLS} || 4;
my $seed = $ENV{KILL_SEED} || 20260101;
srand($seed);
note "KILL_SEED=$seed";
my $node = PostgreSQL::Test::Cluster->new('kill');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
restart_after_crash = on
fsync = off
log_statement = none
max_connections = 40
autovacuum_naptime = 1s
checkpoint_timeout = 30s
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION lead_scoring;
CREATE TABLE lead (id integer PRIMARY KEY, vip boolean NOT NULL DEFAULT false, lead_score integer);
CREATE TABLE event (client integer, number integer, lead integer, at timestamptz, kind text, PRIMARY KEY (client, number, lead));
CREATE INDEX ON event (lead);
INSERT INTO lead SELECT g FROM generate_series(1, 60) AS g;
SELECT lead_scoring.create_audience('kill', 'lead', resolution => 'hour', time_zone => 'UTC', score_column => 'lead_score');
SELECT lead_scoring.add_source('kill', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition) VALUES
    ('kill', 'a', 'event', 'a', NULL), ('kill', 'b', 'event', 'b', NULL), ('kill', 'vip', 'profile', NULL, 'vip');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'kill');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, half_life, component) VALUES
    ('main', 'a', 'a', 3, 'exponential', '2 hours', 'engagement'), ('main', 'b', 'b', 1, 'none', NULL, 'engagement'),
    ('main', 'vip', 'vip', 10, 'none', NULL, 'fit');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('main', 'MQL', 1, 10), ('main', 'SQL', 2, 60);
SELECT lead_scoring.publish('main');
UPDATE lead_scoring.audience SET append_when_busy = true;
SQL

# Each client numbers its transactions; pgbench logs those whose commit it has seen.
my $dir = $node->basedir;
my %scripts = (
	event => <<'SQL',
\set number :number + 1
\set lead random(1, 65)
BEGIN;
INSERT INTO event SELECT :client, :number, :lead + g % 2, now() - random() * interval '8 hours', CASE WHEN random() < 0.5 THEN 'a' ELSE 'b' END FROM generate_series(0, 1) AS g;
UPDATE lead SET vip = NOT vip WHERE id = :lead % 20 + 1;
COMMIT;
SQL
	others => <<'SQL',
\set lead random(1, 60)
DELETE FROM lead WHERE id = :lead;
INSERT INTO lead VALUES (:lead, :lead % 2 = 0);
CALL lead_scoring.refresh('kill', batch_size => 7);
UPDATE lead_scoring.rule SET points = 1 + :lead % 3 WHERE sheet = 'main' AND name = 'b';
SELECT lead_scoring.publish('main');
CALL lead_scoring.rebuild('kill', batch_size => 20);
SQL
);
append_to_file("$dir/$_.sql", $scripts{$_}) for keys %scripts;

my $clients = 3;
my $run = 0;

# Starts the load; returns what is needed to end it.
sub start_load {
	$run++;
	my @load;
	for my $client (1 .. $clients) {
		push @load, start_pgbench("$run-$client", '--log', "--log-prefix=$dir/log-$run-$client", '--define', 'client=' . ($run * 100 + $client), '--define', 'number=0', '--file', "$dir/event.sql");
	}
	push @load, start_pgbench("$run-others", '--file', "$dir/others.sql");
	return @load;
}

sub start_pgbench {
	my ($what, @options) = @_;
	my ($out, $err) = ('', '');
	my $process = IPC::Run::start([ 'pgbench', '--no-vacuum', '--client', 1, '--time', 600, '--max-tries', 1000, @options, $node->connstr('postgres') ], '<', \undef, '>', \$out, '2>', \$err);
	return [ $process, \$err ];
}

# How many transactions each client of this run saw committed.
sub seen {
	my %seen;
	for my $client (1 .. $clients) {
		my $lines = 0;
		$lines += () = slurp_file($_) =~ /\n/g for glob "$dir/log-$run-$client.*";
		$seen{ $run * 100 + $client } = $lines;
	}
	return %seen;
}

sub wait_until_up {
	for (1 .. 1200) {
		return 1 if $node->psql('postgres', 'SELECT 1') == 0;
		usleep(100_000);
	}
	return 0;
}

my $events_seen = 0;
for my $kill (1 .. $kills) {
	my @load = start_load();
	usleep(300_000 + int(rand(900_000)));
	my $what;
	if ($kill % 2 == 1) {
		$what = "kill $kill, of a backend";
		my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1});
		kill 'KILL', $pid;
	} else {
		$what = "kill $kill, of the postmaster";
		$node->kill9;
	}
	# Their connections are lost; each ends by itself.
	$_->[0]->finish for @load;
	unlike(join('', map { ${ $_->[1] } } @load), qr/ERROR:/, "$what: nothing else stopped a client");
	if ($kill % 2 == 0) {
		# The children notice, but not at once.
		for (1 .. 100) {
			last if $node->start(fail_ok => 1);
			usleep(200_000);
			$node->stop('fast', fail_ok => 1);
		}
	}
	ok(wait_until_up(), "$what: the server is back");
	my %seen = seen();
	my $committed = join ', ', map { "($_, $seen{$_})" } sort keys %seen;
	is($node->safe_psql('postgres', "SELECT count(*) FROM (VALUES $committed) AS s (client, seen), generate_series(1, seen) AS n WHERE (SELECT count(*) FROM event AS e WHERE e.client = s.client AND e.number = n) <> 2"), '0',
		"$what: every event whose commit was seen is there");
	$events_seen += $_ for values %seen;
	is($node->safe_psql('postgres', q{SELECT * FROM lead_scoring.verify('kill') LIMIT 20}), '', "$what: all of them are counted, and verify finds nothing");
}
cmp_ok($events_seen, '>', 10 * $kills, "there was load: $events_seen transactions were seen");
$node->safe_psql('postgres', q{CALL lead_scoring.refresh('kill')});
is($node->safe_psql('postgres', q{SELECT * FROM lead_scoring.verify('kill') LIMIT 20}), '', 'nothing is found after a last refresh');
is($node->safe_psql('postgres', <<'SQL'), '0', 'each band change starts where the one before ended');
SELECT count(*) FROM (SELECT from_band, lag(to_band) OVER (PARTITION BY lead, sheet ORDER BY id) AS before FROM lead_band_change) AS c
WHERE from_band IS DISTINCT FROM before
SQL
$node->stop;
done_testing();
