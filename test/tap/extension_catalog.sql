-- Everything that the catalogs say of the extension's members, without object identifiers and without the order of columns:
-- an extension that was updated or restored must say the same as one that was just created. (Views without their blanks:
-- PostgreSQL sets them differently when it prints what it has read from its own print.)
WITH member AS (
    SELECT d.classid, d.objid, (pg_identify_object(d.classid, d.objid, 0)).identity AS name
    FROM pg_depend AS d JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE d.deptype = 'e' AND e.extname = 'lead_scoring'),
relation AS (SELECT m.name, c.* FROM member AS m JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid),
fact(kind, name, detail) AS (
    SELECT 'extension', e.extname::text, format('%s %s %s', e.extversion, e.extnamespace::regnamespace, e.extrelocatable)
    FROM pg_extension AS e WHERE e.extname = 'lead_scoring'
    UNION ALL SELECT 'dumped', c.oid::regclass::text, e.extcondition[c.at]
    FROM pg_extension AS e, unnest(e.extconfig) WITH ORDINALITY AS c(oid, at) WHERE e.extname = 'lead_scoring'
    UNION ALL SELECT 'member', (pg_identify_object(m.classid, m.objid, 0)).type, m.name FROM member AS m
    UNION ALL SELECT 'comment', m.name, d.objsubid::bool::text || ' ' || coalesce(a.attname, '') || ' ' || d.description
    FROM member AS m JOIN pg_description AS d ON (d.classoid, d.objoid) = (m.classid, m.objid)
         LEFT JOIN pg_attribute AS a ON m.classid = 'pg_class'::regclass AND a.attrelid = m.objid AND a.attnum = d.objsubid AND d.objsubid > 0
    UNION ALL SELECT 'function', m.name, CASE p.prokind WHEN 'a' THEN '' ELSE pg_get_functiondef(p.oid) END
        || format(' %s %s %s %s', p.provolatile, p.proparallel, p.prosecdef, array_to_string(ARRAY(SELECT x::text FROM unnest(p.proacl) AS x ORDER BY 1), ','))
    FROM member AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
    UNION ALL SELECT 'aggregate', m.name, format('%s', (SELECT string_agg(format('%s=%s', j.key, j.value), ' ' ORDER BY j.key)
        FROM jsonb_each_text(to_jsonb(a) - 'aggfnoid' || jsonb_build_object('aggtranstype', a.aggtranstype::regtype, 'aggmtranstype', a.aggmtranstype::regtype)) AS j))
    FROM member AS m JOIN pg_aggregate AS a ON m.classid = 'pg_proc'::regclass AND a.aggfnoid = m.objid
    UNION ALL SELECT 'type', m.name, format('%s %s %s %s %s %s %s', t.typtype, t.typinput, t.typoutput, t.typreceive, t.typsend, t.typstorage, t.typlen)
    FROM member AS m JOIN pg_type AS t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
    UNION ALL SELECT 'operator', m.name, format('%s %s %s %s %s %s %s', o.oprcode, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash, o.oprcom::regoperator, o.oprnegate::regoperator)
    FROM member AS m JOIN pg_operator AS o ON m.classid = 'pg_operator'::regclass AND o.oid = m.objid
    UNION ALL SELECT 'operator class', m.name, format('%s %s', c.opcdefault, c.opcintype::regtype)
    FROM member AS m JOIN pg_opclass AS c ON m.classid = 'pg_opclass'::regclass AND c.oid = m.objid
    UNION ALL SELECT 'cast', m.name, format('%s %s %s', c.castfunc::regprocedure, c.castcontext, c.castmethod)
    FROM member AS m JOIN pg_cast AS c ON m.classid = 'pg_cast'::regclass AND c.oid = m.objid
    UNION ALL SELECT 'relation', r.name, format('%s %s %s %s', r.relkind, r.relrowsecurity, r.relforcerowsecurity, array_to_string(ARRAY(SELECT x::text FROM unnest(r.relacl) AS x ORDER BY 1), ','))
    FROM relation AS r
    UNION ALL SELECT 'view', r.name, regexp_replace(pg_get_viewdef(r.oid), '\s', '', 'g') FROM relation AS r WHERE r.relkind = 'v'
    UNION ALL SELECT 'column', r.name, format('%s %s %s %s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, pg_get_expr(d.adbin, d.adrelid))
    FROM relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
         LEFT JOIN pg_attrdef AS d ON d.adrelid = r.oid AND d.adnum = a.attnum
    UNION ALL SELECT 'constraint', r.name, format('%s %s', c.conname, pg_get_constraintdef(c.oid)) FROM relation AS r JOIN pg_constraint AS c ON c.conrelid = r.oid
    UNION ALL SELECT 'index', r.name, pg_get_indexdef(i.indexrelid) FROM relation AS r JOIN pg_index AS i ON i.indrelid = r.oid
    UNION ALL SELECT 'trigger', r.name, format('%s %s', pg_get_triggerdef(t.oid), t.tgenabled) FROM relation AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid
    UNION ALL SELECT 'policy', r.name, format('%s %s %s %s %s %s', p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM relation AS r JOIN pg_policy AS p ON p.polrelid = r.oid
    UNION ALL SELECT 'event trigger', m.name, format('%s %s %s %s', t.evtevent, t.evtfoid::regproc, t.evtenabled, t.evttags)
    FROM member AS m JOIN pg_event_trigger AS t ON m.classid = 'pg_event_trigger'::regclass AND t.oid = m.objid
    UNION ALL SELECT 'schema', n.nspname::text, array_to_string(ARRAY(SELECT x::text FROM unnest(n.nspacl) AS x ORDER BY 1), ',')
    FROM pg_namespace AS n WHERE n.nspname = 'lead_scoring'
    UNION ALL SELECT 'first privileges', m.name, format('%s %s', i.objsubid, array_to_string(ARRAY(SELECT x::text FROM unnest(i.initprivs) AS x ORDER BY 1), ','))
    FROM member AS m JOIN pg_init_privs AS i ON (i.classoid, i.objoid) = (m.classid, m.objid))
SELECT kind, name, detail FROM fact ORDER BY kind COLLATE "C", name COLLATE "C", detail COLLATE "C"
