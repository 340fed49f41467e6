-- From plain tables to live scores. Run it with psql from this directory; `make demo` does.
\set ON_ERROR_STOP on

\echo '==> the data: plain tables of a wholesaler'
\ir load.sql

CREATE EXTENSION lead_scoring;
