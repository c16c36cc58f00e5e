import ChangeEvents
public import LibPQ
import Model

/// Rows of an entity's source table, copied into its stage on the target to have the mapping put to them.
public struct StagedSample: Sendable {
    /// A row that the stage would not take.
    public struct Refusal: Hashable, Sendable {
        public let sqlState: SQLState?
        /// The columns whose bytes are not UTF-8, where that is the reason.
        public let columns: [String]
    }

    /// How many are in the stage.
    public let rows: Int
    /// The size of all that were read, as COPY text.
    public let bytes: Int
    /// How long the source took to read and send them.
    public let reading: Duration
    /// How long the target took to stage them.
    public let staging: Duration
    /// Rows that are not in the stage, at most `mostRefusals`: the rest of the sample is then left out.
    public let refused: [Refusal]

    /// More are not looked for one by one.
    public static let mostRefusals = 100
    private static let mostBytes = 16 << 20

    /// Copies a sample, at most 16 MB of it, into the stage that it makes.
    ///
    /// - Parameters:
    ///   - rows: how many at most.
    ///   - condition: SQL over the source's row under the table's own name; nil for all rows.
    ///   - target: a connection in a transaction, with the playbook's session settings; what is staged goes with it.
    /// - Returns: nil when the source could not be read in time.
    public static func copy(
        _ rows: Int, of entity: CompiledEntity, where condition: String? = nil, from source: BoundedReader,
        into target: Connection, within patience: Duration
    ) throws -> StagedSample? {
        let size = try TableSize(of: entity.source, on: source.connection)
        let clause = size.map { TableSample(rows: rows, of: $0).clause } ?? ""
        let statements = entity.statements
        let select = """
            SELECT \(statements.sourceSelectList) FROM \(statements.sourceTable)\(clause) \
            WHERE \(condition ?? "true") LIMIT \(rows)
            """
        var text: [UInt8] = []
        var ends: [Int] = [0]
        let clock = ContinuousClock()
        let begun = clock.now
        // Such a source knows no characters: its bytes are taken as they are, for the target to judge.
        let isRaw = try source.connection.query("SHOW server_encoding").scalar == "SQL_ASCII"
        let settings = isRaw ? "SET LOCAL client_encoding = SQL_ASCII" : ""
        let wasRead = try source.reading(within: patience, settings: settings) {
            try source.connection.copyOut("COPY (\(select)) TO STDOUT") { row in
                guard text.count + row.count <= mostBytes else { return }
                text.append(contentsOf: row)
                ends.append(text.count)
            }
        }
        guard wasRead != nil else { return nil }
        let read = clock.now
        try target.execute(statements.createStage)
        var staging = Staging(entity: entity, target: target, text: text, ends: ends)
        try staging.run()
        return StagedSample(
            rows: staging.staged, bytes: text.count, reading: read - begun, staging: clock.now - read,
            refused: staging.refused)
    }

    /// Stages rows, and finds those that are refused by halving.
    private struct Staging {
        let entity: CompiledEntity
        let target: Connection
        let text: [UInt8]
        /// Where each row ends, after a 0.
        let ends: [Int]
        var staged = 0
        var refused: [Refusal] = []

        mutating func run() throws {
            var parts = [0..<(ends.count - 1)]
            while let part = parts.popLast(), refused.count < mostRefusals {
                guard !part.isEmpty, let state = try refusal(of: part) else {
                    staged += part.count
                    continue
                }
                guard part.count > 1 else {
                    refused.append(Refusal(sqlState: state.value, columns: columns(ofRow: part.lowerBound)))
                    continue
                }
                let middle = (part.lowerBound + part.upperBound) / 2
                parts += [middle..<part.upperBound, part.lowerBound..<middle]
            }
        }

        private func refusal(of part: Range<Int>) throws -> (value: SQLState?, Void)? {
            try target.execute("SAVEPOINT tidegate_staging")
            do {
                try target.copyIn(entity.statements.copyRowsIntoStage) { writer in
                    try text[ends[part.lowerBound]..<ends[part.upperBound]].withUnsafeBytes { try writer.write($0) }
                }
                try target.execute("RELEASE SAVEPOINT tidegate_staging")
                return nil
            } catch let error as PostgresError where error.sqlState?.classCode == "22" {
                try target.execute("ROLLBACK TO SAVEPOINT tidegate_staging")
                return (error.sqlState, ())
            }
        }

        private func columns(ofRow row: Int) -> [String] {
            let fields = text[ends[row]..<ends[row + 1]].split(
                separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
            return zip(entity.sourceColumns, fields).filter { String(validating: $1, as: UTF8.self) == nil }.map(
                \.0.name)
        }
    }
}
