public import Ledger
public import LibPQ
import Model
public import Playbook

/// Cuts the rows of a scope into key ranges of about equal size in bytes.
///
/// The ranges are half open, each begins where the one before ends, and the first and last are open: keys that did not
/// exist when it was planned are in one of them too. Bounds are taken from a sample of the rows in scope, ordered and
/// compared by the source alone, so that they mean what the source's collation says.
public struct ChunkPlanner {
    private let source: Connection
    private let chunkBytes: Int

    /// Cuts ranges of about `chunkBytes` on the source.
    public init(source: Connection, chunkBytes: Int) {
        self.source = source
        self.chunkBytes = chunkBytes
    }

    /// What was planned.
    public struct Plan {
        /// Half open ranges, ascending, and about how many rows each has.
        public var ranges: [(range: KeyRange, rows: Int?)]
        /// About how many rows there are in all.
        public var rows: Int
    }

    private static let samplesPerChunk = 200
    private static let mostChunks = 100_000
    /// What a row of a table is taken for whose size nobody knows, as that of a foreign partition.
    private static let unknownRowBytes = 500

    /// Cuts an entity's rows.
    ///
    /// - Parameter predicate: which rows, over the source's table under its own name; nil for all.
    public func plan(_ entity: CompiledEntity, where predicate: String?) throws -> Plan {
        let statements = entity.statements
        guard let size = try TableSize(of: entity.source, on: source) else {
            throw BaselineError(.source, "the source has no table \(entity.source)")
        }
        if let bytes = size.bytes, bytes <= chunkBytes {
            return Plan(ranges: [(KeyRange(low: nil, high: nil), size.rows)], rows: size.rows)
        }
        let wanted = Double((size.bytes ?? 0) / chunkBytes + 1) * Double(Self.samplesPerChunk)
        let percent = size.bytes == nil ? 100 : min(100, wanted / Double(max(size.rows, 1)) * 100)
        // SYSTEM takes whole pages: cheap, and even enough for bounds. The seed makes a plan repeatable.
        let sample = percent < 50 ? " TABLESAMPLE SYSTEM (\(percent)) REPEATABLE (1)" : ""
        let keys = statements.sourceKeyList
        let order = keys.joined(separator: ", ")
        let texts = keys.map { "\($0)::text" }.joined(separator: ", ")
        let all =
            try source.query("SELECT count(*) FROM \(entity.source.quoted)\(sample)")
            .scalar.flatMap(Int.init) ?? 0
        let inScope = predicate.map { "(\($0))" } ?? "true"
        let table = "\(entity.source.quoted) AS \(statements.alias)\(sample)"
        let rows = try source.query("SELECT \(texts) FROM \(table) WHERE \(inScope) ORDER BY \(order)")
        guard all > 0, rows.rowCount > 0 else {
            return Plan(ranges: [(KeyRange(low: nil, high: nil), nil)], rows: 0)
        }
        // Read one after the other: rows may have come in between.
        let share = min(1, Double(rows.rowCount) / Double(all))
        let expected = sample.isEmpty ? rows.rowCount : Self.whole(Double(size.rows) * share)
        let bytes = size.bytes.map { Double($0) * share } ?? Double(rows.rowCount * Self.unknownRowBytes)
        let count = min(Self.whole(bytes) / chunkBytes + 1, rows.rowCount, Self.mostChunks)
        let bounds = bounds(rows, count: count)
        let ends: [[String]?] = [nil] + bounds + [nil]
        let perChunk = expected / (bounds.count + 1)
        return Plan(
            ranges: zip(ends, ends.dropFirst()).map { (KeyRange(low: $0, high: $1), perChunk) }, rows: expected)
    }

    /// `count - 1` keys that cut the ordered sample evenly, each once.
    private func bounds(_ rows: Result, count: Int) -> [[String]] {
        var bounds: [[String]] = []
        for part in 1..<max(count, 1) {
            let row = rows.rowCount * part / count
            let key = (0..<rows.columnCount).compactMap { rows[row, $0] }
            if key.count == rows.columnCount, key != bounds.last { bounds.append(key) }
        }
        return bounds
    }

    /// Statistics are what somebody has left there: they may be anything.
    private static func whole(_ value: Double) -> Int { Int(exactly: max(0, min(value, 1e15)).rounded()) ?? 0 }
}
