-- The wave as the unit of work: where it stands, who signed it off over which evidence, and what it did to which row.

CREATE TABLE tidegate.wave (
    name text PRIMARY KEY,
    phase text NOT NULL DEFAULT 'planned' CHECK (phase IN ('planned', 'profiled', 'loading', 'loaded', 'verified',
        'signed-off', 'live', 'cut-over', 'closed', 'rolled-back')),
    requested_by text,
    requested_at timestamptz,
    paused_by text,
    paused_at timestamptz,
    pause_reason text,
    evidence jsonb,
    evidence_hash text,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE tidegate.wave IS 'Where each wave stands. Every change of phase is in the audit trail.';
COMMENT ON COLUMN tidegate.wave.requested_by IS 'Who had it run last: not the one who may sign it off.';
COMMENT ON COLUMN tidegate.wave.paused_at IS 'Since when its load takes no new chunk; null when it is not paused.';
COMMENT ON COLUMN tidegate.wave.evidence IS 'What was found when it was verified: counts, digests and certificates, without row values.';
COMMENT ON COLUMN tidegate.wave.evidence_hash IS 'SHA-256 of the evidence''s canonical text, in hexadecimal: what a sign-off is bound to.';
COMMENT ON COLUMN tidegate.wave.since IS 'When it came into this phase.';

CREATE TABLE tidegate.sign_off (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    wave text NOT NULL REFERENCES tidegate.wave,
    evidence_hash text NOT NULL,
    signed_by text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL,
    UNIQUE (wave, evidence_hash, signed_by)
);
COMMENT ON TABLE tidegate.sign_off IS 'Who has accepted which evidence. A sign-off of other evidence counts for nothing.';

CREATE TABLE tidegate.manifest (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    entity_id integer NOT NULL REFERENCES tidegate.entity,
    wave text NOT NULL,
    xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    at timestamptz NOT NULL DEFAULT now(),
    rows bigint NOT NULL,
    keys text[] NOT NULL
);
CREATE INDEX manifest_by_wave ON tidegate.manifest (entity_id, wave);
COMMENT ON TABLE tidegate.manifest IS 'What the loads of a wave have written: one line for each merge, in its transaction.';
COMMENT ON COLUMN tidegate.manifest.xid IS
    'The transaction of the merge: a row of the target whose xmin it is has not been written since.';
COMMENT ON COLUMN tidegate.manifest.keys IS
    'Source keys of the rows that were written, each as the text of a text array; what was there before is in manifest_image.';

CREATE TABLE tidegate.manifest_image (
    entity_id integer NOT NULL REFERENCES tidegate.entity,
    wave text NOT NULL,
    key text[] NOT NULL,
    action text NOT NULL CHECK (action IN ('overwritten', 'deleted')),
    writer text NOT NULL CHECK (writer IN ('stream', 'tidegate', 'application')),
    image jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entity_id, wave, key)
);
COMMENT ON TABLE tidegate.manifest_image IS 'Rows of the target as they were before a load of the wave overwrote or deleted them, the first time.';
COMMENT ON COLUMN tidegate.manifest_image.key IS 'Target key, one text per key column.';
COMMENT ON COLUMN tidegate.manifest_image.action IS 'What the load did; overwritten also where the row was deleted and copied anew.';
COMMENT ON COLUMN tidegate.manifest_image.writer IS
    'Who had written it last: the stream while the wave was loading, Tidegate before that, or somebody else.';

CREATE FUNCTION tidegate.audit_text(line tidegate.audit) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN jsonb_build_array(
    line.seq, floor(extract(epoch FROM line.at) * 1000000)::bigint, line.actor, line.action, line.subject, line.detail,
    line.correlation)::text;
COMMENT ON FUNCTION tidegate.audit_text IS 'What the hash of a line is made over, after the hash of the line before.';

CREATE OR REPLACE FUNCTION tidegate.audit_hash(previous bytea, line tidegate.audit) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(previous || convert_to(tidegate.audit_text(line), 'UTF8'));
