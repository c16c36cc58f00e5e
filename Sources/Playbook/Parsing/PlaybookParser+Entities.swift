import Model
import Yams

extension PlaybookParser {
    func readEntities(_ node: Node) -> [EntityDefinition] {
        let entities = (pairs(node, "entities") ?? []).compactMap { name, value in readEntity(name, value) }
        if entities.isEmpty, findings.allSatisfy({ $0.severity != .error }) {
            error(.missingKey, at: text.location(node.mark), "there is no entity", expected: "at least one entity")
        }
        checkSharedTables(entities)
        return entities
    }

    /// Refuses entities that share a table.
    ///
    /// A topic's events go to one entity, so a second one of the same source table would never be told of a change. And
    /// a chunk makes its key range of the target what its own source table holds: of two entities that write one table,
    /// each load would delete the other's rows.
    private func checkSharedTables(_ entities: [EntityDefinition]) {
        var sources: [TableName: EntityName] = [:]
        var targets: [TableName: EntityName] = [:]
        for entity in entities {
            if let other = sources.updateValue(entity.name.value, forKey: entity.from.value) {
                error(
                    .sharedTable, at: entity.from.location,
                    "rows of the source table \(entity.from.value) are taken by \(other) already",
                    expected: "one entity for each source table",
                    advice: "merge the two; rows that come at different times are what the waves' scopes are for")
            }
            if let other = targets.updateValue(entity.name.value, forKey: entity.into.value) {
                error(
                    .sharedTable, at: entity.into.location,
                    "the target table \(entity.into.value) is written by \(other) already",
                    expected: "one entity for each target table", advice: "merge the two, or give one another table")
            }
        }
    }

    private func readEntity(_ name: Located<String>, _ node: Node) -> EntityDefinition? {
        let what = "entity \(name.value)"
        let keys = ["from", "into", "key", "fields", "defects", "checks", "columns", "order", "drift"]
        guard let entityName = identifier(name, "entity"),
            let section = mapping(node, what, keys: keys, required: ["from", "into", "fields"], at: name.location)
        else { return nil }
        let from = section["from"].flatMap { table($0, "\(what): from") }
        let into = section["into"].flatMap { table($0, "\(what): into") }
        let key = section["key"].map { list($0, "\(what): key") } ?? []
        let fields = section["fields"].flatMap { readFields($0, what) }
        let defects = section["defects"].map { readDefects($0, what) } ?? []
        let checks = section["checks"].map { readChecks($0, what) } ?? []
        let columns = section["columns"].map { readColumns($0, what) } ?? []
        let order = section["order"].flatMap { word($0, "\(what): order", as: EntityDefinition.KeyOrder.self) }
        let drift = section["drift"].flatMap { word($0, "\(what): drift", as: DriftPolicy.self) }
        reportRepeated(key, "\(what): key")
        guard let from, let into, let fields, let fieldsNode = section["fields"] else { return nil }
        return EntityDefinition(
            name: Located(EntityName(rawValue: entityName), at: name.location), from: from, into: into, key: key,
            fields: fields, fieldsLocation: text.location(fieldsNode.mark), defects: defects, checks: checks,
            columns: columns, order: order, drift: drift)
    }

    func reportRepeated(_ names: [Located<String>], _ what: String) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name.value).inserted {
            error(.duplicateKey, at: name.location, "\(what) names \"\(name.value)\" twice", expected: "each once")
        }
    }

    private func readFields(_ node: Node, _ what: String) -> EntityDefinition.Fields? {
        if case .scalar(let scalar) = node {
            if scalar.string == "same" { return .same }
            error(
                .badValue, at: text.location(scalar.mark), "\(what): fields cannot be \"\(scalar.string)\"",
                expected: "same, or a mapping of target columns to SQL",
                advice: NearMiss.advice(for: scalar.string, among: ["same"]))
            return nil
        }
        guard let pairs = pairs(node, "\(what): fields") else { return nil }
        if pairs.isEmpty {
            error(.badValue, at: text.location(node.mark), "\(what): fields is empty", expected: "at least the key")
        }
        return .named(pairs.compactMap { column, value in readField(column, value, what) })
    }

    private func readField(_ column: Located<String>, _ node: Node, _ what: String) -> FieldDefinition? {
        let place = "\(what): field \(column.value)"
        guard case .mapping = node else {
            return sql(node, place).map {
                FieldDefinition(column: column, from: $0, reverse: nil, mask: nil, seed: .once)
            }
        }
        guard
            let section = mapping(
                node, place, keys: ["from", "reverse", "mask", "seed", "tolerance"], required: ["from"],
                at: column.location)
        else { return nil }
        let from = section["from"].flatMap { sql($0, "\(place): from") }
        let reverse = section["reverse"].flatMap { sql($0, "\(place): reverse") }
        let mask = section["mask"].flatMap { readMask($0, place) }
        let seed = section["seed"].flatMap { word($0, "\(place): seed", as: FieldDefinition.Seed.self) }
        let tolerance = section["tolerance"].flatMap { readTolerance($0, place) }
        if let reverse, mask != nil {
            error(
                .badValue, at: reverse.location, "\(place) is masked and cannot have a reverse",
                expected: "mask or reverse, not both")
        }
        return from.map {
            FieldDefinition(
                column: column, from: $0, reverse: reverse, mask: mask, seed: seed ?? .once, tolerance: tolerance)
        }
    }

    private func readTolerance(_ node: Node, _ what: String) -> Located<FieldTolerance>? {
        let expected = "a number above 0 such as 0.01, trim, or case"
        guard let value = scalar(node, "\(what): tolerance", expected: expected) else { return nil }
        if let tolerance = FieldTolerance(value.value) { return Located(tolerance, at: value.location) }
        error(
            .badValue, at: value.location, "\(what): tolerance cannot be \"\(value.value)\"", expected: expected,
            advice: NearMiss.advice(for: value.value, among: ["trim", "case"]))
        return nil
    }

    private func readMask(_ node: Node, _ what: String) -> Located<FieldDefinition.Mask>? {
        // A plain null is YAML's null, which is what its writer means by it.
        let location = text.location(node.mark)
        guard case .scalar(let scalar) = node else {
            error(
                .wrongKind, at: location, "\(what): mask is \(Self.kind(node))", expected: "hmac, redact, null or SQL")
            return nil
        }
        switch scalar.string {
        case "hmac": return Located(.hmac, at: location)
        case "redact": return Located(.redact, at: location)
        case "null", "~", "NULL", "": return Located(.null, at: location)
        default:
            let isWord = scalar.string.unicodeScalars.allSatisfy { $0.properties.isAlphabetic }
            if isWord, let meant = NearMiss.suggestion(for: scalar.string, among: ["hmac", "redact"]) {
                error(
                    .badValue, at: location, "\(what): mask cannot be \"\(scalar.string)\"",
                    expected: "hmac, redact, null or SQL", advice: "did you mean \"\(meant)\"?")
                return nil
            }
            return Located(.sql(text.expression(scalar)), at: location)
        }
    }

    private func readDefects(_ node: Node, _ what: String) -> [DefectDefinition] {
        (pairs(node, "\(what): defects") ?? []).compactMap { name, value in
            let place = "\(what): defect \(name.value)"
            guard
                let section = mapping(
                    value, place, keys: ["where", "set", "action"], required: ["where"], at: name.location),
                let predicate = section["where"].flatMap({ sql($0, "\(place): where") })
            else { return nil }
            switch (section["set"], section["action"]) {
            case (let set?, nil):
                let values = (pairs(set, "\(place): set") ?? []).compactMap { column, value in
                    sql(value, "\(place): set \(column.value)").map { (column: column, value: $0) }
                }
                return DefectDefinition(name: name, predicate: predicate, action: .set(values))
            case (nil, let action?):
                guard let word = scalar(action, "\(place): action", expected: "quarantine") else { return nil }
                guard word.value == "quarantine" else {
                    error(
                        .badValue, at: word.location, "\(place): action cannot be \"\(word.value)\"",
                        expected: "quarantine", advice: NearMiss.advice(for: word.value, among: ["quarantine"]))
                    return nil
                }
                return DefectDefinition(name: name, predicate: predicate, action: .quarantine)
            default:
                error(
                    .missingKey, at: name.location, "\(place) does not say what to do about it",
                    expected: "either set: { column: SQL } or action: quarantine")
                return nil
            }
        }
    }

    private func readChecks(_ node: Node, _ what: String) -> [CheckDefinition] {
        (pairs(node, "\(what): checks") ?? []).compactMap { name, value in
            sql(value, "\(what): check \(name.value)").map { CheckDefinition(name: name, predicate: $0) }
        }
    }

    private func readColumns(_ node: Node, _ what: String) -> [ColumnDefinition] {
        properties(node, "\(what): columns").map { ColumnDefinition(name: $0.key, type: $0.value) }
    }
}
