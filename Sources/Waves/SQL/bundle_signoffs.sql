-- Who has accepted which evidence of wave $1.
SELECT jsonb_build_object('wave', wave, 'evidence', evidence_hash, 'by', signed_by, 'at', at, 'reason', reason) AS line
FROM tidegate.sign_off WHERE wave = $1 ORDER BY id
