-- The columns of the relations $1, domains followed to their base type.
SELECT a.attrelid AS relation, a.attnum AS number, a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS declared_type,
       format_type(base.oid, base.typmod) AS base_type,
       format_type(base.oid, -1) AS bare_type,
       base.oid AS base_oid,
       a.atttypid AS declared_oid,
       format_type(a.atttypid, -1) AS declared_bare_type,
       t.typcategory AS category,
       e.typname AS element_name,
       e.oid AS element_oid,
       e.typtype AS element_kind,
       en.nspname = 'pg_catalog' AS is_builtin,
       t.oid <> e.oid AS is_array,
       a.atttypid <> base.oid AS is_domain,
       a.attnotnull OR base.is_not_null AS is_not_null,
       pg_get_expr(d.adbin, d.adrelid) AS default_expression,
       a.attidentity AS identity, a.attgenerated AS generated,
       a.attstorage IN ('x', 'e', 'm') AS is_toastable,
       a.atttypmod AS modifier,
       -- A database's own collation may be another library's than the one that datcollate names.
       CASE WHEN a.attcollation = 0 THEN true
            WHEN co.collprovider = 'd' THEN db.datcollate IN ('C', 'POSIX')
                AND coalesce(to_jsonb(db) ->> 'datlocprovider', 'c') = 'c'
            ELSE coalesce(co.collprovider = 'c' AND co.collcollate IN ('C', 'POSIX'), false)
       END AS sorts_by_bytes
FROM pg_attribute a
CROSS JOIN LATERAL (
    WITH RECURSIVE chain AS (
        SELECT a.atttypid AS oid, a.atttypmod AS typmod, false AS is_not_null, 0 AS depth
        UNION ALL
        SELECT p.typbasetype, p.typtypmod, chain.is_not_null OR p.typnotnull, chain.depth + 1
        FROM chain JOIN pg_type p ON p.oid = chain.oid AND p.typtype = 'd')
    SELECT oid, typmod, is_not_null FROM chain ORDER BY depth DESC LIMIT 1) base
JOIN pg_type t ON t.oid = base.oid
JOIN pg_type e ON e.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
JOIN pg_namespace en ON en.oid = e.typnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation co ON co.oid = a.attcollation
JOIN pg_database db ON db.datname = current_database()
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
