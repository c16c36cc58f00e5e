-- The audit trail: who did what to what, when. Lines are only ever added, each with a hash over itself and the hash of the
-- line before it, so that a changed, removed or inserted line is found.

CREATE TABLE tidegate.audit (
    seq bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    correlation text,
    hash bytea NOT NULL
);
CREATE INDEX audit_by_action ON tidegate.audit (action, seq);
COMMENT ON TABLE tidegate.audit IS 'The audit trail, written by tidegate.record alone. It holds no row values and no secrets.';
COMMENT ON COLUMN tidegate.audit.seq IS 'Counts from 1 without gaps.';
COMMENT ON COLUMN tidegate.audit.actor IS 'The person and host that a command ran for (setting tidegate.actor), else the database role.';
COMMENT ON COLUMN tidegate.audit.action IS 'A word, such as wave-live or ownership-transferred.';
COMMENT ON COLUMN tidegate.audit.subject IS 'What it was done to, such as entity orders or wave eu.';
COMMENT ON COLUMN tidegate.audit.detail IS 'Names and numbers that belong to it.';
COMMENT ON COLUMN tidegate.audit.correlation IS 'The Kafka record that caused it, topic[partition]@offset, where one did.';
COMMENT ON COLUMN tidegate.audit.hash IS 'SHA-256 over the hash of the line before (nothing for the first) and this line as a JSON array.';

CREATE TABLE tidegate.audit_head (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    seq bigint NOT NULL,
    hash bytea NOT NULL
);
COMMENT ON TABLE tidegate.audit_head IS 'Number and hash of the last line: what keeps the end of the trail from being cut off unseen.';
INSERT INTO tidegate.audit_head (seq, hash) VALUES (0, '');

CREATE FUNCTION tidegate.audit_hash(previous bytea, line tidegate.audit) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(previous || convert_to(jsonb_build_array(
    line.seq, floor(extract(epoch FROM line.at) * 1000000)::bigint, line.actor, line.action, line.subject, line.detail,
    line.correlation)::text, 'UTF8'));
COMMENT ON FUNCTION tidegate.audit_hash IS 'The hash of a line that follows a line with the hash given.';

CREATE FUNCTION tidegate.record(
    _action text, _subject text, _detail jsonb DEFAULT '{}', _correlation text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    head tidegate.audit_head;
    line tidegate.audit;
BEGIN
    -- The lock makes writers one line; it is held to the end of their transactions.
    SELECT * INTO STRICT head FROM tidegate.audit_head FOR UPDATE;
    line := ROW (head.seq + 1, clock_timestamp(),
        coalesce(nullif(current_setting('tidegate.actor', true), ''), session_user), _action, _subject, _detail,
        _correlation, NULL);
    line.hash := tidegate.audit_hash(head.hash, line);
    INSERT INTO tidegate.audit SELECT line.*;
    UPDATE tidegate.audit_head SET seq = line.seq, hash = line.hash;
    RETURN line.seq;
END $$;
COMMENT ON FUNCTION tidegate.record IS 'Adds a line to the audit trail, in the transaction of what it tells.';

CREATE FUNCTION tidegate.audit_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail can only be added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tidegate.audit
FOR EACH STATEMENT EXECUTE FUNCTION tidegate.audit_is_append_only();
-- Lanes may run as a replica; the trail is guarded there too.
ALTER TABLE tidegate.audit ENABLE ALWAYS TRIGGER append_only;

CREATE VIEW tidegate.audit_fault AS
SELECT c.seq, CASE WHEN c.seq <> c.place THEN 'missing' ELSE 'changed' END AS fault, c.place
FROM (
    SELECT a.seq, row_number() OVER (ORDER BY a.seq) AS place, a.hash,
        tidegate.audit_hash(lag(a.hash, 1, ''::bytea) OVER (ORDER BY a.seq), a) AS expected
    FROM tidegate.audit AS a
) AS c
WHERE c.seq <> c.place OR c.hash <> c.expected
UNION ALL
SELECT h.seq, 'cut', coalesce(l.seq, 0)
FROM tidegate.audit_head AS h LEFT JOIN LATERAL (SELECT seq, hash FROM tidegate.audit ORDER BY seq DESC LIMIT 1) AS l ON true
WHERE h.seq <> coalesce(l.seq, 0) OR h.hash <> coalesce(l.hash, ''::bytea);
COMMENT ON VIEW tidegate.audit_fault IS
    'Where the trail is not as it was written: a line that is missing before this one, changed (it or the one before), or the end cut off.';
