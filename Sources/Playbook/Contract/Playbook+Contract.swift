public import Model

extension Playbook {
    /// What the playbook relies on of a source table, as its catalog has it.
    public func contract(of table: CatalogTable) -> SourceContract {
        SourceContract(
            table: table.name.description,
            columns: table.columns.map { column in
                SourceContract.Column(
                    name: column.name, number: column.number, type: column.type, isNotNull: column.isNotNull,
                    defaultExpression: column.defaultExpression, isGenerated: column.isGenerated)
            },
            key: eventKey(of: table), replicaIdentity: table.replicaIdentity.rawValue,
            modes: modes)
    }

    /// What it relies on of a source table that cannot be asked: the columns that it names itself.
    func contract(of definition: EntityDefinition, key: [String]) -> SourceContract {
        SourceContract(
            table: definition.from.value.description,
            columns: definition.columns.map { .init(name: $0.name.value, type: $0.type.value) }, key: key,
            replicaIdentity: nil, modes: modes)
    }

    /// The connector's properties but for secrets.
    private var modes: [String: String] { source.connectorProperties.filter { !KafkaSection.isSecret($0.key) } }

    /// What events of a table are keyed by: the table's own key, unless the connector was told otherwise.
    func eventKey(of table: CatalogTable) -> [String] {
        guard let setting = source.connector["message.key.columns"] else { return table.eventKey }
        for part in setting.value.split(separator: ";") {
            guard let colon = part.lastIndex(of: ":"),
                let pattern = try? Regex(String(part[..<colon]).trimmingPrefix { $0 == " " }.description),
                table.name.description.wholeMatch(of: pattern) != nil
            else { continue }
            return part[part.index(after: colon)...].split(separator: ",")
                .map { String($0.filter { $0 != " " }) }
        }
        return table.eventKey
    }
}
