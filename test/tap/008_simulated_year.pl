# A year of Online Retail, day by day, with the clock as an argument: rows that are brought up only when their
# next change has come show the same as evaluating every lead on every day.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $example = "$ENV{TESTDIR}/../examples/online_retail";
-e "$example/load.sql" or die "examples/online_retail is not beside $ENV{TESTDIR}";

my $node = PostgreSQL::Test::Cluster->new('simulated_year');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none");
$node->start;
my $connection = $node->connstr('postgres');
is(system("cd '$example' && psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname \"$connection\" --file=load.sql"), 0,
	'the example loads');

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION lead_scoring;
SELECT lead_scoring.create_audience('customers', 'shop.customer', lead_key => 'customer_id', created_at => 'first_seen', time_zone => 'Europe/London');
SELECT lead_scoring.add_source('customers', 'shop.invoice', 'customer_id', 'invoiced_at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, value) VALUES
    ('customers', 'order', 'invoice', 'order', 'total'), ('customers', 'cancellation', 'invoice', 'cancellation', NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('year', 'customers');
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, points, max_points, decay, half_life, lifespan, lose_percent, lose_every, repeat_limit, repeat_period,
                               inactive_after, inactive_every, max_times, cycle, cycle_step, cycle_learned, min_points) VALUES
    ('year', 'orders',       'order',        'occurrences', 10,   NULL, 'exponential', '30 days', NULL,       NULL, NULL,      2,    'week', NULL,      NULL,      NULL, NULL,       NULL,      false, NULL),
    ('year', 'spend',        'order',        'value',       0.01, 40,   'linear',      NULL,      '120 days', NULL, NULL,      NULL, 'ever', NULL,      NULL,      NULL, NULL,       NULL,      false, NULL),
    ('year', 'cancellation', 'cancellation', 'occurrences', -5,   NULL, 'step',        NULL,      NULL,       25,   '1 month', NULL, 'ever', NULL,      NULL,      NULL, NULL,       NULL,      false, -20),
    ('year', 'silence',      NULL,           'inactivity',  -10,  NULL, 'none',        NULL,      NULL,       NULL, NULL,      NULL, 'ever', '45 days', '1 month', 3,    NULL,       NULL,      false, NULL),
    ('year', 'due again',    'order',        'cycle',       15,   NULL, 'none',        NULL,      NULL,       NULL, NULL,      NULL, 'ever', NULL,      NULL,      NULL, '3 months', '1 month', true,  NULL);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('year', 'warm', 1, 20), ('year', 'hot', 2, 50);
SELECT lead_scoring.publish('year');
-- The state of the simulation: what a row would show that is only brought up when it is due.
CREATE TABLE simulated AS
SELECT t.lead, t.base OPERATOR(lead_scoring.+) t.recent AS tally,
       lead_scoring.evaluate(lead_scoring.active_model('year'), t.base OPERATOR(lead_scoring.+) t.recent, '2010-12-01 12:00+00') AS shown, 0 AS touched
FROM shop.customer_tally AS t;
CREATE TABLE wrong (day date, leads bigint);
SQL

# The comparison leaves next_change_at out: it may be told earlier than it comes.
$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE simulate(first_day date, last_day date) LANGUAGE plpgsql AS $$
DECLARE
    day date := first_day;
    model lead_scoring.model := lead_scoring.active_model('year');
    at timestamptz;
BEGIN
    WHILE day <= last_day LOOP
        at := (day + time '06:30') AT TIME ZONE 'Europe/London';
        UPDATE simulated SET shown = lead_scoring.evaluate(model, tally, at), touched = touched + 1 WHERE (shown).next_change_at <= at;
        INSERT INTO wrong
        SELECT day, count(*) FROM simulated AS s CROSS JOIN LATERAL lead_scoring.evaluate(model, s.tally, at) AS e
        WHERE ((s.shown).score, (s.shown).engagement, (s.shown).band, (s.shown).last_active_on)
              IS DISTINCT FROM (e.score, e.engagement, e.band, e.last_active_on);
        day := day + 1;
    END LOOP;
END $$;
CALL simulate('2010-12-02', '2011-12-09');
SQL
is($node->safe_psql('postgres', 'SELECT count(*), sum(leads) FROM wrong'), '373|0', 'every lead is right on each of 373 days');
is($node->safe_psql('postgres', "SELECT count(DISTINCT (shown).band) > 1, count(*) FROM simulated"), 't|4372', 'all leads took part, in several bands');
cmp_ok($node->safe_psql('postgres', 'SELECT avg(touched) FROM simulated'), '<', 250, 'and were not touched daily');
note 'touched on average ' . $node->safe_psql('postgres', 'SELECT round(avg(touched), 1) FROM simulated') . ' times in 373 days';

$node->stop;
done_testing();
