import Model

/// An entity of a first playbook as text.
struct EntityText {
    let match: TableMatch
    /// Whether it can be applied at all; else its lines are comments.
    let isUsable: Bool
    let lines: [String]

    init(_ match: TableMatch) {
        self.match = match
        let key = Self.key(of: match)
        let columns = Columns(match)
        let problem = Self.problem(match, key: key, columns)
        isUsable = problem == nil
        let name = YAMLText.value(match.entity.rawValue)
        var body: [String]
        if columns.areSame {
            let keyText = key.map(YAMLText.value).joined(separator: ", ")
            let from = YAMLText.value(match.source.name.description)
            let into = YAMLText.value(match.target.name.description)
            body = ["  \(name): { from: \(from), into: \(into), key: [\(keyText)], fields: same }"]
        } else {
            body = [
                "  \(name):", "    from: \(YAMLText.value(match.source.name.description))",
                "    into: \(YAMLText.value(match.target.name.description))",
                "    key: [\(key.map(YAMLText.value).joined(separator: ", "))]", "    fields:",
            ]
            body += columns.lines
        }
        if let problem {
            body = ["  # \(match.source.name) is left out: \(problem)"] + body.map { "  #\($0.dropFirst())" }
        }
        lines = body
    }

    private static func key(of match: TableMatch) -> [String] {
        let primary = match.target.primaryKey
        if !primary.isEmpty { return primary }
        return match.target.uniqueIndexes.first { $0.isPlain && $0.isImmediate }?.columns ?? []
    }

    private static func problem(_ match: TableMatch, key: [String], _ columns: Columns) -> String? {
        if key.isEmpty { return "the target table has no unique key" }
        if match.source.eventKey.isEmpty { return "the source table has no key, so its events have none" }
        if Set(match.source.eventKey) != Set(key) {
            return "its events are keyed by (\(match.source.eventKey.joined(separator: ", "))), the target table by "
                + "(\(key.joined(separator: ", ")))"
        }
        if !columns.missing.isEmpty {
            return "nothing makes the target's NOT NULL \(columns.missing.joined(separator: ", ")) yet"
        }
        return nil
    }

    /// How the columns of two tables match.
    private struct Columns {
        var areSame = true
        /// Target columns that need an expression.
        var missing: [String] = []
        /// Fields, and gaps as comments.
        var lines: [String] = []

        init(_ match: TableMatch) {
            for target in match.target.columns where !target.isGenerated {
                let name = YAMLText.value(target.name)
                let source = match.source.column(target.name)
                if let source, !source.isGenerated, EntityText.agree(source, target) {
                    lines.append("      \(name): \(YAMLText.value(quotedWhereNeeded(source.name)))")
                    continue
                }
                if !target.isOptional { missing.append(target.name) }
                if let source {
                    areSame = false
                    let why =
                        source.isGenerated
                        ? "generated on the source: write its expression"
                        : "\(source.type) there, \(target.type) here: write the conversion"
                    lines.append("      # \(name): \(YAMLText.value(quotedWhereNeeded(source.name)))   # \(why)")
                } else {
                    if !target.isOptional { areSame = false }
                    let why = target.isOptional ? "" : ", NOT NULL without a default: it needs one"
                    lines.append("      # \(name): ...   # \(target.type): no source column of that name\(why)")
                }
            }
            for source in match.source.columns where match.target.column(source.name) == nil && !source.isGenerated {
                areSame = false
                lines.append(
                    "      # ...: \(YAMLText.value(quotedWhereNeeded(source.name)))   # \(source.type): no target column of that name"
                )
            }
        }
    }

    /// Whether a value of one column is stored in the other as it is.
    private static func agree(_ source: CatalogColumn, _ target: CatalogColumn) -> Bool {
        if source.isEnumeration || target.isEnumeration {
            guard source.isArray == target.isArray else { return false }
            if target.category == "S" { return true }
            return source.isEnumeration && target.isEnumeration && Set(source.labels).isSubset(of: target.labels)
        }
        if source.bareBaseType == target.bareBaseType { return true }
        let widenings: [String: Set<String>] = [
            "smallint": ["integer", "bigint", "numeric"], "integer": ["bigint", "numeric"], "bigint": ["numeric"],
            "real": ["double precision"], "character varying": ["text"], "bpchar": ["text", "character varying"],
            "text": ["character varying"], "json": ["jsonb"],
        ]
        return widenings[source.bareBaseType]?.contains(target.bareBaseType) == true
            || (source.elementName == target.elementName && source.isArray == target.isArray && !source.isBuiltIn)
    }
}

/// A column's name as SQL, quoted only where it must be.
private func quotedWhereNeeded(_ name: String) -> String {
    let isPlain = name.unicodeScalars.allSatisfy { scalar in
        scalar == "_" || ("0"..."9").contains(scalar) || ("a"..."z").contains(scalar)
    }
    return isPlain && name.first?.isNumber == false ? name : quotedIdentifier(name)
}
