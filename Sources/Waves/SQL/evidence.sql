-- What was found of wave $1 under playbook $2, as one JSON text: counts, digests and outcomes, no row values. The text of a
-- jsonb is the same wherever the same was found, so its hash can be signed.
WITH scopes AS (
    SELECT e.id, e.name, s.state, s.origin
    FROM tidegate.scope s JOIN tidegate.entity e ON e.id = s.entity_id WHERE s.wave = $1
), verification AS (
    SELECT v.* FROM tidegate.verification v
    WHERE v.wave = $1 AND v.finished_at IS NOT NULL ORDER BY v.id DESC LIMIT 1
)
SELECT jsonb_build_object(
    'wave', $1::text,
    'playbook', $2::text,
    'epoch', (SELECT coalesce(max(epoch), 0) FROM tidegate.ownership_transfer),
    'entities', (
        SELECT coalesce(jsonb_object_agg(s.name, jsonb_build_object(
            'state', s.state,
            'origin', s.origin,
            'chunks', (SELECT count(*) FROM tidegate.chunk c WHERE c.entity_id = s.id AND c.wave = $1),
            'read', (SELECT coalesce(sum(c.rows), 0) FROM tidegate.chunk c WHERE c.entity_id = s.id AND c.wave = $1),
            'digest', (SELECT encode(sha256(convert_to(coalesce(string_agg(c.digest, ',' ORDER BY c.ordinal), ''), 'UTF8')), 'hex')
                FROM tidegate.chunk c WHERE c.entity_id = s.id AND c.wave = $1),
            'written', (SELECT coalesce(sum(m.rows), 0) FROM tidegate.manifest m
                WHERE m.entity_id = s.id AND m.wave = $1),
            'before', (SELECT coalesce(jsonb_object_agg(k.action, k.rows), '{}') FROM (
                SELECT i.action, count(*) AS rows FROM tidegate.manifest_image i
                WHERE i.entity_id = s.id AND i.wave = $1 GROUP BY i.action) AS k),
            'quarantine', (SELECT coalesce(jsonb_object_agg(k.reason, k.events), '{}') FROM (
                SELECT q.reason, count(*) AS events FROM tidegate.quarantine q
                WHERE q.entity_id = s.id AND q.state IN ('parked', 'retrying') GROUP BY q.reason) AS k))), '{}')
        FROM scopes s),
    'verification', (
        SELECT jsonb_build_object(
            'number', v.id,
            'outcome', v.outcome,
            'finished', to_char(v.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'playbook', v.playbook,
            'epoch', v.epoch,
            'entities', (
                SELECT coalesce(jsonb_object_agg(k.name, to_jsonb(k) - 'name'), '{}') FROM (
                    SELECT e.name, count(*) AS ranges, count(*) FILTER (WHERE c.state = 'equal') AS equal,
                        sum(c.source_rows) AS source_rows, sum(c.target_rows) AS target_rows,
                        encode(sha256(convert_to(string_agg(coalesce(c.source_digest, ''), ',' ORDER BY c.ordinal), 'UTF8')), 'hex')
                            AS source_digest,
                        encode(sha256(convert_to(string_agg(coalesce(c.target_digest, ''), ',' ORDER BY c.ordinal), 'UTF8')), 'hex')
                            AS target_digest,
                        sum(c.suspects) AS suspects, sum(c.drifted) AS drifted, sum(c.unproven) AS unproven,
                        sum(c.parked) AS parked, sum(c.repaired) AS repaired, min(c.position) AS position
                    FROM tidegate.certificate c JOIN tidegate.entity e ON e.id = c.entity_id
                    WHERE c.verification_id = v.id GROUP BY e.name) AS k))
        FROM verification v)
)::text
