# COPY of the whole Online Retail history with the triggers in place gives exactly the tables that a rebuild
# gives, and what plain SQL counts.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The check runs this file from a copy; the example stands beside it.
my $example = "$ENV{TESTDIR}/../examples/online_retail";
-e "$example/load.sql" or die "examples/online_retail is not beside $ENV{TESTDIR}";

my $node = PostgreSQL::Test::Cluster->new('online_retail');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none");
$node->start;

# A psql in the directory of the example, for \copy.
sub in_example {
	my ($database, @arguments) = @_;
	my $command = join ' ', map { "'" . s/'/'\\''/gr . "'" }
	  'psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--dbname', $node->connstr($database), @arguments;
	return system("cd '$example' && $command") == 0;
}

# Plain tables, loaded as the example loads them: what everything is compared with.
$node->safe_psql('postgres', 'CREATE DATABASE plain');
ok(in_example('plain', '--file=load.sql'), 'the example loads into plain tables');

# The same tables, empty, with audience, sources and a published sheet before the first row comes.
$node->safe_psql('postgres', 'CREATE DATABASE live');
my $dump = $node->basedir . '/schema.sql';
$node->command_ok([ 'pg_dump', '--schema-only', '--file', $dump, $node->connstr('plain') ], 'schema of the plain tables');
$node->command_ok([ 'psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--file', $dump, '--output', '/dev/null', $node->connstr('live') ], 'the same tables, empty');

# A time zone in which it is about noon: no midnight passes between two looks at a decaying score.
my $hours_to_noon = 12 - (gmtime)[2];
my $zone = $hours_to_noon > 0 ? "Etc/GMT-$hours_to_noon" : $hours_to_noon < 0 ? 'Etc/GMT+' . -$hours_to_noon : 'Etc/GMT';

# The history ends in 2011, so the points fade over decades here: every weight counts for something.
$node->safe_psql('live', <<"SQL");
CREATE EXTENSION lead_scoring;
SELECT lead_scoring.create_audience('customers', 'shop.customer', lead_key => 'customer_id', created_at => 'first_seen', time_zone => '$zone');
SELECT lead_scoring.add_source('customers', 'shop.invoice', 'customer_id', 'invoiced_at', 'kind');
SELECT lead_scoring.add_source('customers', 'shop.invoice_line', 'customer_id', 'invoice_date');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value, distinct_by) VALUES
    ('customers', 'order',        'invoice',      'order',        NULL,           'total', NULL),
    ('customers', 'big order',    'invoice',      'order',        'total >= 800', NULL,    NULL),
    ('customers', 'cancellation', 'invoice',      'cancellation', NULL,           'total', NULL),
    ('customers', 'product',      'invoice_line', NULL,           'quantity > 0', 'quantity * unit_price', 'stock_code'),
    ('customers', 'british',      'profile',      NULL,           'country = ''United Kingdom''', NULL, NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('wholesale', 'customers');
INSERT INTO lead_scoring.rule_group (sheet, name, min_points) VALUES ('wholesale', 'trouble', -40);
INSERT INTO lead_scoring.rule (sheet, name, component, rule_group, signal, measure, points, max_points, decay, half_life, lifespan, repeat_limit, repeat_period, repeat_per_item) VALUES
    ('wholesale', 'orders',        'engagement', NULL,      'order',        'occurrences', 5,     NULL, 'exponential', '20 years', NULL,        2,    'week', false),
    ('wholesale', 'big orders',    'engagement', NULL,      'big order',    'occurrences', 8,     200,  'none',        NULL,       NULL,        NULL, 'ever', false),
    ('wholesale', 'spend',         'engagement', NULL,      'order',        'value',       0.004, NULL, 'linear',      NULL,       '100 years', NULL, 'ever', false),
    ('wholesale', 'range',         'engagement', NULL,      'product',      'occurrences', 0.1,   30,   'none',        NULL,       NULL,        1,    'ever', true),
    ('wholesale', 'cancellations', 'engagement', 'trouble', 'cancellation', 'occurrences', -4,    NULL, 'none',        NULL,       NULL,        1,    'day',  false),
    ('wholesale', 'british',       'fit',        NULL,      'british',      'occurrences', 10,    NULL, 'none',        NULL,       NULL,        NULL, 'ever', false);
INSERT INTO lead_scoring.band (sheet, rank, name, min_score) VALUES
    ('wholesale', 1, 'cold', NULL), ('wholesale', 2, 'warm', 40), ('wholesale', 3, 'MQL', 80), ('wholesale', 4, 'SQL', 160);
SELECT lead_scoring.publish('wholesale');
SQL

# All lines, in one COPY, before there is any customer; then the customers; then the invoices.
ok(in_example('live', '--command', q{\copy shop.invoice_line FROM PROGRAM 'gzip -dc online_retail.csv.gz' WITH (FORMAT csv, HEADER match)}),
	'COPY of all lines with the triggers in place');
for my $table ('customer', 'invoice') {
	my $file = $node->basedir . "/$table.copy";
	ok(in_example('plain', '--command', "\\copy shop.$table TO '$file'") && in_example('live', '--command', "\\copy shop.$table FROM '$file'"),
		"COPY of table $table with the triggers in place");
}
is($node->safe_psql('live', 'SELECT (SELECT count(*) FROM shop.invoice_line), (SELECT count(*) FROM shop.customer), (SELECT count(*) FROM shop.invoice)'),
	'541909|4372|22190', 'all rows are there');
is($node->safe_psql('live', 'SELECT count(*), count(DISTINCT band) FROM shop.customer_score'), '4372|4', 'every customer has a score, and each band has customers');
is($node->safe_psql('live', q{SELECT * FROM lead_scoring.verify('customers')}), '', 'verify finds nothing');
is($node->safe_psql('live', 'SELECT source, signal, sqlstate, message, count FROM lead_scoring.failure'),
	'invoice_line||22004|row without a lead key|135080', 'the lines that were sold to nobody are counted as such, and nothing else failed');

# What plain SQL says about the tables, one row a customer and signal.
is($node->safe_psql('live', <<'SQL'), '', 'counts and values of the tallies are those of plain SQL');
WITH maintained AS (
    SELECT t.lead, v.signal, sum(e.count) AS count, sum(e.value) AS value, count(DISTINCT e.item) AS items
    FROM shop.customer_tally AS t
    CROSS JOIN LATERAL lead_scoring.entries(t.base OPERATOR(lead_scoring.+) t.recent) AS e
    JOIN lead_scoring.signal_version AS v ON v.audience = 'customers' AND v.number = e.signal
    GROUP BY t.lead, v.signal),
counted (lead, signal, count, value, items) AS (
    SELECT customer_id, 'order', count(*), sum(total), 0 FROM shop.invoice WHERE kind = 'order' GROUP BY 1
    UNION ALL
    SELECT customer_id, 'big order', count(*), 0, 0 FROM shop.invoice WHERE kind = 'order' AND total >= 800 GROUP BY 1
    UNION ALL
    SELECT customer_id, 'cancellation', count(*), sum(total), 0 FROM shop.invoice WHERE kind = 'cancellation' GROUP BY 1
    UNION ALL
    SELECT customer_id, 'product', count(*), sum(quantity * unit_price), count(DISTINCT stock_code)
    FROM shop.invoice_line WHERE customer_id IS NOT NULL AND quantity > 0 GROUP BY 1
    UNION ALL
    SELECT customer_id, 'british', 1, 0, 0 FROM shop.customer WHERE country = 'United Kingdom'
    UNION ALL
    SELECT customer_id, 'created', 1, 0, 0 FROM shop.customer)
(TABLE maintained EXCEPT TABLE counted) UNION ALL (TABLE counted EXCEPT TABLE maintained)
ORDER BY 1, 2 LIMIT 5
SQL

my $add_up = q{SELECT count(*), count(*) FILTER (WHERE round(e.total) = s.score)
FROM shop.customer_score AS s
CROSS JOIN LATERAL (SELECT sum(points) AS total FROM lead_scoring.explain(s.sheet, s.lead::text)) AS e};
is($node->safe_psql('live', $add_up), '4372|4372', 'the points of explain add up to the score of every customer');

# Rebuild, and compare with what COPY had made. Tallies are compared as sums: how they are split between base
# and recent has no meaning. updated_at and band_since tell when a row was written, not what it says.
$node->safe_psql('live', <<'SQL');
CREATE TABLE tally_before AS SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally, wake_at FROM shop.customer_tally;
CREATE TABLE score_before AS TABLE shop.customer_score;
CREATE TABLE changes_before AS TABLE shop.customer_band_change;
CALL lead_scoring.rebuild('customers', 1000);
CREATE TABLE tally_after AS SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally, wake_at FROM shop.customer_tally;
CREATE TABLE score_after AS TABLE shop.customer_score;
ALTER TABLE score_before DROP updated_at, DROP band_since;
ALTER TABLE score_after DROP updated_at, DROP band_since;
SQL
for my $what ('tally', 'score') {
	is($node->safe_psql('live', "SELECT count(*) FROM ((TABLE ${what}_before EXCEPT TABLE ${what}_after) UNION ALL (TABLE ${what}_after EXCEPT TABLE ${what}_before)) AS d"),
		'0', "the $what table is what rebuild gives, both ways");
}
is($node->safe_psql('live', '(TABLE changes_before EXCEPT TABLE shop.customer_band_change) UNION ALL (TABLE shop.customer_band_change EXCEPT TABLE changes_before)'),
	'', 'the rebuild changed no band');
is($node->safe_psql('live', q{SELECT * FROM lead_scoring.verify('customers')}), '', 'verify finds nothing after the rebuild');

# A rebuild that has something to do: tallies and scores are lost, and come back.
$node->safe_psql('live', <<'SQL');
UPDATE shop.customer_tally SET base = '{}', recent = '{}' WHERE lead % 2 = 0;
DELETE FROM shop.customer_score WHERE lead % 3 = 0;
SQL
isnt($node->safe_psql('live', q{SELECT count(*) FROM lead_scoring.verify('customers')}), '0', 'verify finds what was damaged');
$node->safe_psql('live', <<'SQL');
CALL lead_scoring.rebuild('customers');
DROP TABLE tally_after, score_after;
CREATE TABLE tally_after AS SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally, wake_at FROM shop.customer_tally;
CREATE TABLE score_after AS TABLE shop.customer_score;
ALTER TABLE score_after DROP updated_at, DROP band_since;
SQL
for my $what ('tally', 'score') {
	is($node->safe_psql('live', "SELECT count(*) FROM ((TABLE ${what}_before EXCEPT TABLE ${what}_after) UNION ALL (TABLE ${what}_after EXCEPT TABLE ${what}_before)) AS d"),
		'0', "rebuild brings the $what table back");
}
is($node->safe_psql('live', $add_up), '4372|4372', 'the points of explain add up after the rebuild');

$node->stop;
done_testing();
