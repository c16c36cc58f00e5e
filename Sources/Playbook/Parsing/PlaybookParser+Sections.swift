import Model
import Yams

extension PlaybookParser {
    func readSource(_ node: Node) -> SourceSection? {
        guard let section = mapping(node, "source", keys: ["postgres", "connector"]) else { return nil }
        return SourceSection(
            postgres: section["postgres"].flatMap { connection($0, "source.postgres") },
            connector: connector(section["connector"], "source.connector"), location: text.location(node.mark))
    }

    private func connector(_ node: Node?, _ what: String) -> [String: Located<String>] {
        guard let node else { return [:] }
        return Dictionary(properties(node, what).map { ($0.key.value, $0.value) }) { _, last in last }
    }

    func readReverse(_ node: Node, entities: [EntityName]) -> ReverseSection? {
        let keys = ["topics", "connector", "references", "entities"]
        guard let section = mapping(node, "reverse", keys: keys) else { return nil }
        let topics = section["topics"].flatMap { scalar($0, "reverse.topics", expected: "a pattern of topic names") }
        if let topics { checkTopics(topics, "reverse.topics") }
        let references = section["references"].flatMap {
            word($0, "reverse.references", as: TargetSection.References.self)
        }
        let named = section["entities"].map { list($0, "reverse.entities") } ?? []
        return ReverseSection(
            topics: topics, connector: connector(section["connector"], "reverse.connector"),
            references: references ?? .wait, entities: named.compactMap { known($0, "reverse.entities", entities) },
            location: text.location(node.mark))
    }

    func readTarget(_ node: Node) -> TargetSection? {
        guard let section = mapping(node, "target", keys: ["postgres", "references"], required: ["postgres"]) else {
            return nil
        }
        let references = section["references"].flatMap {
            word($0, "target.references", as: TargetSection.References.self)
        }
        guard let postgres = section["postgres"].flatMap({ connection($0, "target.postgres") }) else { return nil }
        return TargetSection(
            postgres: postgres, references: references ?? .wait, location: text.location(node.mark))
    }

    func readKafka(_ node: Node) -> KafkaSection? {
        guard
            let section = mapping(
                node, "kafka",
                keys: ["brokers", "topics", "format", "dead_letters", "schema_changes", "properties"],
                required: ["brokers", "topics"])
        else { return nil }
        let brokers = section["brokers"].map { list($0, "kafka.brokers") } ?? []
        for broker in brokers { checkBroker(broker) }
        if let node = section["brokers"], brokers.isEmpty {
            error(.badValue, at: text.location(node.mark), "kafka.brokers is empty", expected: "host:port of a broker")
        }
        let topics = section["topics"].flatMap { scalar($0, "kafka.topics", expected: "a pattern of topic names") }
        if let topics { checkTopics(topics, "kafka.topics") }
        let format = section["format"].flatMap { word($0, "kafka.format", as: KafkaSection.Format.self) }
        if format == .debeziumAvro || format == .debeziumFlat, let node = section["format"] {
            error(
                .badValue, at: text.location(node.mark), "kafka.format \(format?.rawValue ?? "") is not built yet",
                expected: "debezium-json", advice: "configure the connector with the JSON converter")
        }
        let deadLetters = section["dead_letters"].flatMap {
            scalar($0, "kafka.dead_letters", expected: "the name of a topic")
        }
        if let deadLetters { checkTopicName(deadLetters, "kafka.dead_letters") }
        let schemaChanges = section["schema_changes"].flatMap {
            scalar($0, "kafka.schema_changes", expected: "the topic in which the connector tells of DDL")
        }
        var passed: [String: SecretText] = [:]
        let given = section["properties"].map { properties($0, "kafka.properties") } ?? []
        for (key, value) in given {
            guard let secret = secret(value, "kafka.properties \(key.value)") else { continue }
            if KafkaSection.isSecret(key.value), secret.isLiteral {
                report(
                    .warning, .plainPassword, at: value.location, "\(key.value) stands in plain text",
                    expected: "a reference to a secret", advice: "write \(SecretText.forms) in its place")
            }
            passed[key.value] = secret
        }
        guard let topics else { return nil }
        return KafkaSection(
            brokers: brokers, topics: topics, format: format ?? .debeziumJSON, deadLetters: deadLetters,
            schemaChanges: schemaChanges, properties: passed, location: text.location(node.mark))
    }

    private func checkBroker(_ broker: Located<String>) {
        let parts = broker.value.split(separator: ":", omittingEmptySubsequences: false)
        let port = parts.count > 1 ? parts.last.flatMap { UInt16($0) } : nil
        guard parts.first?.isEmpty == false, port != nil, port != 0 else {
            error(
                .badValue, at: broker.location, "\"\(broker.value)\" does not name a broker", expected: "host:port",
                advice: "Kafka's usual port is 9092")
            return
        }
    }

    private func checkTopics(_ topics: Located<String>, _ what: String) {
        guard topics.value.contains("{table}") else {
            error(
                .badValue, at: topics.location, "\(what) \"\(topics.value)\" names one topic for all tables",
                expected: "a pattern with {table}, as \"shop.{schema}.{table}\"",
                advice: "connectors name topics prefix.schema.table")
            return
        }
        var rest = topics.value[...]
        while let open = rest.firstIndex(of: "{") {
            let close = rest[open...].firstIndex(of: "}") ?? rest.index(before: rest.endIndex)
            let name = String(rest[open...close])
            if name != "{schema}", name != "{table}" {
                error(
                    .badValue, at: topics.location, "\(what) has the unknown placeholder \(name)",
                    expected: "{schema} or {table}")
            }
            rest = rest[rest.index(after: close)...]
        }
    }

    private func checkTopicName(_ name: Located<String>, _ what: String) {
        let isName =
            (1...249).contains(name.value.utf8.count) && ![".", ".."].contains(name.value)
            && name.value.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains(scalar))
            }
        if isName { return }
        error(
            .badValue, at: name.location, "\(what) is no name that Kafka allows",
            expected: "1 to 249 of a to z, A to Z, 0 to 9, '.', '_' and '-'")
    }

    func readMasking(_ node: Node) -> MaskingSection? {
        guard let section = mapping(node, "masking", keys: ["key"], required: ["key"]),
            let key = section["key"].flatMap({ secret($0, "masking.key") })
        else { return nil }
        if key.isLiteral {
            report(
                .warning, .plainPassword, at: key.location, "masking.key stands in plain text",
                expected: "a reference to a secret", advice: "write \(SecretText.forms) in its place")
        }
        return MaskingSection(key: key, location: text.location(node.mark))
    }

    func requireMaskingKey(_ masking: MaskingSection?, _ entities: [EntityDefinition]) {
        guard masking == nil else { return }
        for entity in entities {
            guard case .named(let fields) = entity.fields else { continue }
            for field in fields {
                guard let mask = field.mask, case .hmac = mask.value else { continue }
                error(
                    .masking, at: mask.location, "mask: hmac needs a key, and the playbook has none",
                    expected: "a section masking: { key: ${env:NAME} }", advice: "add the section")
            }
        }
    }

    func readLimits(_ node: Node) -> Limits {
        var limits = Limits()
        let keys = [
            "batch_rows", "batch_bytes", "batch_wait", "lanes", "load_workers", "source_connections", "chunk_bytes",
            "breaker_events", "waiting_keys", "throttle",
        ]
        guard let section = mapping(node, "limits", keys: keys) else { return limits }
        func take(_ key: String, _ read: (Node, String) -> Int?, into place: WritableKeyPath<Limits, Int>) {
            if let node = section[key], let value = read(node, "limits.\(key)") { limits[keyPath: place] = value }
        }
        take("batch_rows", { number($0, $1, 1...1_000_000) }, into: \.batchRows)
        take("batch_bytes", { bytes($0, $1, 1024...1 << 30) }, into: \.batchBytes)
        take("batch_wait", { milliseconds($0, $1) }, into: \.batchWaitMilliseconds)
        take("lanes", { number($0, $1, 1...256) }, into: \.lanes)
        take("load_workers", { number($0, $1, 1...256) }, into: \.loadWorkers)
        take("source_connections", { number($0, $1, 1...256) }, into: \.sourceConnections)
        take("chunk_bytes", { bytes($0, $1, 1024...1 << 30) }, into: \.chunkBytes)
        take("breaker_events", { number($0, $1, 0...1_000_000_000) }, into: \.breakerEvents)
        if let node = section["throttle"] { limits.throttle = readThrottle(node) }
        take("waiting_keys", { number($0, $1, 1...1_000_000) }, into: \.waitingKeys)
        return limits
    }

    func readGates(_ node: Node) -> Gates {
        var gates = Gates()
        guard let section = mapping(node, "gates", keys: ["sign_off", "cutover"]) else { return gates }
        if let node = section["sign_off"] {
            gates.signOff = readGate(node, "gates.sign_off", keys: ["approvals", "quarantine", "verified_within"])
        }
        if let node = section["cutover"] {
            _ = readGate(
                node, "gates.cutover",
                keys: ["approvals", "quarantine", "verified_within", "max_lag", "max_downtime"])
            reportNotInForce("gates.cutover", at: text.location(node.mark))
        }
        return gates
    }

    private func readGate(_ node: Node, _ name: String, keys: [String]) -> Gate {
        var gate = Gate()
        guard let section = mapping(node, name, keys: keys) else { return gate }
        if let node = section["approvals"] { gate.approvals = number(node, "\(name).approvals", 0...100) ?? 1 }
        if let node = section["quarantine"] {
            gate.quarantine = word(node, "\(name).quarantine", as: Gate.Quarantine.self) ?? .any
        }
        if let node = section["verified_within"] { gate.verifiedWithin = milliseconds(node, "\(name).verified_within") }
        for key in ["max_lag", "max_downtime"] {
            if let node = section[key] { _ = milliseconds(node, "\(name).\(key)") }
        }
        return gate
    }

    func reportNotInForce(_ section: String, at location: FileLocation) {
        report(
            .note, .notInForce, at: location, "the section \(section) is read and checked, but not in force yet",
            advice: "nothing to do: this version of tidegate does not act on it")
    }
}
