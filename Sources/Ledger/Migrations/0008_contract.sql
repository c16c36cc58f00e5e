-- What the migration relies on of the source, and where the source differs from it; playbooks by version.

CREATE TABLE tidegate.activation (
    name text NOT NULL,
    version integer NOT NULL,
    hash text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    PRIMARY KEY (name, version),
    FOREIGN KEY (name, hash) REFERENCES tidegate.playbook
);
INSERT INTO tidegate.activation (name, version, hash, at, actor)
SELECT name, row_number() OVER (PARTITION BY name ORDER BY activated_at), hash, activated_at, 'before versions were kept'
FROM tidegate.playbook;
COMMENT ON TABLE tidegate.activation IS 'Versions of a playbook: the highest is in force. One that comes back is a new version.';
COMMENT ON COLUMN tidegate.activation.actor IS 'The person and host who put it in force.';

CREATE TABLE tidegate.contract (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    entity_id integer NOT NULL REFERENCES tidegate.entity,
    version integer NOT NULL,
    fingerprint text NOT NULL,
    content json NOT NULL,
    catalog json,
    lsn pg_lsn,
    confirmed_lsn pg_lsn,
    pinned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    pinned_by text NOT NULL,
    UNIQUE (entity_id, version)
);
COMMENT ON TABLE tidegate.contract IS
    'What each entity relies on of its source table: columns, types, NULL, key, replica identity, connector modes. The highest version counts.';
COMMENT ON COLUMN tidegate.contract.fingerprint IS 'SHA-256 of the contract''s canonical text, in hexadecimal.';
COMMENT ON COLUMN tidegate.contract.catalog IS 'The source''s catalog of the table: the playbook is compiled against it. Null without a connection.';
COMMENT ON COLUMN tidegate.contract.lsn IS 'End of the source''s log before its catalog was read: older events may have an older shape.';
COMMENT ON COLUMN tidegate.contract.confirmed_lsn IS
    'End of the source''s log before the last look at its catalog that found the contract kept: what no event shows happened later.';

CREATE TABLE tidegate.announced (
    entity_id integer PRIMARY KEY REFERENCES tidegate.entity,
    content json NOT NULL
);
COMMENT ON TABLE tidegate.announced IS 'The shape of each table that the connector announced last, in its schema-change topic.';

CREATE TABLE tidegate.drift (
    entity_id integer NOT NULL REFERENCES tidegate.entity,
    change text NOT NULL,
    reaction text NOT NULL CHECK (reaction IN ('alert', 'pause')),
    seen_in text NOT NULL,
    statements text[] NOT NULL,
    playbook text[] NOT NULL,
    position text,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (entity_id, change)
);
COMMENT ON TABLE tidegate.drift IS
    'How the source differs from the contracts in force. Gone when another contract is accepted.';
COMMENT ON COLUMN tidegate.drift.reaction IS 'alert: it is told; pause: the entity stops before the first event that may be affected.';
COMMENT ON COLUMN tidegate.drift.seen_in IS 'catalog, or the Kafka record that showed it first, topic[partition]@offset.';
COMMENT ON COLUMN tidegate.drift.position IS
    'Source position of the DDL, major:minor:row, where the connector announced a change that events do not show: the entity stops before events from there on.';
COMMENT ON COLUMN tidegate.drift.statements IS 'Proposed statements for the target.';
COMMENT ON COLUMN tidegate.drift.playbook IS 'Proposed lines for the playbook.';
