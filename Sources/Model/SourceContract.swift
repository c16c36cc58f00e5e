/// What a migration relies on of one source table: the columns as they were when the contract was pinned, the key that
/// events are keyed by, what the log holds of old rows, and how the connector encodes.
public struct SourceContract: Hashable, Sendable, Codable {
    /// A column.
    public struct Column: Hashable, Sendable, Codable {
        public var name: String
        /// Its number in the table, which a rename keeps; nil where no catalog tells.
        public var number: Int?
        /// The type with its modifiers; nil where only events tell.
        public var type: String?
        /// nil where only events tell.
        public var isNotNull: Bool?
        /// The default's SQL.
        public var defaultExpression: String?
        /// Whether it is computed from others: events do not bring it.
        public var isGenerated: Bool

        /// A column from its parts.
        public init(
            name: String, number: Int? = nil, type: String? = nil, isNotNull: Bool? = nil,
            defaultExpression: String? = nil, isGenerated: Bool = false
        ) {
            self.name = name
            self.number = number
            self.type = type
            self.isNotNull = isNotNull
            self.defaultExpression = defaultExpression
            self.isGenerated = isGenerated
        }
    }

    public var table: String
    /// In the source's order.
    public var columns: [Column]
    /// The columns that events are keyed by, in order.
    public var key: [String]
    /// `d`, `f`, `i` or `n`, as `pg_class.relreplident` has it; nil where no catalog tells.
    public var replicaIdentity: String?
    /// The connector's properties that the playbook declares.
    public var modes: [String: String]

    /// A contract from its parts.
    public init(
        table: String, columns: [Column], key: [String], replicaIdentity: String?, modes: [String: String]
    ) {
        self.table = table
        self.columns = columns
        self.key = key
        self.replicaIdentity = replicaIdentity
        self.modes = modes
    }

    /// The column of that name.
    public func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    /// The names that an event's row has, if it has them all.
    public var eventColumns: Set<String> { Set(columns.lazy.filter { !$0.isGenerated }.map(\.name)) }

    /// The text whose SHA-256 is the contract's fingerprint: a line for each part, in one order for equal contracts. The
    /// order of columns and their numbers are not part of it: no event depends on them.
    public var canonicalText: String {
        var lines = ["table \(table)"]
        for column in columns.sorted(by: { $0.name < $1.name }) {
            var line = "column \(quotedIdentifier(column.name)) \(column.type ?? "?")"
            if column.isNotNull == true { line += " not null" }
            if let expression = column.defaultExpression { line += " default \(expression)" }
            if column.isGenerated { line += " generated" }
            lines.append(line)
        }
        lines.append("key " + key.map(quotedIdentifier).joined(separator: ", "))
        if let replicaIdentity { lines.append("replica identity \(replicaIdentity)") }
        for (name, value) in modes.sorted(by: { $0.key < $1.key }) { lines.append("connector \(name)=\(value)") }
        return lines.joined(separator: "\n") + "\n"
    }
}
