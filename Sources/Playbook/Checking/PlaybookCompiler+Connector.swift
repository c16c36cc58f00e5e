import ChangeEvents
import Model

extension PlaybookCompiler {
    /// Types whose columns the connector leaves out of its events.
    private static let unsentTypes: Set<String> = [
        "tsquery", "tsvector", "pg_lsn", "regclass", "xid", "tid", "line", "lseg", "box", "path", "polygon", "circle",
    ]

    /// What the connector's declared settings cost.
    func checkConnector() {
        let properties = playbook.source.connectorProperties
        let modes: ConnectorModes
        do {
            modes = try ConnectorModes(properties: properties)
        } catch {
            self.error(
                .badValue, at: place(of: error.property),
                "the connector's \(error.property) cannot be \"\(properties[error.property] ?? "")\"",
                expected: "one of \(error.allowed.joined(separator: ", "))")
            return
        }
        guard properties["connector.class"] != ConnectorModes.captureClass, source != nil else { return }
        for draft in drafts {
            checkNullDefaults(draft, modes)
            checkUnsentTypes(draft, modes)
        }
        checkModes(modes)
        checkOperations(properties)
    }

    private func place(of property: String) -> FileLocation {
        playbook.source.connector[property]?.location ?? playbook.source.location
    }

    /// The converter writes the source column's default where the row has NULL.
    private func checkNullDefaults(_ draft: EntityDraft, _ modes: ConnectorModes) {
        guard modes.replacesNullWithDefault else { return }
        for (index, column) in draft.columns.enumerated() {
            guard let catalog = column.catalog, !catalog.isNotNull, catalog.defaultExpression != nil,
                let field = draft.compiledFields.first(where: { $0.dependencies.contains(index) })
            else { continue }
            let stated = draft.fields.first { $0.column.name == field.column }
            warn(
                .nullDefault, at: stated?.expression.location ?? draft.definition.fieldsLocation,
                "the source column \(column.name) takes NULL and has a default: the connector's converter writes the "
                    + "default where the row has NULL", expected: "value.converter.replace.null.with.default: false",
                advice: "set it on the connector, and say so in source.connector")
        }
    }

    private func checkUnsentTypes(_ draft: EntityDraft, _ modes: ConnectorModes) {
        for (index, column) in draft.columns.enumerated() {
            guard let catalog = column.catalog,
                let field = draft.compiledFields.first(where: { $0.dependencies.contains(index) })
            else { continue }
            let isUnsent =
                Self.unsentTypes.contains(catalog.elementName) || ["c", "m"].contains(catalog.elementKind)
            let place =
                draft.fields.first { $0.column.name == field.column }?.expression.location
                ?? draft.definition.fieldsLocation
            if isUnsent, !modes.includesUnknownTypes {
                warn(
                    .connectorSetting, at: place,
                    "the source column \(column.name) is of type \(catalog.type), which the connector leaves out of its "
                        + "events: the field \(field.column) is loaded and then never changes",
                    expected: "include.unknown.datatypes: true",
                    advice: "set it on the connector, and say so in source.connector")
            } else if catalog.elementName == "interval", modes.interval == .numeric {
                warn(
                    .connectorSetting, at: place,
                    "the source column \(column.name) is an interval, sent as a number of microseconds: months become "
                        + "30.4375 days", expected: "interval.handling.mode: string",
                    advice: "set it on the connector, and say so in source.connector")
            } else if catalog.elementName == "numeric", modes.decimal != .string {
                checkDecimal(column, modes, at: place)
            }
        }
    }

    private func checkDecimal(_ column: DraftColumn, _ modes: ConnectorModes, at place: FileLocation) {
        if modes.decimal == .double {
            warn(
                .connectorSetting, at: place,
                "the source column \(column.name) is numeric, sent as a double: digits beyond the 15th are lost",
                expected: "decimal.handling.mode: string",
                advice: "set it on the connector, and say so in source.connector")
        } else {
            note(
                .connectorSetting, at: place,
                "the source column \(column.name) is numeric, sent in decimal.handling.mode precise: NaN arrives as NULL",
                advice: "decimal.handling.mode: string sends every value as it is")
        }
    }

    private func checkModes(_ modes: ConnectorModes) {
        if modes.time == .connect {
            warn(
                .connectorSetting, at: place(of: "time.precision.mode"),
                "time.precision.mode connect cuts times to milliseconds", expected: "adaptive",
                advice: "set it on the connector, and say so in source.connector")
        }
    }

    private func checkOperations(_ properties: [String: String]) {
        guard !properties.isEmpty else { return }
        if (properties["skipped.operations"] ?? "t") != "none" {
            note(
                .connectorSetting, at: place(of: "skipped.operations"),
                "the connector drops TRUNCATE: emptied tables stay full in the target",
                advice: "skipped.operations: none sends it")
        }
        if properties["heartbeat.interval.ms"] == nil {
            note(
                .connectorSetting, at: playbook.source.location,
                "the connector sends no heartbeat: where its tables rest, its slot keeps the source's log",
                advice: "heartbeat.interval.ms: 10000")
        }
    }

    // MARK: Kafka

    /// Properties that decide whether a change is applied exactly once: Tidegate sets them itself.
    private static let ownProperties = [
        "auto.offset.reset", "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof",
        "enable.idempotence", "bootstrap.servers", "metadata.broker.list",
    ]

    func checkKafka() {
        let kafka = playbook.kafka
        guard !kafka.brokers.isEmpty else {
            warn(
                .kafka, at: FileLocation(file: playbook.file, line: 1, column: 1),
                "the playbook has no section kafka: rows can be loaded, changes cannot be applied",
                expected: "kafka: { brokers: [...], topics: ... }")
            return
        }
        var tables: [String: TableName] = [:]
        for entity in playbook.entities {
            let topic = kafka.topic(of: entity.from.value)
            if let other = tables[topic], other != entity.from.value {
                error(
                    .kafka, at: kafka.topics.location,
                    "the tables \(other) and \(entity.from.value) have the same topic, \(topic)",
                    expected: "a topic for each table", advice: "use {schema} and {table} in kafka.topics")
            }
            tables[topic] = entity.from.value
            if topic.utf8.count > 249 {
                error(
                    .kafka, at: kafka.topics.location, "the topic \(topic) is longer than Kafka allows",
                    expected: "249 characters at most")
            }
        }
        if let isolation = kafka.properties["isolation.level"], !isolation.isLiteral("read_committed") {
            error(
                .kafka, at: isolation.location, "isolation.level cannot be other than read_committed",
                expected: "that nothing is applied of a transaction that is not committed", advice: "remove it")
        }
        for (name, value) in kafka.properties where Self.ownProperties.contains(name) {
            error(
                .kafka, at: value.location, "tidegate sets \(name) itself",
                expected: "a property that does not decide where reading begins or what is acknowledged",
                advice: name == "bootstrap.servers" ? "use kafka.brokers" : "remove it")
        }
    }
}
