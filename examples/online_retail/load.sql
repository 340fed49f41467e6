-- Loads the Online Retail data into plain tables of the schema shop. Nothing here knows about lead_scoring.
-- Run it with psql from this directory: the data file is looked for there.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;

BEGIN;
CREATE SCHEMA shop;

CREATE TABLE shop.invoice_line (
    invoice_no   text NOT NULL,
    stock_code   text NOT NULL,
    quantity     integer NOT NULL,
    invoice_date timestamp NOT NULL,
    unit_price   numeric NOT NULL,
    customer_id  integer,
    country      text NOT NULL
);
COMMENT ON TABLE shop.invoice_line IS 'Lines of invoices as the wholesaler''s system wrote them';
COMMENT ON COLUMN shop.invoice_line.customer_id IS 'NULL: sold to nobody in particular';

\echo '    reading 541,909 invoice lines'
\copy shop.invoice_line FROM PROGRAM 'gzip -dc online_retail.csv.gz' WITH (FORMAT csv, HEADER match)

\echo '    customers and invoices'
CREATE TABLE shop.customer (
    customer_id integer PRIMARY KEY,
    country     text NOT NULL,
    first_seen  timestamp NOT NULL
);
COMMENT ON TABLE shop.customer IS 'Customers; the leads';
COMMENT ON COLUMN shop.customer.country IS 'Country of the last invoice';
COMMENT ON COLUMN shop.customer.first_seen IS 'Time of the first invoice';
INSERT INTO shop.customer
SELECT customer_id, (array_agg(country ORDER BY invoice_date DESC, invoice_no DESC))[1], min(invoice_date)
FROM shop.invoice_line
WHERE customer_id IS NOT NULL
GROUP BY customer_id;

CREATE TABLE shop.invoice (
    invoice_no  text PRIMARY KEY,
    customer_id integer NOT NULL,
    invoiced_at timestamp NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('order', 'cancellation')),
    total       numeric NOT NULL,
    lines       integer NOT NULL
);
COMMENT ON TABLE shop.invoice IS 'Invoices of customers; the events';
COMMENT ON COLUMN shop.invoice.invoiced_at IS 'Wall clock in London';
COMMENT ON COLUMN shop.invoice.kind IS 'order or cancellation';
COMMENT ON COLUMN shop.invoice.total IS 'Pounds; negative for cancellations';
COMMENT ON COLUMN shop.invoice.lines IS 'Number of invoice lines';
INSERT INTO shop.invoice
SELECT invoice_no, customer_id, min(invoice_date),
       CASE WHEN invoice_no LIKE 'C%' THEN 'cancellation' ELSE 'order' END,
       sum(quantity * unit_price), count(*)
FROM shop.invoice_line
WHERE customer_id IS NOT NULL
GROUP BY invoice_no, customer_id;
CREATE INDEX ON shop.invoice (customer_id, invoiced_at);
COMMIT;

ANALYZE shop.invoice_line, shop.customer, shop.invoice;
\unset QUIET
