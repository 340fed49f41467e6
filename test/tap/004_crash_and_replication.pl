# What a crash, a standby and logical replication do to scores.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
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
$standby->promote;
$standby->safe_psql('postgres', q{INSERT INTO event VALUES (5, 2, '2026-01-04', -30)});
is($standby->safe_psql('postgres', $scores), "1|105|MQL\n2|90|", 'a promoted standby goes on scoring');
is($standby->safe_psql('postgres', $verify), '', 'verify finds nothing there');
$standby->stop;

# Logical replication of the source tables into a database with an audience of its own. Its apply worker fires no
# statement trigger, so nothing is counted there, verify says so, and rebuild counts it.
$primary->safe_psql('postgres', 'CREATE PUBLICATION sources FOR TABLE lead, event');
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->start;
$subscriber->safe_psql('postgres', "$tables $audience");
my $connection = $primary->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION sources CONNECTION '$connection' PUBLICATION sources");
$subscriber->wait_for_subscription_sync($primary, 'sources');
$primary->safe_psql('postgres', q{INSERT INTO event VALUES (6, 1, '2026-01-05', 1)});
$primary->wait_for_catchup('sources');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM event'), '4', 'the events are replicated');
isnt($subscriber->safe_psql('postgres', $verify), '', 'verify finds that replicated rows are not counted');
$subscriber->safe_psql('postgres', q{CALL lead_scoring.rebuild('leads')});
is($subscriber->safe_psql('postgres', $scores), "1|106|MQL\n2|120|MQL", 'rebuild counts them');
is($subscriber->safe_psql('postgres', $verify), '', 'verify finds nothing then');

$subscriber->stop;
$primary->stop;
done_testing();
