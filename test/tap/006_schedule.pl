# schedule_refresh with pg_cron running for real: in the database that has it, and through the hint in another one.
# Waits for the next full minute.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('schedule');
$node->init;
$node->append_conf('postgresql.conf', <<'END');
fsync = off
timezone = 'UTC'
shared_preload_libraries = 'pg_cron'
cron.database_name = 'crm'
cron.use_background_workers = on
END
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('postgres', 'CREATE DATABASE shop');

# A lead whose row is due: its time is set back by hand, so that nothing but a refresh brings it up.
my $setup = <<'SQL';
CREATE EXTENSION lead_scoring;
CREATE TABLE lead (id integer PRIMARY KEY);
SELECT lead_scoring.create_audience('leads', 'lead', time_zone => 'UTC');
INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('leads', 'here', 'profile');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('main', 'here', 'here', 1);
SELECT lead_scoring.publish('main');
INSERT INTO lead VALUES (1);
UPDATE lead_score SET next_change_at = now() - interval '1 day';
SQL
$node->safe_psql($_, $setup) for 'crm', 'shop';

# error(DATABASE, SQL): the error that the SQL must raise, with its detail and hint.
sub error {
	my ($database, $sql) = @_;
	my ($status, undef, $stderr) = $node->psql($database, $sql);
	return $status == 0 ? 'no error' : $stderr;
}

like(error('crm', 'SELECT lead_scoring.schedule_refresh()'),
	qr/pg_cron is not installed in database "crm".*pg_cron of this server lives in database "crm".*HINT:  CREATE EXTENSION pg_cron;/s,
	'the database of pg_cron, but no extension yet: the hint says so');
$node->safe_psql('crm', 'CREATE EXTENSION pg_cron');

# In the database of pg_cron.
my $job = $node->safe_psql('crm', q{SELECT lead_scoring.schedule_refresh('* * * * *', 'leads')});
is($node->safe_psql('crm', 'SELECT jobname, schedule, command, database, username = current_user FROM cron.job'),
	q{lead_scoring refresh of 'leads' in crm|* * * * *|CALL lead_scoring.refresh('leads')|crm|t}, 'the job calls refresh for the audience');
is($node->safe_psql('crm', q{SELECT lead_scoring.schedule_refresh('* * * * *', 'leads')}), $job, 'scheduled twice, it is one job still');

# In another database the hint is the command to run there, and does what it says.
my $hint = error('shop', q{SELECT lead_scoring.schedule_refresh('* * * * *')});
like($hint, qr/pg_cron of this server lives in database "crm"/, 'another database: the detail says where pg_cron lives');
$hint =~ /HINT:  Run there: (.*)/ or die "no hint: $hint";
$node->safe_psql('crm', $1);

# One that cannot succeed, for health() to tell.
my $failing = $node->safe_psql('crm', q{SELECT cron.schedule('nowhere', '* * * * *', 'CALL lead_scoring.refresh(''nowhere'')')});

for my $database ('crm', 'shop') {
	ok($node->poll_query_until($database, 'SELECT next_change_at > now() FROM lead_score'), "$database: the job ran and brought the due row up");
}
is($node->safe_psql('crm', q{SELECT count(*) > 0 AND bool_and(status = 'succeeded') FROM cron.job_run_details WHERE end_time IS NOT NULL AND jobid <> } . $failing), 't', 'pg_cron says that it succeeded');
is($node->safe_psql('shop', q{SELECT leads FROM lead_scoring.progress WHERE finished_at IS NOT NULL}), '1', 'and so does progress');

my $health = q{SELECT problem, object, detail ~ 'audience "nowhere" does not exist', hint FROM lead_scoring.health() WHERE problem LIKE 'scheduled%'};
ok($node->poll_query_until('crm', q{SELECT EXISTS (SELECT FROM lead_scoring.health() WHERE problem = 'scheduled refresh has failed')}), 'health tells of a job that fails');
is($node->safe_psql('crm', $health), q{scheduled refresh has failed|nowhere|t|CALL lead_scoring.refresh('nowhere'); mend the cause and wait for its next run.},
	'with what pg_cron says of it');
$node->safe_psql('crm', "SELECT cron.unschedule($failing)");
is($node->safe_psql('crm', $health), '', 'and not of one that is gone');
$node->safe_psql('crm', "SELECT cron.alter_job($job, active => false)");
is($node->safe_psql('crm', $health), "scheduled refresh is switched off|lead_scoring refresh of 'leads' in crm||SELECT cron.alter_job($job, active => true);", 'health tells of a job that is switched off');
$node->safe_psql('crm', "SELECT cron.alter_job($job, active => true)");
is($node->safe_psql('crm', $health), '', 'and not of one that is on');

# Refusals.
like(error('crm', q{SELECT lead_scoring.schedule_refresh('every day')}), qr/invalid schedule: every day/, 'pg_cron refuses what is no schedule');
like(error('crm', q{SELECT lead_scoring.schedule_refresh(audience => 'ledas')}), qr/audience "ledas" does not exist/, 'an unknown audience');
$node->safe_psql('crm', 'CREATE ROLE ann');
like(error('crm', 'SET ROLE ann; SELECT lead_scoring.schedule_refresh()'), qr/role "ann" may not use pg_cron.*HINT:  GRANT USAGE ON SCHEMA cron TO ann;/s,
	'a role without the right to schedule');
like(error('shop', 'SET ROLE ann; SELECT lead_scoring.schedule_refresh()'),
	qr/DETAIL:  The setting cron.database_name.*HINT:  If pg_cron runs on this server, run in its database: SELECT cron.schedule_in_database\(/s,
	'a role that may not read where pg_cron lives');

is($node->safe_psql('crm', q{SELECT lead_scoring.unschedule_refresh('leads')}), 't', 'the job ends');
is($node->safe_psql('crm', q{SELECT lead_scoring.unschedule_refresh('leads')}), 'f', 'once');
is($node->safe_psql('crm', q{SELECT lead_scoring.unschedule_refresh(job_name => 'lead_scoring refresh of all audiences in shop')}), 't', 'by its name');
is($node->safe_psql('crm', 'SELECT count(*) FROM cron.job'), '0', 'no job is left');

$node->stop;
done_testing();
