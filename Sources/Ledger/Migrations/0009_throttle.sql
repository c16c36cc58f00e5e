-- What holds loads back, and what known defects have been found.

CREATE TABLE tidegate.throttle (
    worker_id integer PRIMARY KEY REFERENCES tidegate.worker,
    wave text NOT NULL,
    share double precision CHECK (share BETWEEN 0 AND 1),
    factor text,
    reason text,
    since timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE tidegate.throttle IS
    'One row for each process that loads, written every second; the time that takes is what it knows of the target''s commits. Of no meaning once its worker is gone.';
COMMENT ON COLUMN tidegate.throttle.worker_id IS 'The throttle''s own session; its lock says that the process lives, and the living share rate ceilings.';
COMMENT ON COLUMN tidegate.throttle.share IS 'The share of full speed that is allowed: 1 nothing holds it back, 0 it pauses; null: nothing is decided yet.';
COMMENT ON COLUMN tidegate.throttle.factor IS 'What limits it, by the name in the playbook''s limits.throttle; null: nothing.';
COMMENT ON COLUMN tidegate.throttle.reason IS 'The same in words, with reading and limit.';
COMMENT ON COLUMN tidegate.throttle.since IS 'Since when this factor, or none, limits it.';

CREATE TABLE tidegate.defect_count (
    entity_id integer NOT NULL REFERENCES tidegate.entity,
    defect text NOT NULL,
    wave text NOT NULL,
    action text NOT NULL CHECK (action IN ('set', 'quarantine')),
    baseline_rows bigint NOT NULL DEFAULT 0,
    stream_events bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (entity_id, defect, wave, action)
) WITH (fillfactor = 50);
COMMENT ON TABLE tidegate.defect_count IS
    'Rows in which a known defect of the playbook was found, counted in the transactions that wrote them or set them aside.';
COMMENT ON COLUMN tidegate.defect_count.wave IS
    'The wave that loaded the row; for an event, the first started one in the playbook''s order whose scope holds the row, empty for none.';
COMMENT ON COLUMN tidegate.defect_count.action IS 'What was done: set, corrected; quarantine, set aside.';
COMMENT ON COLUMN tidegate.defect_count.baseline_rows IS 'Rows of merged chunks and of rows read again.';
COMMENT ON COLUMN tidegate.defect_count.stream_events IS 'Final images of applied batches: events that a later one of their batch made obsolete are not among them.';
