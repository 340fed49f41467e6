# From a band change to a person: the story of one lead, told by a server whose clock is set forward, and the
# consumers of docs/handoff.md. Blocks that the page calls tested are taken from it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($faketime) = glob '/usr/lib/*/faketime/libfaketime.so.1 /usr/lib64/faketime/libfaketime.so.1';
die "libfaketime is missing; Debian: apt-get install faketime\n" unless defined $faketime;

my $page = slurp_file("$ENV{TESTDIR}/../docs/handoff.md");
sub block {
	my $name = shift;
	$page =~ /<!-- tested: \Q$name\E -->\n```sql\n(.*?)```/s or die "docs/handoff.md has no tested block '$name'";
	return $1;
}

# A server with the tables that the page stands on.
my $node;
sub start_server {
	$node = PostgreSQL::Test::Cluster->new(shift);
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', "fsync = off\ntimezone = 'UTC'\ndatestyle = 'iso, mdy'");
	$node->start;
	sql(<<'SQL');
CREATE EXTENSION lead_scoring;
CREATE SCHEMA crm;
CREATE TABLE crm.lead (id integer PRIMARY KEY);
CREATE TABLE crm.event (lead integer, at timestamptz, kind text);
SELECT lead_scoring.create_audience('prospects', 'crm.lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('prospects', 'crm.event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type) VALUES ('prospects', 'demo', 'event', 'demo');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'prospects');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, lifespan) VALUES ('main', 'asked for a demo', 'demo', 40, 'expire', '14 days');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('main', 'MQL', 1, 30);
SELECT lead_scoring.publish('main');
SQL
	sql(block('band'));
}

# The server with its clock set forward. (Its timeouts do not work then.)
sub restart_after {
	my $days = shift;
	$node->stop;
	local $ENV{LD_PRELOAD} = $faketime;
	local $ENV{FAKETIME} = "+${days}d";
	local $ENV{DONT_FAKE_MONOTONIC} = 1;
	$node->start;
}

sub sql { return $node->safe_psql('postgres', shift) }
# What a session hears that runs SQL while it listens.
sub heard {
	my $output = sql(block('listen') . shift . '; SELECT 1');
	return [ $output =~ /Asynchronous notification "lead_scoring" with payload "(.*)" received/g ];
}

start_server('story');
is(sql(block('business time')), "2026-12-07 10:00:00\n02:00:00", 'business time is what the page says');
sql("UPDATE lead_scoring.band SET notify = true WHERE name = 'MQL'");

# A lead that goes MQL by an event, cools down by time alone, and comes back has exactly three band changes, two
# NOTIFYs up, and an SLA clock each time.
my $asks_for_a_demo = "INSERT INTO crm.event VALUES (1, now(), 'demo')";
sql('INSERT INTO crm.lead VALUES (1)');
my @goes_mql = @{ heard($asks_for_a_demo) };
restart_after(20);
my @cools_down = @{ heard('CALL lead_scoring.refresh()') };
my @comes_back = @{ heard($asks_for_a_demo) };

is(sql(<<'SQL'), "|MQL|event|t\nMQL||time|f\n|MQL|event|t", 'exactly three band changes: up by an event, down by time, up by an event');
SELECT from_band, to_band, cause, upward FROM crm.lead_band_change WHERE lead = 1 ORDER BY id
SQL
is(scalar @goes_mql, 1, 'the first way up is announced');
is(scalar @cools_down, 0, 'cooling down is not');
is(scalar @comes_back, 1, 'the way back up is announced');
is(sql(<<'SQL'), "t", 'it cooled down at the instant at which that became true, 14 days after its event, though nobody looked for 20');
SELECT at = (SELECT (min(e.at)::date + 14) AT TIME ZONE 'UTC' FROM crm.event AS e) FROM crm.lead_band_change WHERE cause = 'time'
SQL
is(sql(<<'SQL'), "t|t\nf|\nt|t", 'an SLA clock runs each time: one working day from each way up');
SELECT handoff, due_at = lead_scoring.add_business_time('office', at, '1 day') FROM crm.lead_band_change ORDER BY id
SQL
is(sql(<<'SQL'), "overdue|t\nopen|f", 'nobody answered the first one in time; the second one is open');
SELECT state, breached FROM crm.lead_handoff ORDER BY id
SQL
is(sql("SELECT problem FROM lead_scoring.verify('prospects')"), '', 'and verify finds nothing');

# What the listener reads.
is(sql(<<SQL), '1|main||MQL|40|Call, and ask about the trial|t|t', 'the payload says where the band change is, and no more');
SELECT c.lead, c.sheet, c.from_band, c.to_band, c.score, c.next_step, (SELECT max(id) FROM crm.lead_band_change) = c.id,
       p - '{table,id}'::text[] = '{}'
FROM CAST('$comes_back[0]' AS jsonb) AS p JOIN crm.lead_band_change AS c ON c.id = (p ->> 'id')::bigint AND c.tableoid = (p ->> 'table')::regclass
SQL

$node->stop;

# The consumers. First the quiet time: the same lead, in and out of the band. Another lead is not quiet.
start_server('consumers');
sql(block('notify'));
sql('INSERT INTO crm.lead VALUES (1)');
is(scalar @{ heard($asks_for_a_demo) }, 1, 'a lead that comes up is announced');
my $forgets = 'DELETE FROM crm.event WHERE lead = 1';
is(scalar @{ heard("$forgets; $asks_for_a_demo") }, 0, 'within the quiet time the same lead is not announced again');
sql('INSERT INTO crm.lead SELECT generate_series(2, 6)');
is(scalar @{ heard("INSERT INTO crm.event SELECT l, now(), 'demo' FROM generate_series(2, 3) AS l") }, 2, 'others are, two by one statement');
is(scalar @{ heard("BEGIN; INSERT INTO crm.event VALUES (4, now(), 'demo'); ROLLBACK") }, 0, 'what is rolled back is not');
sql("UPDATE lead_scoring.band SET notify_quiet = '1 microsecond'");
is(scalar @{ heard("$forgets; $asks_for_a_demo") }, 1, 'after the quiet time it is announced again');
sql('UPDATE lead_scoring.band SET notify = false');
is(scalar @{ heard("INSERT INTO crm.event VALUES (4, now(), 'demo')") }, 0, 'and nothing is when the band does not ask for it');

# Another session hears it too, at commit.
sql('UPDATE lead_scoring.band SET notify = true, notify_quiet = NULL');
my $listener = $node->background_psql('postgres', on_error_stop => 1);
$listener->query_safe(block('listen'));
sql("INSERT INTO crm.event VALUES (5, now(), 'demo')");
my $last = sql('SELECT max(id) FROM crm.lead_band_change WHERE lead = 5');
like($listener->query('SELECT 1'), qr/"lead_scoring" with payload ".*"id": $last\b/, 'a listening session hears of a lead');
$listener->quit;

# The work queue: two workers at the same time never get the same lead, and none is left out.
sql("UPDATE crm.lead_band_change SET rejected_at = now(), reason = 'old' WHERE lead = 1");
my @workers = map { $node->background_psql('postgres', on_error_stop => 1) } 1 .. 2;
my @taken;
for my $round (1 .. 2) {
	for my $worker (@workers) {
		$worker->query_safe('BEGIN');
		push @taken, $worker->query_safe(block('queue'));
	}
	$_->query_safe('COMMIT') for @workers;
}
$_->quit for @workers;
is(join(' ', sort map { (split /\|/)[1] } @taken), '2 3 4 5', 'two workers took the four leads, each once');
is(scalar(grep { /\|Call, and ask about the trial\|.*\|accepted$/ } @taken), 4, 'and accepted them');
is(sql(block('queue')), '', 'then the queue is empty');
is(sql("SELECT count(*) FROM crm.lead_handoff WHERE state IN ('open', 'overdue')"), '0', 'and so is the list');
my $reports = sql(block('reports'));
like($reports, qr/^MQL\|inside sales\|\d+\|0\|0\|\d+\|00:00:00/m, 'the times by band and owner are those of the page');
like($reports, qr/^old\|\d+$/m, 'and the reasons are counted');

# Two who accept the same hand-off: the second one waits, and is told.
sql("INSERT INTO crm.event VALUES (6, now(), 'demo')");
my $id = sql('SELECT id FROM crm.lead_handoff WHERE lead = 6');
my $accept = "SELECT lead_scoring.accept_handoff('prospects', $id)";
my $first = $node->background_psql('postgres', on_error_stop => 1);
$first->query_safe("BEGIN; $accept");
my (undef, undef, $stderr) = $node->psql('postgres', "SET lock_timeout = '100ms'; $accept");
like($stderr, qr/canceling statement due to lock timeout/, 'who accepts what somebody else is accepting waits');
$first->query_safe('COMMIT');
$first->quit;
(undef, undef, $stderr) = $node->psql('postgres', $accept);
like($stderr, qr/hand-off $id of audience "prospects" was accepted at /, 'and is told that it is taken');

# Logical decoding, with the same blocks: every band change, and nothing else, in order and once.
# Servers that have the setting load only the plugins it names.
if (sql("SELECT current_setting('output_plugin_libraries', true) IS NOT NULL") eq 't') {
	$node->append_conf('postgresql.conf', "output_plugin_libraries = 'pgoutput, wal2json'");
	$node->reload;
}
sql(block('slot'));
sql("DELETE FROM crm.event WHERE lead = 2; INSERT INTO crm.event VALUES (2, now(), 'demo'); SELECT lead_scoring.accept_handoff('prospects', max(id)) FROM crm.lead_handoff WHERE lead = 2");
my $changes = sql(block('changes'));
is(sql(<<SQL), "I|crm|lead_band_change|2|MQL||false\nI|crm|lead_band_change|2||MQL|true", 'wal2json delivers the band changes');
SELECT d ->> 'action', d ->> 'schema', d ->> 'table', v ->> 'lead', v ->> 'from_band', v ->> 'to_band', v ->> 'handoff'
FROM regexp_split_to_table(\$changes\$$changes\$changes\$, '\\n') WITH ORDINALITY AS l(line, n), CAST(line AS jsonb) AS d,
     LATERAL (SELECT jsonb_object_agg(c ->> 'name', c -> 'value') FROM jsonb_array_elements(d -> 'columns') AS c) AS q(v)
ORDER BY n
SQL
is(sql(block('changes')), '', 'once');

$node->stop;
done_testing();
