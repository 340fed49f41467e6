-- The install script is put together from src/ddl/*.sql in name order.
\echo Use "CREATE EXTENSION lead_scoring" to load this file. \quit
