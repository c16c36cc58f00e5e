-- What a parked key waits for, when it is tried again, and the copies of events in a dead-letter topic.

ALTER TABLE tidegate.quarantine ADD COLUMN held_by text[], ADD COLUMN awaited text, ADD COLUMN awaited_key text[],
    ADD COLUMN waits integer NOT NULL DEFAULT 0, ADD COLUMN retry_at timestamptz, ADD COLUMN published_at timestamptz,
    ADD COLUMN publish_error text, ADD COLUMN unpublishable boolean NOT NULL DEFAULT false, ADD COLUMN all_headers jsonb;
COMMENT ON COLUMN tidegate.quarantine.held_by IS 'Of a conflict: the target key of the row that has the unique value.';
COMMENT ON COLUMN tidegate.quarantine.awaited IS 'Of a missing parent: the foreign key''s constraint.';
COMMENT ON COLUMN tidegate.quarantine.awaited_key IS 'Of a missing parent: the values that it should have in the constraint''s columns, as text.';
COMMENT ON COLUMN tidegate.quarantine.waits IS 'How often it was tried again by itself.';
COMMENT ON COLUMN tidegate.quarantine.retry_at IS 'Before that it is not tried again by itself; null: at once.';
COMMENT ON COLUMN tidegate.quarantine.published_at IS 'When the dead-letter topic had it.';
COMMENT ON COLUMN tidegate.quarantine.publish_error IS 'Why the dead-letter topic does not have it.';
COMMENT ON COLUMN tidegate.quarantine.unpublishable IS 'Whether the broker will never take it, as when it is too large.';
COMMENT ON COLUMN tidegate.quarantine.all_headers IS 'All headers as they came, in order: name, and value in hexadecimal or null.';

CREATE INDEX waiting_keys ON tidegate.quarantine (entity_id, awaited) WHERE state IN ('parked', 'retrying') AND reason = 'missing-parent';
CREATE INDEX taken_up_keys ON tidegate.quarantine (id) WHERE state = 'retrying';
CREATE INDEX unpublished_events ON tidegate.quarantine (id)
    WHERE state IN ('parked', 'retrying') AND published_at IS NULL AND NOT unpublishable;
