/// How rows of a table are read without reading all of it: whole pages, chosen at random.
///
/// PostgreSQL's SYSTEM method reads no page that it does not choose. Rows of one page were often written together, so a
/// sample says less than as many rows chosen one by one.
public struct TableSample: Hashable, Sendable {
    /// The share of the table's pages, in percent; nil: all of it.
    public let percent: Double?

    /// All of the table.
    public static let whole = TableSample(percent: nil)

    /// About `rows` rows of a table of that size; all of it when that is about half of it or more.
    public init(rows: Int, of size: TableSize) {
        let percent = Double(rows) / Double(max(size.rows, 1)) * 100
        self.init(percent: size.bytes == nil || percent >= 50 ? nil : max(percent, 0.0001))
    }

    private init(percent: Double?) { self.percent = percent }

    /// What stands after the table's alias: nothing, or the clause. The seed makes a sample repeatable.
    public var clause: String { percent.map { " TABLESAMPLE SYSTEM (\($0)) REPEATABLE (1)" } ?? "" }
}
