/// The SQL that counts what a relation's values are like: one pass for the numbers, one over a sample for the forms.
///
/// It is put to the source's tables and to the mapped rows alike.
struct StatisticsQuery {
    /// A column, or an expression over the relation's rows.
    struct Value {
        let name: String
        let sql: String
        let kind: FieldKind
    }

    /// What stands after FROM.
    let relation: String
    /// A condition over its rows; nil for all.
    let condition: String?
    let values: [Value]

    private static let mostForms = 8
    /// Longer texts have no form that says anything.
    private static let longestForm = 40

    private var selection: String { relation + (condition.map { " WHERE \($0)" } ?? "") }

    /// One row, one column: a JSON object with an entry for each value.
    var numbers: String {
        let columns = values.indices.map { index in
            "CAST((\(values[index].sql)) AS \(values[index].type)) AS v\(index)"
        }
        let parts = values.enumerated().map { index, value in
            "'\(index)', jsonb_build_object(\(value.counts("v\(index)")))"
        }
        // A function takes 100 arguments at most.
        let chunks = stride(from: 0, to: parts.count, by: 40).map { start in
            "jsonb_build_object(\(parts[start..<min(start + 40, parts.count)].joined(separator: ", ")))"
        }
        return """
            SELECT count(*) AS looked, \(chunks.isEmpty ? "'{}'::jsonb" : chunks.joined(separator: " || ")) AS counted
            FROM (SELECT \(columns.isEmpty ? "1" : columns.joined(separator: ", ")) FROM \(selection)) AS looked_at
            """
    }

    /// Rows of `number`, `what`, `text`, `rows`: the most frequent forms of texts, and values if they are asked for.
    func frequent(withValues: Bool) -> String? {
        let texts = values.indices.filter { values[$0].kind == .text }
        let shown = withValues ? values.indices.filter { values[$0].kind != .other } : []
        guard !texts.isEmpty || !shown.isEmpty else { return nil }
        let columns = values.indices.map { "CAST((\(values[$0].sql)) AS text) AS v\($0)" }
        let forms = texts.map { index in
            Self.top(index, "form", Self.form("v\(index)"))
        }
        let counted = shown.map { Self.top($0, "value", "left(v\($0), 60)") }
        return """
            WITH looked_at AS MATERIALIZED (SELECT \(columns.joined(separator: ", ")) FROM \(selection))
            \((forms + counted).joined(separator: " UNION ALL "))
            """
    }

    private static func top(_ index: Int, _ what: String, _ sql: String) -> String {
        """
        (SELECT \(index) AS number, '\(what)' AS what, \(sql) AS text, count(*) AS rows FROM looked_at
         WHERE v\(index) IS NOT NULL GROUP BY 3 ORDER BY 4 DESC, 3 LIMIT \(mostForms))
        """
    }

    /// Letters become `A` and `a`, digits `9`; three of a kind and more become `+`.
    private static func form(_ value: String) -> String {
        let classes = """
            regexp_replace(regexp_replace(regexp_replace(\(value), '[[:upper:]]', 'A', 'g'), '[[:lower:]]', 'a', 'g'), \
            '[0-9]', '9', 'g')
            """
        return """
            CASE WHEN \(value) = '' THEN '(empty)' WHEN length(\(value)) > \(longestForm) THEN '(long)' \
            ELSE regexp_replace(regexp_replace(regexp_replace(regexp_replace(\(classes), 'A{4,}', 'A+', 'g'), \
            'a{4,}', 'a+', 'g'), '9{5,}', '9+', 'g'), '[^Aa9+[:space:][:punct:]]', '?', 'g') END
            """
    }
}

extension StatisticsQuery.Value {
    /// The type in which it is counted.
    fileprivate var type: String {
        switch kind {
        case .number: "float8"
        case .time, .text, .label, .other: "text"
        }
    }

    /// Pairs for `jsonb_build_object`. Numbers go as texts: JSON has no infinity.
    fileprivate func counts(_ v: String) -> String {
        let deciles = "ARRAY[0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1]::float8[]"
        func quantiles(_ sql: String, _ filter: String) -> String {
            "(percentile_disc(\(deciles)) WITHIN GROUP (ORDER BY \(sql)) FILTER (WHERE \(filter)))::text[]"
        }
        var pairs = ["'set', count(\(v))", "'distinct', count(DISTINCT \(v))"]
        switch kind {
        case .number:
            let isFinite = "\(v) NOT IN ('NaN', 'Infinity', '-Infinity')"
            pairs += ["'deciles', \(quantiles(v, isFinite))", "'odd', count(\(v)) FILTER (WHERE NOT (\(isFinite)))"]
        case .time:
            let isFinite = "\(v) NOT IN ('infinity', '-infinity')"
            let seconds = "extract(epoch FROM CASE WHEN \(isFinite) THEN CAST(\(v) AS timestamptz) END)::float8"
            pairs += [
                "'deciles', \(quantiles(seconds, "\(v) IS NOT NULL AND \(isFinite)"))",
                "'odd', count(\(v)) FILTER (WHERE NOT (\(isFinite)))",
            ]
        case .text:
            pairs += [
                "'lengths', \(quantiles("length(\(v))::float8", "\(v) IS NOT NULL"))",
                "'empty', count(*) FILTER (WHERE \(v) = '')",
                "'padded', count(*) FILTER (WHERE \(v) <> btrim(\(v), E' \\t\\n\\r'))",
                "'control', count(*) FILTER (WHERE \(v) ~ \(ControlCharacters.pattern))",
                "'beyond', count(*) FILTER (WHERE \(v) ~ '[^\\x01-\\x7f]')",
            ]
        case .label: break
        case .other: pairs += ["'lengths', \(quantiles("length(\(v))::float8", "\(v) IS NOT NULL"))"]
        }
        return pairs.joined(separator: ", ")
    }
}

/// Characters that are seldom meant: those below the blank but for tab, line feed and carriage return, and DEL.
enum ControlCharacters {
    /// A regular expression as SQL.
    static let pattern = "'[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]'"
}
