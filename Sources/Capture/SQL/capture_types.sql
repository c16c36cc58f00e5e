-- The columns' types, by OID and modifier; a domain's is that which it is made of.
WITH RECURSIVE resolved (place, type, modifier) AS (
    SELECT place, type, modifier
    FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS given (type, modifier, place)
    UNION ALL
    SELECT place, typbasetype, CASE typtypmod WHEN -1 THEN modifier ELSE typtypmod END
    FROM resolved JOIN pg_catalog.pg_type ON oid = type WHERE typtype = 'd'
)
SELECT place,
    CASE WHEN coalesce(e.typnamespace, t.typnamespace) = 'pg_catalog'::regnamespace
        THEN pg_catalog.format_type(type, modifier)
        ELSE coalesce(e.typname, t.typname) || CASE WHEN e.oid IS NULL THEN '' ELSE '[]' END END AS name,
    coalesce(e.typtype, t.typtype) = 'e' AS is_enumeration
FROM resolved JOIN pg_catalog.pg_type t ON t.oid = type
    LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
WHERE t.typtype <> 'd'
