-- What two flows that meet need: whose a transaction was, and one epoch in two ledgers.

CREATE TABLE tidegate.applied_transaction (
    xid bigint PRIMARY KEY DEFAULT pg_current_xact_id()::text::bigint,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX applied_transaction_age ON tidegate.applied_transaction USING brin (at);
COMMENT ON TABLE tidegate.applied_transaction IS
    'Transactions of this database by which a flow or a load wrote rows. The flow that reads this database''s changes knows its echoes by them. Kept for two weeks.';
COMMENT ON COLUMN tidegate.applied_transaction.xid IS 'The 64-bit number of the transaction.';

CREATE TABLE tidegate.ownership_intent (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    epoch bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE tidegate.ownership_intent IS
    'In the source''s ledger: a transfer of ownership that the target''s ledger may have decided or not. The reverse flow waits while it is there.';
COMMENT ON COLUMN tidegate.ownership_intent.epoch IS 'The epoch that the transfer is to begin.';

ALTER TABLE tidegate.ownership_transfer ADD COLUMN source_lsn pg_lsn, ADD COLUMN target_lsn pg_lsn;
COMMENT ON COLUMN tidegate.ownership_transfer.source_lsn IS
    'End of the source''s log at that time: what the source wrote before is no violation. Null where it could not be asked.';
COMMENT ON COLUMN tidegate.ownership_transfer.target_lsn IS 'End of the target''s log at that time.';
