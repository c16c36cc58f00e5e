-- What verification has found, range by range, and which ranges have changed since.

CREATE TABLE tidegate.verification (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    playbook text NOT NULL,
    subject text NOT NULL,
    wave text,
    entities text[] NOT NULL,
    epoch bigint NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    outcome text CHECK (outcome IN ('equal', 'drift', 'unproven', 'repaired'))
);
COMMENT ON TABLE tidegate.verification IS
    'Comparisons of both sides. One that has not finished is gone on with; who is at it holds the session advisory lock (1953064038, id).';
COMMENT ON COLUMN tidegate.verification.playbook IS 'Hash of the playbook that said what equal means.';
COMMENT ON COLUMN tidegate.verification.subject IS 'What was asked for, in words; only the same is gone on with.';
COMMENT ON COLUMN tidegate.verification.wave IS 'The wave that it was asked about; null for the entities, whatever their waves.';
COMMENT ON COLUMN tidegate.verification.epoch IS 'The epoch of ownership: what the target owned then was left out.';
COMMENT ON COLUMN tidegate.verification.outcome IS 'Null until it is finished.';

CREATE TABLE tidegate.certificate (
    verification_id bigint NOT NULL REFERENCES tidegate.verification ON DELETE CASCADE,
    entity_id integer NOT NULL REFERENCES tidegate.entity,
    ordinal integer NOT NULL,
    low text[],
    high text[],
    rows_estimated bigint,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'equal', 'drift', 'unproven')),
    waves text[] NOT NULL DEFAULT '{}',
    form text,
    source_rows bigint,
    source_digest text,
    target_rows bigint,
    target_digest text,
    snapshot pg_snapshot,
    position pg_lsn,
    tolerances jsonb NOT NULL DEFAULT '{}',
    suspects bigint NOT NULL DEFAULT 0,
    drifted bigint NOT NULL DEFAULT 0,
    unproven bigint NOT NULL DEFAULT 0,
    parked bigint NOT NULL DEFAULT 0,
    repaired bigint NOT NULL DEFAULT 0,
    reason text,
    checked_at timestamptz,
    PRIMARY KEY (verification_id, entity_id, ordinal)
);
COMMENT ON TABLE tidegate.certificate IS
    'Key ranges of a verification: the work that is left (open), and for the others what is certified of them.';
COMMENT ON COLUMN tidegate.certificate.low IS 'First source key of the range, one text per key column; null: from the smallest.';
COMMENT ON COLUMN tidegate.certificate.high IS 'The key after the range; null: to the largest.';
COMMENT ON COLUMN tidegate.certificate.state IS
    'equal: every row is the same on both sides, but for parked keys; drift: a difference was proven; unproven: neither was.';
COMMENT ON COLUMN tidegate.certificate.waves IS 'The waves that had started, whose rows it is about.';
COMMENT ON COLUMN tidegate.certificate.form IS 'How rows were hashed: values, text or md5.';
COMMENT ON COLUMN tidegate.certificate.source_digest IS 'Two sums over the hashes of the source''s rows, as the target would store them.';
COMMENT ON COLUMN tidegate.certificate.target_digest IS
    'The same of the target. Where it differs and the range is equal, the differing rows were compared one by one.';
COMMENT ON COLUMN tidegate.certificate.snapshot IS 'What of the source the first digest saw.';
COMMENT ON COLUMN tidegate.certificate.position IS 'End of the source''s log just after that snapshot.';
COMMENT ON COLUMN tidegate.certificate.tolerances IS 'Differences that the playbook allows, by field.';
COMMENT ON COLUMN tidegate.certificate.suspects IS 'Rows that had to be compared one by one.';
COMMENT ON COLUMN tidegate.certificate.parked IS 'Keys in the quarantine: reported there, counted neither as equal nor as drift.';
COMMENT ON COLUMN tidegate.certificate.repaired IS 'Rows that were written to make them equal.';
COMMENT ON COLUMN tidegate.certificate.reason IS 'Why it is unproven.';

CREATE TABLE tidegate.difference (
    verification_id bigint NOT NULL,
    entity_id integer NOT NULL,
    ordinal integer NOT NULL,
    key text[] NOT NULL,
    kind text NOT NULL CHECK (kind IN ('missing', 'extra', 'different', 'unproven')),
    fields text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (verification_id, entity_id, key),
    FOREIGN KEY (verification_id, entity_id, ordinal) REFERENCES tidegate.certificate ON DELETE CASCADE
);
COMMENT ON TABLE tidegate.difference IS 'Rows that differ, by key, and rows of which nothing could be proven. Never their values.';
COMMENT ON COLUMN tidegate.difference.key IS 'The target''s key, one text per key column.';
COMMENT ON COLUMN tidegate.difference.kind IS 'missing in the target, extra in it, different in some fields, or unproven.';

CREATE TABLE tidegate.watched (
    entity_id integer PRIMARY KEY REFERENCES tidegate.entity,
    verification_id bigint NOT NULL REFERENCES tidegate.verification ON DELETE CASCADE
);
COMMENT ON TABLE tidegate.watched IS
    'The verification by whose ranges lanes note what they change; written under the entity''s lock, with its version.';

CREATE TABLE tidegate.dirty (
    entity_id integer NOT NULL,
    ordinal integer NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entity_id, ordinal)
);
COMMENT ON TABLE tidegate.dirty IS
    'Ranges of the watched verification in which an event was applied since: their certificates are of the past.';
