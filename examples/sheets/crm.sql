-- A small CRM for the example of each preset: leads, and one table with everything they did.
--
--   psql -f crm.sql -f car_dealer.sql
CREATE SCHEMA crm;
CREATE TABLE crm.lead (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email text,
    website text,
    job_title text,
    profession text,
    industry text,
    country text,
    employees integer
);
CREATE TABLE crm.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead integer NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    asset text,
    product text,
    amount numeric
);
SELECT lead_scoring.create_audience('crm', 'crm.lead', time_zone => 'Europe/Berlin');
SELECT lead_scoring.add_source('crm', 'crm.event', 'lead', 'at', 'kind');
