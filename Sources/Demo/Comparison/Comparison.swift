package import LibPQ

/// Compares both sides row by row, with SQL of its own.
package struct Comparison {
    /// How one table came out.
    package struct Outcome: Equatable {
        package let table: String
        package var rows = 0
        package var missing = 0
        package var unexpected = 0
        package var different = 0
        /// Keys of the first differences, with their kind.
        package var examples: [String] = []

        package var isIdentical: Bool { missing + unexpected + different == 0 }

        mutating func note(_ kind: String, _ key: String) {
            if examples.count < 5 { examples.append("\(kind) \(key)") }
        }
    }

    /// Reads both sides in one snapshot each and compares them.
    package static func run(
        source: Connection, target: Connection, tables: [ComparedTable] = ComparedTable.all
    ) throws -> [Outcome] {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        return try source.transaction(begin) {
            try target.transaction(begin) {
                try tables.map { try compare($0, source, target) }
            }
        }
    }

    private static func compare(
        _ table: ComparedTable, _ source: Connection, _ target: Connection
    ) throws -> Outcome {
        var outcome = Outcome(table: table.name)
        var left = try RowStream(source, table.sourceQuery)
        var right = try RowStream(target, table.targetQuery)
        var ours = try left.nextRow()
        var theirs = try right.nextRow()
        while ours != nil || theirs != nil {
            outcome.rows += 1
            let order = order(ours?.key, theirs?.key)
            if order < 0 {
                outcome.missing += 1
                outcome.note("missing in the target:", ours?.key ?? "")
            } else if order > 0 {
                outcome.unexpected += 1
                outcome.note("only in the target:", theirs?.key ?? "")
            } else if ours != theirs {
                outcome.different += 1
                outcome.note("different:", ours?.key ?? "")
            }
            if order <= 0 { ours = try left.nextRow() }
            if order >= 0 { theirs = try right.nextRow() }
        }
        try left.close()
        try right.close()
        return outcome
    }

    /// The order of two keys as the C collation has it; a missing one comes last.
    private static func order(_ one: String?, _ other: String?) -> Int {
        guard let one else { return 1 }
        guard let other else { return -1 }
        if one == other { return 0 }
        return one.utf8.lexicographicallyPrecedes(other.utf8) ? -1 : 1
    }
}
