public import ChangeEvents
public import LibPQ
public import Model

/// What to capture, from where, to where and in which form.
public struct CaptureConfiguration: Sendable {
    /// The source database. The role needs REPLICATION and may read the tables.
    public var source: ConnectionString
    /// The replication slot; made on demand.
    public var slot: String
    /// The publication; made on demand, and tables that it lacks are added.
    public var publication: String
    /// The tables; empty means all of the database (which takes a superuser to publish).
    public var tables: [TableName]
    /// The logical name of the source: `source.name` of each event, and first part of the topics of the connector's own.
    public var prefix: String
    /// The topic of a table's events, with `{prefix}`, `{schema}` and `{table}` in it.
    public var topics = "{prefix}.{schema}.{table}"
    /// librdkafka's properties, `bootstrap.servers` among them; they win over the capture's own.
    public var kafka: Redacted<[String: String]>
    /// How values are encoded.
    public var modes = ConnectorModes()
    /// Whether a delete is followed by a null value, for log compaction.
    public var tombstones = true
    /// Whether TRUNCATE is sent.
    public var truncates = true
    /// How often a heartbeat is sent; nil for never. The slot of an idle database moves without them, too.
    public var heartbeat: Duration?
    /// Whether events tell their transaction, and begin and end of transactions are sent to `{prefix}.transaction`.
    public var transactionMetadata = false

    /// Whether a table without a replica identity is refused: once published, UPDATE and DELETE fail on it.
    public var requiresReplicaIdentity = true
    /// How long a stop waits for the broker to take what is queued. What it does not take is sent by the next start.
    public var stopTimeout = Duration.seconds(20)

    /// A configuration with the connector's defaults.
    public init(
        source: ConnectionString, slot: String, publication: String, tables: [TableName] = [], prefix: String,
        kafka: Redacted<[String: String]>
    ) {
        self.source = source
        self.slot = slot
        self.publication = publication
        self.tables = tables
        self.prefix = prefix
        self.kafka = kafka
    }

    /// The topic of a table. Characters that a topic cannot hold become underscores, as with the connector.
    func topic(of table: TableName) -> String {
        var name = ""
        var rest = topics[...]
        let parts = ["{prefix}": prefix, "{schema}": table.schema, "{table}": table.name]
        next: while let first = rest.first {
            for (placeholder, part) in parts where rest.hasPrefix(placeholder) {
                name += part
                rest = rest.dropFirst(placeholder.count)
                continue next
            }
            name.append(first)
            rest = rest.dropFirst()
        }
        return String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
    }
}
