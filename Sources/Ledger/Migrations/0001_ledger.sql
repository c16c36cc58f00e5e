-- The ledger: everything Tidegate knows about a migration, in the target, so that it moves in the same transactions
-- as the rows. One statement batch per file; the migrator runs it in one transaction under an advisory lock.

CREATE TABLE tidegate.playbook (
    name text NOT NULL,
    hash text NOT NULL,
    content text NOT NULL,
    activated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, hash)
);
COMMENT ON TABLE tidegate.playbook IS 'Every playbook that was ever in force; the one activated last is in force.';
COMMENT ON COLUMN tidegate.playbook.name IS 'The name that the playbook gives itself.';
COMMENT ON COLUMN tidegate.playbook.hash IS 'SHA-256 of the file, in hexadecimal.';
COMMENT ON COLUMN tidegate.playbook.content IS 'The file as it was, with its references to secrets and without the secrets.';
COMMENT ON COLUMN tidegate.playbook.activated_at IS 'When it was put in force, the last time.';

CREATE TABLE tidegate.entity (
    id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL UNIQUE,
    version bigint NOT NULL DEFAULT 0,
    truncated text
);
COMMENT ON TABLE tidegate.entity IS
    'Entities by name. lock_<id> beside it is an empty table whose lock keeps lanes, merges and scope changes of the entity apart.';
COMMENT ON COLUMN tidegate.entity.id IS 'Number in the name of the lock table and in every row about the entity.';
COMMENT ON COLUMN tidegate.entity.name IS 'Name in the playbook.';
COMMENT ON COLUMN tidegate.entity.version IS
    'Grows with every change of the scopes, merged chunks and truncates; a lane that sees it moved, under the lock, reads them again.';
COMMENT ON COLUMN tidegate.entity.truncated IS
    'Source position of the last truncate, major:minor:row: what stands below it in any partition is made obsolete by it.';

CREATE TABLE tidegate.checkpoint (
    flow text NOT NULL CHECK (flow IN ('forward', 'reverse')),
    topic text NOT NULL,
    partition integer NOT NULL CHECK (partition >= 0),
    next_offset bigint CHECK (next_offset >= 0),
    position text,
    fence bigint NOT NULL DEFAULT 0,
    owner text,
    consumed bigint NOT NULL DEFAULT 0,
    applied bigint NOT NULL DEFAULT 0,
    superseded bigint NOT NULL DEFAULT 0,
    skipped bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    source_time timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (flow, topic, partition),
    CONSTRAINT every_event_accounted_for CHECK (consumed = applied + superseded + skipped + quarantined)
) WITH (fillfactor = 50);
COMMENT ON TABLE tidegate.checkpoint IS
    'How far a flow has come in each partition; moved by compare-and-swap in the transaction that writes the rows.';
COMMENT ON COLUMN tidegate.checkpoint.next_offset IS 'Offset of the next event to consume; null before the first: from the beginning.';
COMMENT ON COLUMN tidegate.checkpoint.position IS 'Highest source position applied, major:minor:row; redeliveries lie strictly below.';
COMMENT ON COLUMN tidegate.checkpoint.fence IS 'Grows with every claim; who holds an older number can write nothing more.';
COMMENT ON COLUMN tidegate.checkpoint.owner IS 'Who claimed it last, for people to read; null after a rewind, until it is claimed again.';
COMMENT ON COLUMN tidegate.checkpoint.consumed IS 'Events taken from the partition, ever.';
COMMENT ON COLUMN tidegate.checkpoint.applied IS 'Events whose effect was written.';
COMMENT ON COLUMN tidegate.checkpoint.superseded IS 'Events made obsolete by a later one of their key in the same batch.';
COMMENT ON COLUMN tidegate.checkpoint.skipped IS 'Events skipped for a reason counted in skip_count.';
COMMENT ON COLUMN tidegate.checkpoint.quarantined IS 'Events set aside in quarantine.';
COMMENT ON COLUMN tidegate.checkpoint.source_time IS 'Source commit time of the last event applied, for the lag.';

CREATE TABLE tidegate.skip_count (
    flow text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    reason text NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (flow, topic, partition, reason),
    FOREIGN KEY (flow, topic, partition) REFERENCES tidegate.checkpoint ON DELETE CASCADE
) WITH (fillfactor = 50);
COMMENT ON TABLE tidegate.skip_count IS 'Skipped events by reason; moves with the checkpoint.';

CREATE TABLE tidegate.worker (
    id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tidegate.worker IS
    'Loaders. A living one holds, in the session that merges its chunks, the session advisory lock (1953064037, id).';
COMMENT ON COLUMN tidegate.worker.name IS 'Host, process and thread, for people to read.';

CREATE TABLE tidegate.scope (
    entity_id integer NOT NULL REFERENCES tidegate.entity,
    wave text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'loading', 'live')),
    origin text NOT NULL DEFAULT 'source' CHECK (origin IN ('source', 'csv', 'topic')),
    handover text NOT NULL DEFAULT 'touched' CHECK (handover IN ('snapshot', 'touched')),
    started_at timestamptz,
    started_snapshot pg_snapshot,
    settled_at timestamptz,
    planned_at timestamptz,
    rows_estimated bigint,
    seal_snapshot pg_snapshot,
    seal_lsn pg_lsn,
    seal_offsets jsonb,
    sealed_at timestamptz,
    live_at timestamptz,
    PRIMARY KEY (entity_id, wave)
);
CREATE UNIQUE INDEX one_loading_scope ON tidegate.scope (entity_id) WHERE state = 'loading';
COMMENT ON TABLE tidegate.scope IS 'The rows of an entity that a wave takes, and how far they have come. At most one per entity is loading.';
COMMENT ON COLUMN tidegate.scope.state IS 'pending: its changes are skipped; loading: chunks and stream meet; live: sealed.';
COMMENT ON COLUMN tidegate.scope.origin IS 'Where the baseline comes from: the source itself, exported files, or snapshot events of the topic.';
COMMENT ON COLUMN tidegate.scope.handover IS
    'snapshot: a merge stamps its key range with a snapshot, and events that it saw are skipped; touched: a merge leaves every touched key alone, no event is skipped.';
COMMENT ON COLUMN tidegate.scope.started_snapshot IS
    'What was visible on the source after the change to loading, with every transaction in progress in its list; chunks are read only when all of those have ended.';
COMMENT ON COLUMN tidegate.scope.settled_at IS 'When those transactions had ended.';
COMMENT ON COLUMN tidegate.scope.planned_at IS 'When its chunks were planned.';
COMMENT ON COLUMN tidegate.scope.rows_estimated IS 'Rows expected, from the source''s statistics.';
COMMENT ON COLUMN tidegate.scope.seal_snapshot IS 'Source snapshot taken after the last chunk was merged.';
COMMENT ON COLUMN tidegate.scope.seal_lsn IS 'End of the source''s log at that time: the stream must pass it.';
COMMENT ON COLUMN tidegate.scope.seal_offsets IS
    'Log ends by topic and partition that the checkpoints must reach, read when everything up to seal_lsn was in the topics.';
COMMENT ON COLUMN tidegate.scope.sealed_at IS 'When the seal was taken.';
COMMENT ON COLUMN tidegate.scope.live_at IS 'When the stream had passed the seal.';

CREATE TABLE tidegate.chunk (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    entity_id integer NOT NULL,
    wave text NOT NULL,
    ordinal integer NOT NULL,
    low text[],
    high text[],
    rows_estimated bigint,
    state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'running', 'merged')),
    worker_id integer REFERENCES tidegate.worker,
    attempt integer NOT NULL DEFAULT 0,
    snapshot pg_snapshot,
    rows bigint,
    bytes bigint,
    digest text,
    started_at timestamptz,
    merged_at timestamptz,
    UNIQUE (entity_id, wave, ordinal),
    FOREIGN KEY (entity_id, wave) REFERENCES tidegate.scope,
    CONSTRAINT merged_with_count CHECK (state <> 'merged' OR (rows IS NOT NULL AND merged_at IS NOT NULL))
);
COMMENT ON TABLE tidegate.chunk IS 'The work queue of a load: key ranges, half open, that together cover every key.';
COMMENT ON COLUMN tidegate.chunk.low IS 'First key of the range, one text per key column; null: from the smallest.';
COMMENT ON COLUMN tidegate.chunk.high IS 'The key after the range; null: to the largest, whatever it will be.';
COMMENT ON COLUMN tidegate.chunk.state IS 'planned; running while its worker lives; merged for good.';
COMMENT ON COLUMN tidegate.chunk.attempt IS 'How often it was begun; a merge must name the attempt it belongs to.';
COMMENT ON COLUMN tidegate.chunk.snapshot IS 'Source snapshot in which its rows were read.';
COMMENT ON COLUMN tidegate.chunk.rows IS 'Rows read from the source, and counted again on arrival.';
COMMENT ON COLUMN tidegate.chunk.bytes IS 'Bytes of COPY text.';
COMMENT ON COLUMN tidegate.chunk.digest IS 'Sum of a 64-bit hash of each row''s COPY text, in hexadecimal: the order of rows does not matter.';

CREATE TABLE tidegate.touched (
    entity_id integer NOT NULL,
    key text[] NOT NULL,
    xid bigint,
    PRIMARY KEY (entity_id, key)
);
COMMENT ON TABLE tidegate.touched IS
    'Keys that the stream brought while a scope of their entity was loading, rows outside all scopes and deletes too. Dropped when the scope is live.';
COMMENT ON COLUMN tidegate.touched.key IS 'Source key, one text per key column.';
COMMENT ON COLUMN tidegate.touched.xid IS 'Source transaction of the last event of the key (32 bits); null: the source has none, counts as newer than any chunk.';

CREATE TABLE tidegate.reread (
    entity_id integer NOT NULL,
    key text[] NOT NULL,
    xid bigint,
    reason text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entity_id, key)
);
COMMENT ON TABLE tidegate.reread IS
    'Keys whose row has to be read from the source: an event lacked columns and the target had no row to take them from.';
COMMENT ON COLUMN tidegate.reread.xid IS 'Source transaction of the last event of the key; only a snapshot that sees it is good enough.';

CREATE TABLE tidegate.moved (
    entity_id integer NOT NULL,
    key text[] NOT NULL,
    position text NOT NULL,
    half "char" NOT NULL CHECK (half IN ('d', 'c')),
    row text,
    xid bigint,
    taken boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entity_id, key, position)
);
COMMENT ON TABLE tidegate.moved IS
    'Key changes of which one half has come: a delete of the old key and a create of the new one travel on two partitions. The half that comes second takes the entry away.';
COMMENT ON COLUMN tidegate.moved.key IS 'The new source key.';
COMMENT ON COLUMN tidegate.moved.position IS 'Source position that both halves share, major:minor:row.';
COMMENT ON COLUMN tidegate.moved.half IS 'The half that has come: d for the delete, c for the create.';
COMMENT ON COLUMN tidegate.moved.row IS
    'The target row as it was under the old key, as the text of its row type; null when there was none, and for a create.';
COMMENT ON COLUMN tidegate.moved.xid IS 'Source transaction (32 bits), by which the end of a load tells what both halves of have passed.';
COMMENT ON COLUMN tidegate.moved.taken IS 'Set by the other half within the transaction that then deletes the entry.';

CREATE TABLE tidegate.quarantine (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    flow text NOT NULL,
    entity_id integer REFERENCES tidegate.entity,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key text[],
    reason text NOT NULL,
    sqlstate text,
    message text NOT NULL,
    event_key bytea,
    event_value bytea,
    headers jsonb,
    state text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'retrying', 'resolved', 'discarded')),
    created_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    UNIQUE (flow, topic, partition, "offset")
);
CREATE INDEX parked_keys ON tidegate.quarantine (entity_id, key) WHERE state IN ('parked', 'retrying');
COMMENT ON TABLE tidegate.quarantine IS 'Events set aside with their bytes. While one of a key is parked, later ones of the key queue behind it.';
COMMENT ON COLUMN tidegate.quarantine.reason IS 'A word: undecodable, rejected, behind (a parked event of its key), missing-parent, conflict, missing-half and the like.';
COMMENT ON COLUMN tidegate.quarantine.message IS 'What was wrong, without row values.';
COMMENT ON COLUMN tidegate.quarantine.state IS 'parked, retrying, resolved (applied after all) or discarded by a person.';

-- The full number of the transaction that is meant by its low 32 bits: the nearest to the snapshot's xmax.
CREATE FUNCTION tidegate.widen(snapshot pg_snapshot, xid bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_snapshot_xmax(snapshot)::text::bigint
    + (((xid & 4294967295) - (pg_snapshot_xmax(snapshot)::text::bigint & 4294967295) + 2147483648 & 4294967295)
       - 2147483648);
COMMENT ON FUNCTION tidegate.widen IS 'The 64-bit number of a source transaction that an event names by its low 32 bits.';

CREATE FUNCTION tidegate.sees(snapshot pg_snapshot, xid bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_visible_in_snapshot(
    (CASE WHEN tidegate.widen(snapshot, xid) < 0 THEN xid & 4294967295 ELSE tidegate.widen(snapshot, xid) END)
        ::text::xid8,
    snapshot);
COMMENT ON FUNCTION tidegate.sees IS 'Whether the snapshot saw the source transaction; null when the transaction is not known.';
