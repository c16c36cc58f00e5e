-- The size of the table $1 (quoted) with its large values and its partitions, from the catalog: rows from the last
-- ANALYZE grown with the table, or from the size when there was none.
WITH part AS (
    SELECT c.oid, c.relkind, c.reltuples, pg_table_size(c.oid) AS bytes, c.relpages, pg_relation_size(c.oid) AS heap
    FROM (SELECT coalesce(p.relid, r.oid) AS oid FROM (SELECT to_regclass($1)::oid AS oid) AS r
          LEFT JOIN LATERAL pg_partition_tree(r.oid) AS p ON true) AS t
    JOIN pg_class c ON c.oid = t.oid)
SELECT sum(bytes)::bigint AS bytes,
       least(sum(CASE WHEN reltuples < 0 OR relpages <= 0 THEN heap / 100.0
                 ELSE reltuples::float8 / relpages * (heap / current_setting('block_size')::int) END), 1e15)::bigint AS rows,
       bool_and(relkind IN ('r', 'p', 'm')) AS samplable
FROM part
