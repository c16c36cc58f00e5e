-- The foreign keys of the relations $1.
SELECT k.conrelid AS relation, k.conname AS name, n.nspname AS parent_schema, p.relname AS parent_name,
       k.condeferrable AS is_deferrable, k.confdeltype AS on_delete,
       (SELECT string_agg(a.attname, chr(31) ORDER BY c.place)
        FROM unnest(k.conkey) WITH ORDINALITY AS c (number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.number) AS columns,
       (SELECT string_agg(a.attname, chr(31) ORDER BY c.place)
        FROM unnest(k.confkey) WITH ORDINALITY AS c (number, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.number) AS parent_columns
FROM pg_constraint k
JOIN pg_class p ON p.oid = k.confrelid
JOIN pg_namespace n ON n.oid = p.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = ANY ($1::oid[])
ORDER BY k.conrelid, k.conname
