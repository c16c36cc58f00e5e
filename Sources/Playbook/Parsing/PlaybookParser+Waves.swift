import Model
import Yams

extension PlaybookParser {
    func readWaves(_ node: Node, entities: [EntityName]) -> [WaveDefinition] {
        (pairs(node, "waves") ?? []).compactMap { name, value in
            guard let waveName = identifier(name, "wave"), let pairs = pairs(value, "wave \(name.value)") else {
                return nil
            }
            let scopes = pairs.compactMap { entity, rows -> ScopeDefinition? in
                guard let known = known(entity, "wave \(name.value)", entities) else { return nil }
                return readScope(known, rows, wave: name.value, entities: entities)
            }
            return WaveDefinition(name: Located(WaveName(rawValue: waveName), at: name.location), scopes: scopes)
        }
    }

    /// An entity that the playbook has.
    func known(_ name: Located<String>, _ what: String, _ entities: [EntityName]) -> Located<EntityName>? {
        let entity = EntityName(rawValue: name.value)
        if entities.contains(entity) { return Located(entity, at: name.location) }
        let names = entities.map(\.rawValue)
        error(
            .unknownEntity, at: name.location, "\(what) names \"\(name.value)\", which is no entity",
            expected: "one of \(names.joined(separator: ", "))", advice: NearMiss.advice(for: name.value, among: names))
        return nil
    }

    private func readScope(
        _ entity: Located<EntityName>, _ node: Node, wave: String, entities: [EntityName]
    ) -> ScopeDefinition? {
        guard let expression = sql(node, "wave \(wave): \(entity.value)") else { return nil }
        let trimmed = expression.sql.trimmingPrefix { $0.isWhitespace }
        if trimmed.split(whereSeparator: \.isWhitespace) == ["all"] {
            return ScopeDefinition(entity: entity, rows: .all, location: expression.location)
        }
        let words = trimmed.split(maxSplits: 3, whereSeparator: \.isWhitespace)
        guard words.first == "via" else {
            return ScopeDefinition(entity: entity, rows: .predicate(expression), location: expression.location)
        }
        let shape = "via ENTITY on COLUMN, or via ENTITY on (COLUMN, COLUMN)"
        guard words.count == 4, words[2].lowercased() == "on" else {
            error(.badValue, at: expression.location, "\"\(expression.sql)\" is not a scope", expected: shape)
            return nil
        }
        let columns = words[3].filter { $0 != "(" && $0 != ")" }.split(separator: ",").map { column in
            String(column.trimmingPrefix { $0.isWhitespace }.prefix { !$0.isWhitespace })
        }
        guard !columns.isEmpty, columns.allSatisfy({ !$0.isEmpty }) else {
            error(.badValue, at: expression.location, "\"\(expression.sql)\" names no column", expected: shape)
            return nil
        }
        let parentPlace = expression.location(ofCharacter: 5)
        guard let parent = known(Located(String(words[1]), at: parentPlace), "wave \(wave)", entities) else {
            return nil
        }
        return ScopeDefinition(
            entity: entity, rows: .via(parent: parent, columns: columns), location: expression.location)
    }

    func readOwnership(_ node: Node, entities: [EntityName], waves: [WaveName]) -> OwnershipSection? {
        guard let section = mapping(node, "ownership", keys: ["default", "deletes", "rules"]) else { return nil }
        let owner = section["default"].flatMap { word($0, "ownership.default", as: Side.self) }
        let deletes = section["deletes"].flatMap {
            word($0, "ownership.deletes", as: OwnershipSection.Deletes.self)
        }
        var rules: [OwnershipSection.OwnershipRule] = []
        if let list = section["rules"] {
            if case .sequence(let items) = list {
                rules = items.compactMap { readRule($0, entities, waves) }
            } else {
                error(
                    .wrongKind, at: text.location(list.mark), "ownership.rules is \(Self.kind(list))",
                    expected: "a list of rules")
            }
        }
        return OwnershipSection(
            defaultOwner: owner ?? .source, deletes: deletes ?? .refuse, rules: rules,
            location: text.location(node.mark))
    }

    private func readRule(
        _ node: Node, _ entities: [EntityName], _ waves: [WaveName]
    ) -> OwnershipSection.OwnershipRule? {
        let what = "an ownership rule"
        guard
            let section = mapping(
                node, what, keys: ["entity", "fields", "where", "owner", "from"], required: ["entity", "owner"]),
            let entityText = section["entity"].flatMap({ scalar($0, "\(what): entity") }),
            let entity = known(entityText, what, entities),
            let owner = section["owner"].flatMap({ word($0, "\(what): owner", as: Side.self) })
        else { return nil }
        let fields = section["fields"].map { list($0, "\(what): fields") } ?? []
        let rows = section["where"].flatMap { sql($0, "\(what): where") }
        let wave = section["from"].flatMap { readRuleWave($0, what, waves) }
        return OwnershipSection.OwnershipRule(
            entity: entity, fields: fields, rows: rows, owner: owner, fromWave: wave, location: text.location(node.mark)
        )
    }

    private func readRuleWave(_ node: Node, _ what: String, _ waves: [WaveName]) -> Located<WaveName>? {
        guard let value = scalar(node, "\(what): from", expected: "wave NAME") else { return nil }
        let words = value.value.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0] == "wave" else {
            error(.badValue, at: value.location, "\(what): from cannot be \"\(value.value)\"", expected: "wave NAME")
            return nil
        }
        let name = WaveName(rawValue: String(words[1]))
        guard waves.contains(name) else {
            error(
                .unknownWave, at: value.location, "\(what) names \"\(name)\", which is no wave",
                expected: "one of \(waves.map(\.rawValue).joined(separator: ", "))",
                advice: NearMiss.advice(for: name.rawValue, among: waves.map(\.rawValue)))
            return nil
        }
        return Located(name, at: value.location)
    }
}
