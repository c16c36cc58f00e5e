import Model

extension EntityStatements {
    /// Whether known defects are corrected at all.
    public var hasCorrections: Bool { !corrections.isEmpty }

    /// Counts the staged rows that known defects correct: `(defect, wave, count)` for each defect and wave that has any. A
    /// defect is looked for in the row as the defects before it have left it, the wave in the row as it came.
    ///
    /// - Parameters:
    ///   - wave: SQL over `rawStage` that names a row's wave.
    ///   - images: SQL over `rawStage` for the rows that have all of some columns; nil when none has.
    /// - Returns: nil when there is nothing to count.
    public func countCorrections(wave: String, images: (ColumnSet) -> String?) -> String? {
        let base = "(SELECT \(alias).*, \(wave) AS \"_wave\" FROM \(rawStage))"
        let counts = corrections.indices.compactMap { index -> String? in
            let correction = corrections[index]
            guard let images = images(correction.dependencies) else { return nil }
            return """
                SELECT \(quotedLiteral(correction.defect)), \(alias)."_wave", count(*) \
                FROM \(corrected(by: corrections[..<index], base: base, keeping: ["\"_wave\""])) \
                WHERE \(alias)."_op" = 'u' AND \(images) AND (\(correction.predicate)) GROUP BY 2
                """
        }
        return counts.isEmpty ? nil : counts.joined(separator: " UNION ALL ")
    }

    /// SQL over `rawStage` that names the first of the scopes that holds a row; an empty text for none.
    public func wave(among scopes: [CompiledScope]) -> String {
        guard !scopes.isEmpty else { return "''" }
        let cases = scopes.map { "WHEN (\($0.stagePredicate)) THEN \(quotedLiteral($0.wave.rawValue))" }
        return "CASE \(cases.joined(separator: " ")) ELSE '' END"
    }
}
