-- The audit trail from the first line about wave $1 to its end, without a gap: each line's text, as it was hashed, with its
-- hash; the line before the first gives the hash that the first one builds on.
SELECT jsonb_build_object('seq', a.seq, 'text', tidegate.audit_text(a), 'hash', encode(a.hash, 'hex')) AS line
FROM tidegate.audit a
WHERE a.seq >= (SELECT min(seq) - 1 FROM tidegate.audit WHERE subject = 'wave ' || $1 OR subject LIKE 'wave ' || $1 || ' of %')
ORDER BY a.seq
