/// The playbook's `source`: the system being left.
public struct SourceSection: Sendable {
    /// How to reach its database; nil for a source that is known through its topics alone.
    public var postgres: SecretText?
    /// How its connector is configured, by the connector's own property names.
    public var connector: [String: Located<String>]
    /// Where the section stands.
    public var location: FileLocation

    /// The connector's properties without their places.
    public var connectorProperties: [String: String] { connector.mapValues(\.value) }
}
