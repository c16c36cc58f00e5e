-- What the loads of wave $1 have done: a line for each merge, with its keys if $2, and for each row that was there before.
SELECT line FROM (
    SELECT 1 AS part, m.id AS place, jsonb_build_object('entity', e.name, 'action', 'written', 'rows', m.rows,
        'at', m.at, 'keys-sha256', encode(sha256(convert_to(m.keys::text, 'UTF8')), 'hex'))
        || CASE WHEN $2::boolean THEN jsonb_build_object('keys', to_jsonb(m.keys)) ELSE '{}' END AS line
    FROM tidegate.manifest m JOIN tidegate.entity e ON e.id = m.entity_id WHERE m.wave = $1
    UNION ALL
    SELECT 2, row_number() OVER (ORDER BY i.entity_id, i.key), jsonb_build_object('entity', e.name, 'action', i.action,
        'writer', i.writer, 'at', i.at, 'key-sha256', encode(sha256(convert_to(i.key::text, 'UTF8')), 'hex'),
        'image-sha256', encode(sha256(convert_to(i.image::text, 'UTF8')), 'hex'))
        || CASE WHEN $2::boolean THEN jsonb_build_object('key', to_jsonb(i.key)) ELSE '{}' END
    FROM tidegate.manifest_image i JOIN tidegate.entity e ON e.id = i.entity_id WHERE i.wave = $1) AS lines
ORDER BY part, place
