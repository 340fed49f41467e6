# The installed extension loads into a fresh cluster, leaves nothing behind when it is dropped, and comes back.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('load');
$node->init;
$node->start;

$node->safe_psql('postgres', 'CREATE EXTENSION lead_scoring');
is( $node->safe_psql(
        'postgres',
        q{SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
          WHERE e.extname = 'lead_scoring'}),
    'lead_scoring',
    'the extension lives in a schema of its own');

$node->safe_psql('postgres', 'DROP EXTENSION lead_scoring');
is( $node->safe_psql('postgres', q{SELECT count(*) FROM pg_proc WHERE probin LIKE '%lead_scoring%'}),
    '0', 'no function is left after DROP EXTENSION');

$node->safe_psql('postgres', 'CREATE EXTENSION lead_scoring');
$node->restart;
is( $node->safe_psql('postgres', q{SELECT count(*) FROM pg_extension WHERE extname = 'lead_scoring'}),
    '1', 'it can be created again and outlives a restart');

$node->stop;
done_testing();
