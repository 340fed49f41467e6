# What a crash and a standby do to scores.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;

my $tables = <<'SQL';
CREATE TABLE lead (id integer PRIMARY KEY, country text);
CREATE TABLE event (id integer PRIMARY KEY, lead integer, at timestamptz, amount numeric);
SQL
my $audience = <<'SQL';
CREATE EXTENSION lead_scoring;
SELECT lead_scoring.create_audience('leads', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('leads', 'event', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source, condition, value) VALUES
    ('leads', 'order', 'event', NULL, 'amount'), ('leads', 'german', 'profile', 'country = ''DE''', NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, points, component) VALUES
    ('main', 'orders', 'order', 'value', 1, 'engagement'), ('main', 'german', 'german', 'occurrences', 5, 'fit');
INSERT INTO lead_scoring.band (sheet, rank, name, min_score) VALUES ('main', 1, 'MQL', 100);
SELECT lead_scoring.publish('main');
SQL
my $scores = q{SELECT lead, score, band FROM lead_score ORDER BY lead};
my $verify = q{SELECT problem, lead FROM lead_scoring.verify('leads') ORDER BY 1, 2};

$primary->safe_psql('postgres', "$tables INSERT INTO lead VALUES (1, 'DE'), (2, 'FR'); $audience INSERT INTO event VALUES (1, 1, '2026-01-01', 100);");

# A crash in the middle of a transaction: what was committed is there, what was not is not.
my $session = $primary->background_psql('postgres', on_error_stop => 0);
$session->query_safe(q{BEGIN});
$session->query_safe(q{INSERT INTO event VALUES (2, 1, '2026-01-02', 1000), (3, 2, '2026-01-02', 1000)});
is($session->query_safe('SELECT lead, score FROM lead_score ORDER BY lead'), "1|1105\n2|1000", 'the open transaction sees its own scores');
is($primary->safe_psql('postgres', $scores), "1|105|MQL\n2|0|", 'nobody else does');
$primary->stop('immediate');
$session->quit;
$primary->start;
is($primary->safe_psql('postgres', $scores), "1|105|MQL\n2|0|", 'after a crash the committed event counts, the other does not');
is($primary->safe_psql('postgres', $verify), '', 'verify finds nothing after the crash');
$primary->safe_psql('postgres', q{INSERT INTO event VALUES (2, 2, '2026-01-02', 50)});
is($primary->safe_psql('postgres', $scores), "1|105|MQL\n2|50|", 'events go on scoring');

# A standby has the same tables; scores, explanations and comparisons only read.
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->safe_psql('postgres', q{INSERT INTO event VALUES (4, 2, '2026-01-03', 70)});
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $scores), "1|105|MQL\n2|120|MQL", 'a standby shows the scores of the primary');
is($standby->safe_psql('postgres', q{SELECT rule, counted, points FROM lead_scoring.explain('main', '2', '2026-01-04')}), "orders|2|120\ngerman|0|0", 'explain runs on a standby');
is($standby->safe_psql('postgres', $verify), '', 'verify runs on a standby and finds nothing');
# A fading rule whose row is due there: the view evaluates it, and what-if questions only read.
$primary->safe_psql('postgres', <<'SQL');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, half_life) VALUES ('main', 'recent', 'order', 1000, 'exponential', '1 day');
SELECT lead_scoring.publish('main');
INSERT INTO event VALUES (40, 2, now() - interval '1 day', 0);
UPDATE lead_score SET next_change_at = now() - interval '1 minute', score = 0 WHERE lead = 2;
UPDATE lead_scoring.rule SET points = 2 WHERE sheet = 'main' AND name = 'orders';
SQL
$primary->wait_for_catchup($standby);
my %reads = (
	'score_now evaluates what is due' => [ q{SELECT lead, score FROM lead_score_now ORDER BY lead}, "1|105\n2|620" ],
	'evaluate' => [ q{SELECT (lead_scoring.evaluate(lead_scoring.active_model('main'), lead_scoring.tally('leads', '1'), now())).score}, '105' ],
	'what if, with the draft' => [ q{SELECT lead_scoring.score(lead_scoring.draft_model('main'), lead_scoring.tally('leads', '1'), now())}, '205' ],
	'the scores of another day' => [ q{SELECT lead, score FROM lead_scoring.scores_at('leads', lead_scoring.active_model('main'), '2026-01-01 12:00') ORDER BY lead}, "1|1105\n2|0" ],
	'history' => [ q{SELECT at::date, score FROM lead_scoring.score_history('main', '2', '2026-01-01', '2026-01-03')}, "2026-01-01|0\n2026-01-02|1050\n2026-01-03|1620" ],
	'explain as text' => [ q{SELECT count(*) > 0 FROM lead_scoring.explain_text('main', '2') AS t}, 't' ],
	'gap' => [ q{SELECT count(*) > 0 FROM lead_scoring.gap('main', '1', 'MQL')}, 't' ],
	'advice on a sheet' => [ q{SELECT count(*) > 0 FROM lead_scoring.check_sheet('main')}, 't' ],
	'a sheet as a document' => [ q{SELECT lead_scoring.export_sheet('main') IS NOT NULL}, 't' ],
	'band changes and hand-offs' => [ q{SELECT (SELECT count(*) FROM lead_band_change) > 0, (SELECT count(*) FROM lead_handoff)}, 't|0' ],
	'failures and progress' => [ q{SELECT (SELECT count(*) FROM lead_scoring.failure), (SELECT count(*) FROM lead_scoring.progress)}, '0|0' ],
	'counting a tally' => [ q{SELECT lead_scoring.sum(recent) IS NOT NULL FROM lead_tally}, 't' ],
);
for my $what (sort keys %reads) {
	my ($query, $expected) = @{ $reads{$what} };
	my ($status, $out, $error) = $standby->psql('postgres', $query);
	is("$out$error", $expected, "on a standby: $what");
}
for my $write (q{CALL lead_scoring.refresh('leads')}, q{SELECT lead_scoring.publish('main')}, q{CALL lead_scoring.rebuild('leads')}) {
	my ($status, $out, $error) = $standby->psql('postgres', $write);
	like($error, qr/read-only transaction|during recovery/, "on a standby $write says that it writes");
}
$primary->safe_psql('postgres', q{DELETE FROM event WHERE id = 40; DELETE FROM lead_scoring.rule WHERE sheet = 'main' AND name = 'recent'; UPDATE lead_scoring.rule SET points = 1 WHERE name = 'orders'; SELECT lead_scoring.publish('main')});
$primary->wait_for_catchup($standby);
$standby->promote;
$standby->safe_psql('postgres', q{INSERT INTO event VALUES (5, 2, '2026-01-04', -30)});
is($standby->safe_psql('postgres', $scores), "1|105|MQL\n2|90|", 'a promoted standby goes on scoring');
is($standby->safe_psql('postgres', $verify), '', 'verify finds nothing there');
$standby->stop;

$primary->stop;
done_testing();
