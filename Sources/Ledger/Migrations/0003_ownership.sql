-- Who owns what since the playbook was written, and what was kept from being written because of it.

CREATE TABLE tidegate.ownership_transfer (
    epoch bigint PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    wave text,
    entity text,
    fields text[] NOT NULL DEFAULT '{}',
    owner text NOT NULL CHECK (owner IN ('source', 'target')),
    reason text NOT NULL,
    CONSTRAINT wave_or_entity CHECK ((wave IS NULL) <> (entity IS NULL))
);
COMMENT ON TABLE tidegate.ownership_transfer IS
    'Transfers of ownership; each begins an epoch. Made under the locks of all entities, so that each apply transaction runs wholly before or wholly after one.';
COMMENT ON COLUMN tidegate.ownership_transfer.epoch IS 'Counts from 1; epoch 0 is the playbook alone.';
COMMENT ON COLUMN tidegate.ownership_transfer.wave IS 'The wave whose rules (from: wave) came into force with owner target, and went out of it with owner source.';
COMMENT ON COLUMN tidegate.ownership_transfer.entity IS 'The entity whose rows, or fields, were transferred.';
COMMENT ON COLUMN tidegate.ownership_transfer.fields IS 'The target columns; empty for all of the entity.';
COMMENT ON COLUMN tidegate.ownership_transfer.owner IS 'The side that owns them from then on.';
COMMENT ON COLUMN tidegate.ownership_transfer.reason IS 'Why, in the words of the person who did it.';

CREATE TABLE tidegate.suppressed (
    entity_id integer NOT NULL REFERENCES tidegate.entity,
    field text NOT NULL,
    epoch bigint NOT NULL,
    writes bigint NOT NULL DEFAULT 0,
    violations bigint NOT NULL DEFAULT 0,
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entity_id, field, epoch)
);
COMMENT ON TABLE tidegate.suppressed IS 'What the source sent for values that the target owns, and was not written.';
COMMENT ON COLUMN tidegate.suppressed.field IS 'The target column; * for a row as a whole.';
COMMENT ON COLUMN tidegate.suppressed.writes IS 'Images whose value differed from the stored one, and deletes and inserts of rows that the target owns.';
COMMENT ON COLUMN tidegate.suppressed.violations IS 'Events that changed the value on the source, as far as they tell (REPLICA IDENTITY FULL); each is in the audit trail.';
