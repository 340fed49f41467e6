-- What the installed extension's catalogs say of it.
CREATE TEMP VIEW members AS
    SELECT classid, objid, objsubid FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'lead_scoring') AND deptype = 'e';
CREATE TEMP VIEW functions AS
    SELECT p.*, p.oid::regprocedure AS signature, l.lanname FROM pg_proc p JOIN members m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
    JOIN pg_language l ON l.oid = p.prolang;
-- So that an empty answer below means something.
SELECT count(*) > 50 AS many_functions, count(*) FILTER (WHERE prokind = 'a') >= 6 AS aggregates, count(*) FILTER (WHERE prokind = 'p') >= 1 AS procedures
FROM functions;

-- It lives in its own schema and cannot be moved.
SELECT nspname, extrelocatable FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'lead_scoring';
SELECT DISTINCT pg_describe_object(classid, objid, 0) FROM members
WHERE classid IN ('pg_proc'::regclass, 'pg_class'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass)
  AND (pg_identify_object(classid, objid, 0)).schema <> 'lead_scoring';

-- Nothing runs with its owner's rights.
SELECT signature FROM functions WHERE prosecdef;
-- Functions in SQL and PL/pgSQL pin search_path, with pg_temp last; procedures that commit cannot, and so call nothing
-- by a bare name.
SELECT signature, proconfig FROM functions
WHERE lanname IN ('sql', 'plpgsql') AND prokind <> 'p' AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)
ORDER BY signature::text COLLATE "C";
SELECT signature, proconfig FROM functions WHERE prokind = 'p' ORDER BY signature::text COLLATE "C";
SELECT signature, line FROM functions, regexp_split_to_table(prosrc, '\n') line
WHERE prokind = 'p' AND line ~ '\m(PERFORM|CALL|SELECT|FROM|UPDATE|INTO) (?!lead_scoring\.|TRANSACTION)\w' ORDER BY 1, 2;

-- Scoring reads no table, clock or setting, and may run in parallel workers.
SELECT signature, provolatile, proparallel, proisstrict FROM functions
WHERE proname IN ('evaluate', 'score', 'explain', 'entries', 'entry_count', 'is_empty', 'only_signals', 'without_signals', 'tally')
ORDER BY signature::text COLLATE "C";
-- So are the functions of the types and operators: in, out, recv, send, comparisons, hashes.
SELECT signature, provolatile, proparallel FROM functions
WHERE (proname ~ '^(tally|model)_(in|out|recv|send|eq|ne|hash|hash_extended|plus|minus|uminus|accumulate|close)$'
       OR oid IN (SELECT oprcode FROM pg_operator JOIN members ON classid = 'pg_operator'::regclass AND objid = pg_operator.oid))
  AND (provolatile, proparallel) <> ('i', 's');
-- What writes, or locks, is never marked safe.
SELECT signature, provolatile, proparallel FROM functions
WHERE proname IN ('publish', 'create_audience', 'add_source', 'drop_source', 'drop_audience', 'rebuild', 'rebuild_batch', 'rescore_all',
                  'count_new_signals', 'forget_signals', 'create_tally_rows', 'wait_for_writers', 'verify', 'track', 'retire_signals')
  AND (provolatile, proparallel) <> ('v', 'u');

-- Aggregates are parallel: the state is a type that can be shipped, with a function that combines two. Only that of
-- tally_rows, which reads the catalog and so runs where the catalog is, becomes bytes first.
SELECT signature, aggtranstype::regtype AS state, aggcombinefn, aggfinalmodify, proparallel
FROM pg_aggregate JOIN functions f ON f.oid = aggfnoid ORDER BY signature::text COLLATE "C";
SELECT signature FROM pg_aggregate JOIN functions f ON f.oid = aggfnoid
WHERE aggtranstype = 'internal'::regtype AND (proname <> 'tally_rows' OR 0 IN (aggserialfn, aggdeserialfn)) OR aggmtranstype = 'internal'::regtype OR aggcombinefn = 0 OR proparallel <> 's';
SELECT signature, s.oid::regprocedure, s.proparallel FROM pg_aggregate JOIN functions f ON f.oid = aggfnoid
JOIN pg_proc s ON s.oid IN (aggtransfn, aggcombinefn, aggserialfn, aggdeserialfn, aggfinalfn, aggmtransfn, aggminvtransfn, aggmfinalfn) WHERE s.proparallel <> 's';
-- Transition and combine functions take NULL.
SELECT s.oid::regprocedure FROM pg_aggregate JOIN functions f ON f.oid = aggfnoid JOIN pg_proc s ON s.oid IN (aggtransfn, aggcombinefn) WHERE s.proisstrict;

-- Everything has a comment: functions, aggregates, types, operators, casts, operator classes, tables, views, event
-- triggers, and every column of a table, view or composite type.
SELECT pg_describe_object(classid, objid, 0) AS without_comment FROM members
WHERE obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)) IS NULL
  AND classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass, 'pg_cast'::regclass, 'pg_opclass'::regclass,
                  'pg_opfamily'::regclass, 'pg_class'::regclass, 'pg_event_trigger'::regclass, 'pg_namespace'::regclass)
  -- Types that come with a table, or are arrays of others, speak for themselves.
  AND NOT (classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid WHERE t.oid = objid AND c.relkind <> 'c'))
  AND NOT (classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type t WHERE t.typarray = objid))
  AND NOT (classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class c WHERE c.oid = objid AND c.relkind NOT IN ('r', 'v', 'p', 'S')))
ORDER BY 1;
SELECT c.oid::regclass, a.attname AS column_without_comment FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'lead_scoring'::regnamespace AND c.relkind IN ('r', 'v', 'c') AND a.attnum > 0 AND NOT a.attisdropped
  AND col_description(c.oid, a.attnum) IS NULL ORDER BY c.oid::regclass::text COLLATE "C", a.attnum;
-- Comments are sentences for people: no machine's paths, no left-over.
SELECT pg_describe_object(classoid, objoid, objsubid), description FROM pg_description
WHERE (classoid, objoid) IN (SELECT classid, objid FROM members) AND description ~* '\m(todo|fixme|xxx)\M|(^|\s)/[a-z]+/';

-- Every table is dumped with its rows, and guarded by row-level security that its owner's pg_dump does not meet.
SELECT c.relname, c.oid = ANY (e.extconfig) AS dumped, c.relrowsecurity AS secured, c.relforcerowsecurity AS forced
FROM pg_class c, pg_extension e WHERE c.relnamespace = 'lead_scoring'::regnamespace AND c.relkind IN ('r', 'p') AND e.extname = 'lead_scoring'
ORDER BY c.relname COLLATE "C";
-- Policies: owners everywhere, readers where nothing of single rows is to be seen, and none that is for writing but an owner's.
SELECT polrelid::regclass AS guarded, polname, polcmd, polpermissive, polwithcheck IS NOT NULL AS checks FROM pg_policy
JOIN pg_class ON pg_class.oid = polrelid WHERE relnamespace = 'lead_scoring'::regnamespace ORDER BY relname COLLATE "C", polname COLLATE "C";
-- Everything belongs to whoever installed it; views look with the eyes of their reader.
SELECT DISTINCT pg_get_userbyid(proowner) = current_user AS mine FROM functions;
SELECT relname, relowner::regrole FROM pg_class WHERE relnamespace = 'lead_scoring'::regnamespace AND relowner <> (SELECT extowner FROM pg_extension WHERE extname = 'lead_scoring');
SELECT relname, EXISTS (SELECT FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
                        AND d.refobjid <> c.oid WHERE r.ev_class = c.oid) AS reads, reloptions
FROM pg_class AS c WHERE relnamespace = 'lead_scoring'::regnamespace AND relkind = 'v' ORDER BY relname COLLATE "C";
-- Functions are for everybody, because they do nothing that their caller may not: no privileges of their own, no function
-- that a policy could take for harmless, none that a planner would run early for a row that it should not see.
SELECT signature, proacl FROM functions WHERE proacl IS NOT NULL;
SELECT signature FROM functions WHERE proleakproof OR prosupport <> 0;
-- What takes or returns internal cannot be called from SQL, and is the transition of tally_rows only.
SELECT signature FROM functions WHERE 'internal'::regtype = ANY (proargtypes) OR prorettype = 'internal'::regtype ORDER BY signature::text COLLATE "C";
-- Trigger functions take no arguments but what CREATE TRIGGER gives, and all are of these languages.
SELECT signature, lanname FROM functions WHERE prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) ORDER BY signature::text COLLATE "C";
SELECT lanname FROM functions GROUP BY lanname ORDER BY lanname COLLATE "C";
-- What reads tables is not immutable, and what SQL says is immutable reads none.
SELECT signature FROM functions WHERE provolatile = 'i' AND lanname IN ('sql', 'plpgsql') AND prosrc ~* '\mfrom\s+(lead_scoring|pg_catalog)\.[a-z_]+\s+as\M';
-- Event triggers are on, in every session that is not a replica's.
SELECT evtname, evtevent, evtenabled, evttags, evtfoid::regproc FROM pg_event_trigger WHERE evtname ~ '^lead_scoring' ORDER BY evtname COLLATE "C";
-- The catalog's own triggers, all enabled.
SELECT tgrelid::regclass AS guarded, tgname, tgenabled, tgfoid::regproc FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = 'lead_scoring'::regnamespace AND NOT tgisinternal ORDER BY relname COLLATE "C", tgname COLLATE "C";

-- Nobody has been granted more than rows of the tables.
SELECT relname, acl.privilege_type FROM pg_class c, aclexplode(c.relacl) acl
WHERE relnamespace = 'lead_scoring'::regnamespace AND acl.grantee = 0 AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE');
-- No foreign key points from a child to its parent: a parallel restore loads tables in any order.
SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f' AND connamespace = 'lead_scoring'::regnamespace;
-- Columns that hold other objects are regclass or name only: nothing else survives a restore that goes wrong in part.
SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE relnamespace = 'lead_scoring'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
  AND atttypid::regtype::text ~ '^(reg|oid)' AND atttypid <> 'regclass'::regtype;
-- The catalog queries of the C code find their indexes.
SELECT indexrelid::regclass FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid 
WHERE relnamespace = 'lead_scoring'::regnamespace
  AND relname IN ('audience_pkey', 'source_pkey', 'source_table', 'signal_version_pkey', 'sheet_audience', 'sheet_revision_pkey') ORDER BY relname COLLATE "C";
