/// One field of a secret in Vault's KV engine, as `secret/data/shop#password` names it.
///
/// The path is that of Vault's API without `/v1/`: version 2 of the engine has `data` after the mount, version 1 has not.
public struct VaultSecret: Hashable, Sendable, CustomStringConvertible {
    /// Mount and path.
    public let path: String
    /// The field's name.
    public let field: String

    /// Reads `path#field`; nil when it is not of that form.
    public init?(_ text: some StringProtocol) {
        guard let mark = text.lastIndex(of: "#") else { return nil }
        let path = text[..<mark]
        let field = text[text.index(after: mark)...]
        guard !field.isEmpty, path.first != "/", path.last != "/", path.contains("/") else { return nil }
        self.path = String(path)
        self.field = String(field)
    }

    public var description: String { "\(path)#\(field)" }
}
