/// A connector property whose value is none that is known.
public struct ConnectorModeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The property.
    public let property: String
    /// The values that are known.
    public let allowed: [String]

    /// An error about a property.
    public init(property: String, allowed: [String]) {
        self.property = property
        self.allowed = allowed
    }

    public var description: String {
        "\(property) is none of \(allowed.joined(separator: ", "))"
    }
}
