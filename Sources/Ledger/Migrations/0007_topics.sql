-- What topics do that a checkpoint alone does not survive: lose what comes next, grow, be made anew.

ALTER TABLE tidegate.scope ADD COLUMN again boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN tidegate.scope.again IS
    'Loaded anew after changes were lost: a row that is in the target may be old in any of its columns, and be gone from the source.';

ALTER TABLE tidegate.checkpoint ADD COLUMN last_record text;
COMMENT ON COLUMN tidegate.checkpoint.last_record IS
    'The last record consumed, as offset:timestamp:key bytes:value bytes: by it a topic that was made anew is told from the old one.';

CREATE TABLE tidegate.topic (
    flow text NOT NULL,
    topic text NOT NULL,
    partitions integer NOT NULL CHECK (partitions > 0),
    grown_to integer CHECK (grown_to > partitions),
    old_ends bigint[],
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (flow, topic)
);
COMMENT ON TABLE tidegate.topic IS 'How many partitions the topics of a flow have.';
COMMENT ON COLUMN tidegate.topic.partitions IS 'Partitions that are consumed.';
COMMENT ON COLUMN tidegate.topic.grown_to IS
    'Partitions since some were added; the added ones are held until the others have been applied to old_ends.';
COMMENT ON COLUMN tidegate.topic.old_ends IS
    'Log ends of the partitions that were there, by number, read when the first record was seen in an added one; null until then.';
