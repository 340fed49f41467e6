-- The install script is put together from src/ddl/*.sql in name order.
\echo Use "CREATE EXTENSION lead_scoring" to load this file. \quit

-- A schema that somebody has made before is that person's: whoever owns a schema may drop what is in it and put there
-- what our functions would find.
DO $$
BEGIN
    IF (SELECT n.nspowner FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'lead_scoring')
       <> (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user)
       OR EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.refclassid = 'pg_namespace'::regclass
                  AND d.refobjid = 'lead_scoring'::regnamespace AND d.classid <> 'pg_extension'::regclass) THEN
        RAISE EXCEPTION 'schema "lead_scoring" is there already, and is not empty or somebody else''s'
            USING ERRCODE = 'duplicate_schema', HINT = 'CREATE EXTENSION makes the schema. Look at what is in it, then DROP SCHEMA lead_scoring.';
    END IF;
END $$;
