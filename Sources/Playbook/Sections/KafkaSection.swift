import Foundation
public import Model

/// The playbook's `kafka`: where the changes are.
public struct KafkaSection: Sendable {
    /// How the events are written.
    public enum Format: String, Sendable, CaseIterable {
        case debeziumJSON = "debezium-json"
        case debeziumAvro = "debezium-avro"
        case debeziumFlat = "debezium-flat"
    }

    /// `host:port` of some brokers.
    public var brokers: [Located<String>]
    /// The names of the topics, with `{schema}` and `{table}` for the table's.
    public var topics: Located<String>
    public var format: Format
    /// The topic that gets a copy of what is set aside; nil for none.
    public var deadLetters: Located<String>?
    /// The topic in which the connector tells of DDL; nil without one.
    public var schemaChanges: Located<String>?
    /// Any librdkafka property.
    public var properties: [String: SecretText]
    /// Where the section stands.
    public var location: FileLocation

    /// Whether a librdkafka property holds a secret.
    static func isSecret(_ property: String) -> Bool {
        !property.hasSuffix(".location") && ["password", "secret", "ssl.key.pem"].contains { property.contains($0) }
    }

    /// The topic of a source table: the pattern with its names put in, and characters that Kafka does not allow
    /// replaced by `_`, as connectors do.
    public func topic(of table: TableName) -> String {
        let name = topics.value
            .replacingOccurrences(of: "{schema}", with: table.schema)
            .replacingOccurrences(of: "{table}", with: table.name)
        return String(
            name.unicodeScalars.map { scalar in
                let allowed =
                    scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(Character(scalar)))
                return allowed || scalar == "." || scalar == "_" || scalar == "-" ? Character(scalar) : "_"
            })
    }

    /// The librdkafka properties with their secrets looked up, `bootstrap.servers` among them. `renewed()` of it looks them up
    /// again.
    ///
    /// - Throws: `PlaybookError` of code `missingSecret` with the place in the playbook.
    public func resolvedProperties(
        environment: [String: String]? = nil
    ) throws(PlaybookError) -> Redacted<[String: String]> {
        Redacted(try lookUp(environment)) { try lookUp(environment) }
    }

    private func lookUp(_ environment: [String: String]?) throws(PlaybookError) -> [String: String] {
        var resolved = ["bootstrap.servers": brokers.map(\.value).joined(separator: ",")]
        for (name, text) in properties { resolved[name] = try text.resolve(environment: environment).reveal() }
        return resolved
    }
}
