import LibPQ
import Logging
import Model

/// Makes the publication and the slot when they are not there, and refuses a slot that cannot serve.
struct SlotPreparation {
    let configuration: CaptureConfiguration
    let connection: Connection
    let stop: StopSignal
    let logger: Logger

    /// - Returns: the position that the slot has confirmed: all before it has been sent and acknowledged.
    func run() throws -> LSN {
        try preparePublication()
        if let confirmed = try confirmedPosition() { return confirmed }
        let replication = try ReplicationConnection(configuration.source, applicationName: "tidegate capture")
        defer { replication.close() }
        logger.notice(
            "Making the replication slot, once the transactions that are in progress have ended",
            metadata: ["capture.slot": "\(configuration.slot)"])
        let canceller = try replication.canceller()
        do {
            return try stop.interrupting({ try? canceller.cancel() }) {
                LSN(rawValue: try replication.createSlot(configuration.slot).consistentPoint)
            }
        } catch let error as PostgresError {
            // Another process may have been faster.
            guard error.sqlState == .duplicateObject, let confirmed = try confirmedPosition() else { throw error }
            return confirmed
        }
    }

    /// A stop was requested before there was a slot.
    struct Stopped: Error {}

    private static let askAgain = Duration.milliseconds(100)

    /// What the slot has confirmed; nil when there is no such slot.
    ///
    /// A slot that another session is making is listed, and has no position before all transactions in progress have ended:
    /// it is waited for.
    private func confirmedPosition() throws -> LSN? {
        var isAnnounced = false
        while true {
            let result = try connection.query(
                """
                SELECT plugin, database = current_database() AS is_here, wal_status, confirmed_flush_lsn, active_pid
                FROM pg_catalog.pg_replication_slots WHERE slot_name = $1
                """, [.text(configuration.slot)])
            guard let slot = result.rows.first else { return nil }
            if let position = try confirmedPosition(of: slot) { return position }
            if !isAnnounced {
                logger.notice(
                    "Waiting for a replication slot that another session is making",
                    metadata: ["capture.slot": "\(configuration.slot)", "postgres.pid": "\(slot["active_pid"] ?? "")"])
            }
            isAnnounced = true
            stop.sleep(Self.askAgain)
            if stop.isRequested { throw Stopped() }
        }
    }

    /// What a slot has confirmed; nil while it is being made.
    private func confirmedPosition(of slot: Row) throws -> LSN? {
        guard slot["plugin"] == "pgoutput", slot.bool("is_here") == true else {
            throw CaptureError(
                .configuration,
                "slot \(configuration.slot) belongs to another database or output plugin; name another slot or drop it")
        }
        guard slot["wal_status"] != "lost" else {
            throw CaptureError(
                .slotLost,
                """
                slot \(configuration.slot) has lost its log (max_slot_wal_keep_size): changes are missing from the topics; \
                drop the slot, start anew and load the baseline again
                """)
        }
        if let confirmed = slot["confirmed_flush_lsn"].flatMap(LSN.init) { return confirmed }
        if slot["active_pid"] != nil { return nil }
        throw CaptureError(
            .configuration,
            """
            slot \(configuration.slot) was never finished, it has no position to begin from, and nobody is making it; drop it \
            with SELECT pg_drop_replication_slot(\(quotedLiteral(configuration.slot))), and start again
            """)
    }

    /// Once published, a table without a replica identity refuses the source's own updates.
    private func checkReplicaIdentity() throws {
        let result = try connection.query(
            sql(PackageResources.capture_missing_identity_sql),
            [.bool(configuration.tables.isEmpty), .array(configuration.tables.map(\.description))])
        let tables = result.rows.map { TableName(schema: $0["nspname"] ?? "", name: $0["relname"] ?? "") }
        guard let first = tables.first else { return }
        throw CaptureError(
            .configuration,
            """
            \(tables.map(\.description).joined(separator: ", ")): no primary key and no replica identity; once published, \
            UPDATE and DELETE would fail there. Give each one, for example ALTER TABLE \(first.quoted) REPLICA IDENTITY FULL
            """)
    }

    /// Partitions' changes must come under the name of their table.
    private func checkPartitions(_ sendsRoots: Bool) throws {
        guard !sendsRoots else { return }
        let result = try connection.query(
            """
            SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'p' AND n.nspname || '.' || c.relname = ANY ($1::text[]) ORDER BY 1 LIMIT 1
            """, [.array(configuration.tables.map(\.description))])
        guard let table = result.scalar else { return }
        throw CaptureError(
            .configuration,
            """
            publication \(configuration.publication) sends the changes of \(table) under the names of its partitions; \
            ALTER PUBLICATION \(quotedIdentifier(configuration.publication)) SET (publish_via_partition_root = true)
            """)
    }

    private func preparePublication() throws {
        if configuration.requiresReplicaIdentity { try checkReplicaIdentity() }
        let result = try connection.query(
            "SELECT puballtables, pubviaroot FROM pg_catalog.pg_publication WHERE pubname = $1",
            [.text(configuration.publication)])
        let name = quotedIdentifier(configuration.publication)
        guard let publication = result.rows.first else {
            let tables = configuration.tables.map(\.quoted).joined(separator: ", ")
            do {
                try connection.execute(
                    """
                    CREATE PUBLICATION \(name) FOR \(tables.isEmpty ? "ALL TABLES" : "TABLE \(tables)") \
                    WITH (publish_via_partition_root = true)
                    """)
            } catch {
                guard error.sqlState == .duplicateObject else { throw error }
                try preparePublication()
            }
            return
        }
        try checkPartitions(publication.bool("pubviaroot") ?? false)
        if publication.bool("puballtables") == true { return }
        let published = try connection.query(
            "SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = $1",
            [.text(configuration.publication)])
        let present = Set(
            published.rows.compactMap { row in
                row["schemaname"].flatMap { schema in row["tablename"].map { TableName(schema: schema, name: $0) } }
            })
        for table in configuration.tables where !present.contains(table) {
            do {
                try connection.execute("ALTER PUBLICATION \(name) ADD TABLE \(table.quoted)")
            } catch {
                // Another process may have been faster.
                guard error.sqlState == .duplicateObject else { throw error }
            }
        }
    }
}
