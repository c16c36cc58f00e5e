/// User name and password for SASL's PLAIN and SCRAM, as they are now.
public struct Credentials: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// `sasl.username`.
    public let username: String
    /// `sasl.password`.
    public let password: String

    /// Those of a client's properties; nil where they have none.
    public init?(of properties: [String: String]) {
        guard let username = properties["sasl.username"] ?? properties["sasl.user.name"],
            let password = properties["sasl.password"]
        else { return nil }
        self.username = username
        self.password = password
    }

    public var description: String { "<credentials>" }
    public var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
