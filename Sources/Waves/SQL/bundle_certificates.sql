-- The certificates of the last finished verification of wave $1.
SELECT jsonb_build_object('entity', e.name, 'range', c.ordinal, 'state', c.state, 'waves', to_jsonb(c.waves), 'form', c.form,
    'source', jsonb_build_object('rows', c.source_rows, 'digest', c.source_digest),
    'target', jsonb_build_object('rows', c.target_rows, 'digest', c.target_digest),
    'snapshot', c.snapshot::text, 'position', c.position, 'tolerances', c.tolerances, 'suspects', c.suspects,
    'drifted', c.drifted, 'unproven', c.unproven, 'parked', c.parked, 'repaired', c.repaired, 'reason', c.reason,
    'at', c.checked_at) AS line
FROM tidegate.certificate c JOIN tidegate.entity e ON e.id = c.entity_id
WHERE c.verification_id = (
    SELECT v.id FROM tidegate.verification v WHERE v.wave = $1 AND v.finished_at IS NOT NULL ORDER BY v.id DESC LIMIT 1)
ORDER BY e.name, c.ordinal
