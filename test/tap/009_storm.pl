# Eight writers, two refreshers and a publisher at once. Afterwards everything agrees, and the band changes of each
# lead and sheet form an unbroken chain. First events wait for leads that others hold, then they do not.
#
# Deadlocks are only had by transactions of several statements and by INSERT … ON CONFLICT, which fires its triggers in
# two passes. Both say so in a comment, which the server's log shows beside each deadlock.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{STORM_SECONDS} || 8;
my $node = PostgreSQL::Test::Cluster->new('storm');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\nmax_connections = 40\ndeadlock_timeout = 200ms");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION lead_scoring;
CREATE TABLE lead (id integer PRIMARY KEY, vip boolean NOT NULL DEFAULT false, lead_score integer);
CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead integer, at timestamptz, kind text);
CREATE INDEX ON event (lead);
INSERT INTO lead SELECT g FROM generate_series(1, 40) AS g;
SELECT lead_scoring.create_audience('storm', 'lead', resolution => 'hour', time_zone => 'UTC', score_column => 'lead_score');
SELECT lead_scoring.add_source('storm', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition) VALUES
    ('storm', 'a', 'event', 'a', NULL), ('storm', 'b', 'event', 'b', NULL), ('storm', 'vip', 'profile', NULL, 'vip');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('one', 'storm'), ('two', 'storm');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, half_life, lifespan, component) VALUES
    ('one', 'a', 'a', 3, 'exponential', '2 hours', NULL, 'engagement'), ('one', 'vip', 'vip', 10, 'none', NULL, NULL, 'fit'),
    ('two', 'b', 'b', 2, 'linear', NULL, '6 hours', 'engagement'), ('two', 'a', 'a', -1, 'expire', NULL, '3 hours', 'engagement');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('one', 'MQL', 1, 10), ('one', 'SQL', 2, 30), ('two', 'MQL', 1, 8);
SELECT lead_scoring.publish('one');
SELECT lead_scoring.publish('two');
SQL

my %scripts = (
	insert => "\\set l random(1, 45)\n\\set k random(0, 1)\nINSERT INTO event (lead, at, kind) VALUES (:l, now() - random() * interval '8 hours', CASE :k WHEN 0 THEN 'a' ELSE 'b' END);\n",
	batch => "INSERT INTO event (lead, at, kind) SELECT (random() * 44)::integer + 1, now() - random() * interval '8 hours', CASE WHEN random() < 0.5 THEN 'a' ELSE 'b' END FROM generate_series(1, 12);\n",
	change => "\\set l random(1, 45)\nUPDATE event SET kind = CASE kind WHEN 'a' THEN 'b' ELSE 'a' END, lead = lead % 45 + 1 WHERE id IN (SELECT id FROM event WHERE lead = :l LIMIT 3);\n",
	remove => "\\set l random(1, 45)\nDELETE FROM event WHERE id IN (SELECT id FROM event WHERE lead = :l ORDER BY id LIMIT 8);\n",
	leads => "\\set l random(1, 45)\n\\set m random(0, 2)\n\\if :m = 0\nDELETE FROM lead WHERE id = :l;\n\\elif :m = 1\nINSERT INTO lead VALUES (:l) ON CONFLICT (id) DO UPDATE SET vip = NOT lead.vip /* two passes */;\n\\else\nUPDATE lead SET vip = NOT vip, lead_score = 0 WHERE id = :l;\n\\endif\n",
	undone => "\\set l random(1, 45)\nBEGIN;\nSAVEPOINT s;\nINSERT INTO event (lead, at, kind) VALUES (:l, now(), 'a') /* several */;\nROLLBACK TO s;\nINSERT INTO event (lead, at, kind) VALUES (:l, now(), 'b') /* several */;\nCOMMIT;\n",
	snapshot => "\\set l random(1, 45)\nBEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM lead_score /* several */;\nINSERT INTO event (lead, at, kind) VALUES (:l, now(), 'a') /* several */;\nEND;\n",
	slow => "\\set l random(1, 45)\n\\set ms random(5, 60)\nBEGIN;\nINSERT INTO event (lead, at, kind) VALUES (:l, now(), 'a') /* several */;\n\\sleep :ms ms\nINSERT INTO event (lead, at, kind) VALUES (:l % 45 + 1, now(), 'b') /* several */;\nEND;\n",
	refresh => "CALL lead_scoring.refresh('storm', batch_size => 7);\n",
	publish => "\\set p random(1, 5)\nUPDATE lead_scoring.rule SET points = :p WHERE sheet = 'one' AND name = 'a';\nSELECT lead_scoring.publish('one');\n\\sleep 300 ms\n",
);
my $dir = $node->basedir;
append_to_file("$dir/$_.sql", $scripts{$_}) for keys %scripts;

my @storms = (
	[ 6, map { "$dir/$_->[0].sql\@$_->[1]" } ([ insert => 5 ], [ batch => 2 ], [ change => 2 ], [ remove => 2 ], [ leads => 2 ]) ],
	[ 2, map { "$dir/$_->[0].sql\@$_->[1]" } ([ undone => 1 ], [ snapshot => 1 ], [ slow => 1 ]) ],
	[ 2, "$dir/refresh.sql" ],
	[ 1, "$dir/publish.sql" ]);

sub storm {
	my $what = shift;
	my @running;
	for my $storm (@storms) {
		my ($clients, @files) = @$storm;
		my @command = ('pgbench', '--no-vacuum', '--client', $clients, '--time', $seconds, '--max-tries', 1000, map({ ('--file', $_) } @files), $node->connstr('postgres'));
		my ($out, $err) = ('', '');
		push @running, [ IPC::Run::start(\@command, '<', \undef, '>', \$out, '2>', \$err), \$out, \$err ];
	}
	for my $run (@running) {
		ok($run->[0]->finish, "$what: no client was stopped by an error") or diag ${ $run->[1] } . ${ $run->[2] };
	}

	my @deadlocks = slurp_file($node->logfile) =~ /deadlock detected\n.*?DETAIL:(.*?)HINT:/gs;
	note scalar(@deadlocks) . ' deadlocks so far';
	is(join("\n", grep { !/\/\* (several|two passes) \*\// } @deadlocks), '', "$what: no deadlock among transactions of one statement");
	is($node->safe_psql('postgres', "SELECT count(*) > 500 FROM event"), 't', "$what: there was a storm");
	is($node->safe_psql('postgres', "SELECT * FROM lead_scoring.verify('storm') LIMIT 20"), '', "$what: everything agrees");
	$node->safe_psql('postgres', "CALL lead_scoring.refresh('storm')");
	is($node->safe_psql('postgres', "SELECT * FROM lead_scoring.verify('storm') LIMIT 20"), '', "$what: also after a last refresh");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM lead_pending'), '0', "$what: nothing is pending any more");
	is($node->safe_psql('postgres', <<'SQL'), '0', "$what: each band change starts where the one before ended");
SELECT count(*) FROM (SELECT from_band, lag(to_band) OVER (PARTITION BY lead, sheet ORDER BY id) AS before FROM lead_band_change) AS c
WHERE from_band IS DISTINCT FROM before
SQL
	is($node->safe_psql('postgres', 'SELECT count(*) > 100 FROM lead_band_change'), 't', "$what: and there were many");
	is($node->safe_psql('postgres', "SELECT count(*) FROM lead AS l JOIN lead_score AS s ON s.lead = l.id AND s.sheet = 'one' WHERE l.lead_score IS DISTINCT FROM s.score"),
		'0', "$what: the column of the lead table is in step");
	is($node->safe_psql('postgres', "SELECT count(*) FROM lead_score AS s JOIN lead_scoring.sheet AS h ON h.name = s.sheet WHERE s.revision <> h.active_revision"),
		'0', "$what: no row of an older revision is left");
}

storm('waiting');
is($node->safe_psql('postgres', q{SELECT is_called FROM lead_pending_id_seq}), 'f', 'nobody appended');
$node->safe_psql('postgres', 'UPDATE lead_scoring.audience SET append_when_busy = true');
storm('appending');
is($node->safe_psql('postgres', q{SELECT last_value > 100 FROM lead_pending_id_seq}), 't', 'many appended');
$node->stop;
done_testing();
