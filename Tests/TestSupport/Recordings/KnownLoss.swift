/// Something that the connector itself lost or invented, so that no decoder can have it. Nothing else is excused.
public struct KnownLoss: Sendable {
    /// The scenario.
    public let scenario: String
    /// The variants of the scenario; nil for every one.
    public let variants: Set<String>?
    /// The table, without its schema.
    public let table: String
    /// The columns; `*` for the row as a whole.
    public let columns: Set<String>
    /// The rows' keys; zoo tables hold every row twice, as n and n + 100. nil for every row.
    public let rows: Set<String>?
    /// Why.
    public let reason: String

    init(
        _ scenario: String, _ variants: Set<String>?, _ table: String, _ columns: Set<String>,
        rows: Set<String>? = nil, _ reason: String
    ) {
        self.scenario = scenario
        self.variants = variants
        self.table = table
        self.columns = columns
        self.rows = rows
        self.reason = reason
    }

    /// A loss of every variant.
    init(_ scenario: String, _ table: String, _ columns: Set<String>, rows: Set<String>? = nil, _ reason: String) {
        self.init(scenario, nil, table, columns, rows: rows, reason)
    }

    /// Whether a value of a row need not be the source's.
    ///
    /// - Parameters:
    ///   - column: `*` for the row as a whole.
    ///   - key: the row's key.
    public func excuses(_ column: String, of table: String, key: String, in recording: Recording) -> Bool {
        applies(to: recording) && self.table == table && columns.contains(column)
            && rows.map { $0.contains(key) } ?? true
    }

    /// Whether it is one of a recording.
    public func applies(to recording: Recording) -> Bool {
        scenario == recording.scenario && variants.map { $0.contains(recording.variant) } ?? true
    }
}
