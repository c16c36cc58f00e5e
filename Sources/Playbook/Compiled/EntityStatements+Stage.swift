import Model

extension EntityStatements {
    /// Creates the stage, unless the session has it. Its rows go with the transaction that brought them.
    public var createStage: String {
        let columns = stageColumns.map { "\(quotedIdentifier($0.name)) \($0.type)" }
        let all = columns + StageControl.allCases.map(\.definition)
        return "CREATE TEMPORARY TABLE IF NOT EXISTS \(stage) (\(all.joined(separator: ", "))) ON COMMIT DELETE ROWS"
    }

    /// Takes events into the stage: the source's columns in order, then those of `StageControl` in order, but the last.
    public var copyIntoStage: String { "COPY \(stage) (\(columnList), \(StageControl.copied)) FROM STDIN" }

    /// Takes rows as `copyFromSource` sends them: the source's columns in order; all of them count as images to be
    /// written, of mask 0.
    public var copyRowsIntoStage: String { "COPY \(stage) (\(columnList)) FROM STDIN" }

    /// The stage with known defects corrected, under its alias: what the fields' expressions are put to.
    public var correctedStage: String { corrected(by: corrections[...]) }

    /// The stage as some corrections leave it, under its alias.
    ///
    /// - Parameters:
    ///   - base: what gives the stage's rows.
    ///   - extra: columns of `base` beside the stage's, to be kept.
    func corrected(
        by corrections: ArraySlice<StageCorrection>, base: String? = nil, keeping extra: [String] = []
    ) -> String {
        let kept = ([StageControl.list] + extra).joined(separator: ", ")
        return corrections.reduce(base ?? stage) { inner, correction in
            let columns = stageColumns.enumerated().map { index, column in
                let name = quotedIdentifier(column.name)
                guard let value = correction.values[index] else { return name }
                let corrected = "CAST((\(value)) AS \(column.type))"
                return "CASE WHEN (\(correction.predicate)) THEN \(corrected) ELSE \(alias).\(name) END AS \(name)"
            }
            return "(SELECT \(columns.joined(separator: ", ")), \(kept) FROM \(inner) AS \(alias))"
        } + " AS \(alias)"
    }

    /// The type that a source column has in the stage.
    public func stageType(_ column: Int) -> String { stageColumns[column].type }

    var columnList: String { stageColumns.map { quotedIdentifier($0.name) }.joined(separator: ", ") }

    // MARK: The source

    /// What a chunk selects: the source's columns in the order that the stage takes them.
    public var sourceSelectList: String { columnList }

    /// What a chunk selects from, under the alias that scope predicates expect.
    public var sourceTable: String { "\(source.quoted) AS \(alias)" }

    /// The source's key columns, to order and to compare by.
    public var sourceKeyList: [String] { sourceKey.map { "\(alias).\(quotedIdentifier(stageColumns[$0].name))" } }

    /// A source row's key as text[], on the source and in the raw stage alike.
    public var sourceKeyText: String { "ARRAY[\(sourceKeyList.map { "\($0)::text" }.joined(separator: ", "))]" }
}
