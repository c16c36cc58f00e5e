-- What depends on the relations $1 (schemas), $2 (names), or acts when their rows are written, as the catalog knows it.
-- Functions are also found by their text: PL/pgSQL's bodies are no dependencies for the catalog.
WITH RECURSIVE wanted AS (
    SELECT c.oid, n.nspname, c.relname
    FROM unnest($1::text[], $2::text[]) AS w (schema, name)
    JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
), viewed AS (
    SELECT wanted.oid AS root, view.oid, view.relkind, 1 AS depth, wanted.relname::text AS through
    FROM wanted
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = wanted.oid
        AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class view ON view.oid = r.ev_class AND view.oid <> wanted.oid
    UNION
    SELECT viewed.root, view.oid, view.relkind, viewed.depth + 1, below.relname::text
    FROM viewed
    JOIN pg_class below ON below.oid = viewed.oid
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = viewed.oid
        AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class view ON view.oid = r.ev_class AND view.oid <> viewed.oid
    WHERE viewed.depth < 10
), bodies AS (
    SELECT p.oid, n.nspname || '.' || p.proname AS name, l.lanname,
        -- Comments, which name what they like, are left out.
        regexp_replace(regexp_replace(p.prosrc, '/\*.*?\*/', ' ', 'g'), '--[^\n]*', ' ', 'g') AS text
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE l.lanname NOT IN ('internal', 'c') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'tidegate')
      AND n.nspname !~ '^pg_'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
), found AS (
    SELECT root AS oid, CASE relkind WHEN 'm' THEN 'materialised-view' WHEN 'v' THEN 'view' ELSE 'rule' END AS kind,
        viewed.oid::regclass::text AS name,
        CASE WHEN min(depth) = 1 THEN '' ELSE 'through ' || min(through) END AS detail
    FROM viewed GROUP BY 1, 2, 3
    UNION ALL
    SELECT g.tgrelid, 'trigger', g.tgname,
        'calls ' || g.tgfoid::regproc || CASE g.tgenabled WHEN 'D' THEN ', disabled' WHEN 'R' THEN ', in replica sessions'
            WHEN 'A' THEN ', also in replica sessions' ELSE '' END
    FROM pg_trigger g JOIN wanted ON wanted.oid = g.tgrelid WHERE NOT g.tgisinternal
        AND g.tgfoid NOT IN (SELECT f.oid FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace WHERE n.nspname = 'tidegate')
    UNION ALL
    SELECT wanted.oid, 'function', bodies.name, 'its body names the table'
    FROM bodies JOIN wanted ON strpos(lower(bodies.text), lower(wanted.relname)) > 0
        AND bodies.text ~* ('(^|[^a-z0-9_$])' || regexp_replace(wanted.relname, '([^a-zA-Z0-9_])', '\\\1', 'g')
        || '([^a-z0-9_$]|$)')
        -- A word that may be anything counts only with its schema, or after a word that a table follows.
        AND bodies.text ~* ('(' || regexp_replace(wanted.nspname, '([^a-zA-Z0-9_])', '\\\1', 'g') || '"?\.|from\s+|join\s+|into\s+|update\s+|only\s+|table\s+|truncate\s+|copy\s+)"?'
            || regexp_replace(wanted.relname, '([^a-zA-Z0-9_])', '\\\1', 'g') || '"?([^a-z0-9_$]|$)')
    UNION ALL
    SELECT wanted.oid, 'function', d.objid::regproc::text, 'the catalog says so'
    FROM pg_depend d JOIN wanted ON d.refclassid = 'pg_class'::regclass AND d.refobjid = wanted.oid
    WHERE d.classid = 'pg_proc'::regclass
    UNION ALL
    SELECT wanted.oid, 'publication', p.pubname, CASE WHEN pub.puballtables THEN 'for all tables' ELSE '' END
    FROM pg_publication_tables p JOIN wanted ON wanted.nspname = p.schemaname AND wanted.relname = p.tablename
    JOIN pg_publication pub ON pub.pubname = p.pubname
    UNION ALL
    SELECT wanted.oid, 'sequence', s.oid::regclass::text, 'of column ' || a.attname
    FROM pg_depend d JOIN wanted ON d.refclassid = 'pg_class'::regclass AND d.refobjid = wanted.oid
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_attribute a ON a.attrelid = wanted.oid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT wanted.oid, 'policy', p.polname,
        CASE WHEN c.relforcerowsecurity THEN 'in force for the owner too' WHEN c.relrowsecurity THEN 'in force' ELSE 'not in force' END
    FROM pg_policy p JOIN wanted ON wanted.oid = p.polrelid JOIN pg_class c ON c.oid = p.polrelid
    UNION ALL
    SELECT wanted.oid, CASE WHEN c.relispartition THEN 'partition' ELSE 'child-table' END, i.inhrelid::regclass::text, ''
    FROM pg_inherits i JOIN wanted ON wanted.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
    WHERE c.relkind IN ('r', 'p', 'f')
)
SELECT wanted.nspname AS schema, wanted.relname AS table, found.kind, found.name, min(found.detail) AS detail
FROM found JOIN wanted USING (oid)
WHERE found.name !~ '^tidegate\.'
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
