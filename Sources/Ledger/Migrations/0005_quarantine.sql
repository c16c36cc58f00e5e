-- What people do about events that were set aside.

ALTER TABLE tidegate.quarantine ADD COLUMN attempts integer NOT NULL DEFAULT 0, ADD COLUMN tried_at timestamptz,
    ADD COLUMN original_value bytea;
COMMENT ON COLUMN tidegate.quarantine.attempts IS 'How often a person had it retried.';
COMMENT ON COLUMN tidegate.quarantine.tried_at IS 'When that was, the last time.';
COMMENT ON COLUMN tidegate.quarantine.original_value IS 'The value as it came, of an event that a person has edited.';
COMMENT ON COLUMN tidegate.quarantine.state IS
    'parked, retrying (a person wants it applied: the lane that has its partition does it), resolved (applied after all) or discarded by a person.';

CREATE TABLE tidegate.stall (
    flow text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    state text NOT NULL CHECK (state IN ('retrying', 'stopped')),
    reason text NOT NULL,
    next_offset bigint,
    position text,
    attempts integer NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_attempt timestamptz NOT NULL,
    PRIMARY KEY (flow, topic, partition)
);
COMMENT ON TABLE tidegate.stall IS 'Partitions that do not go on at present, and why. Written by the lane that has them; gone when it goes on.';
COMMENT ON COLUMN tidegate.stall.state IS
    'retrying: the whole lane tries again; stopped: the entity is left out until it is tried again, others go on.';
COMMENT ON COLUMN tidegate.stall.reason IS 'What was wrong, with its SQLSTATE or code, without row values.';
COMMENT ON COLUMN tidegate.stall.next_offset IS 'Where it stands: the offset of the next event.';
COMMENT ON COLUMN tidegate.stall.position IS 'Source position of the last event that was applied.';
COMMENT ON COLUMN tidegate.stall.attempts IS 'How often it was tried.';
