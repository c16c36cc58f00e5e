/// Something that the connector itself lost or invented, so that no decoder can have it. Nothing else is excused.
struct KnownLoss {
    let scenario: String
    /// nil for every variant.
    let variants: Set<String>?
    let table: String
    /// `*` for the row as a whole.
    let columns: Set<String>
    /// The rows' keys; zoo tables hold every row twice, as n and n + 100. nil for every row.
    let rows: Set<String>?
    let reason: String

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

    func excuses(_ difference: ScenarioReplay.Difference, of fixture: Fixture) -> Bool {
        applies(to: fixture) && difference.table == table && columns.contains(difference.column)
            && rows.map { $0.contains(difference.key) } ?? true
    }

    func applies(to fixture: Fixture) -> Bool {
        scenario == fixture.scenario && variants.map { $0.contains(fixture.variant) } ?? true
    }
}
