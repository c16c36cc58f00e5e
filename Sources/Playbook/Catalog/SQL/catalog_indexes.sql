-- The unique indexes of the relations $1.
SELECT i.indrelid AS relation, c.relname AS name, i.indisprimary AS is_primary, i.indisreplident AS is_replica_identity,
       i.indimmediate AS is_immediate, i.indpred IS NOT NULL AS is_partial, 0 = ANY (i.indkey::int2[]) AS has_expression,
       i.indisvalid AS is_valid,
       (SELECT string_agg(k.number::text, ',' ORDER BY k.place)
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
        WHERE k.place <= i.indnkeyatts) AS numbers
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique
ORDER BY i.indrelid, i.indisprimary DESC, c.relname
