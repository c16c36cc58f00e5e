-- The columns of a table's key in its order: the primary key, else a unique index of columns that are not null.
WITH candidate AS (
    SELECT i.indexrelid, i.indkey, i.indnkeyatts FROM pg_catalog.pg_index i
    WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
        AND (i.indisprimary OR NOT EXISTS (
            SELECT FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull))
    ORDER BY i.indisprimary DESC, i.indisreplident DESC, i.indexrelid LIMIT 1
)
SELECT a.attname AS name
FROM candidate c, unnest(c.indkey) WITH ORDINALITY AS k (number, place), pg_catalog.pg_attribute a
WHERE a.attrelid = $1::oid AND a.attnum = k.number AND k.place <= c.indnkeyatts
ORDER BY k.place
