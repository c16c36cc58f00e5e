import Foundation

/// Profiles as people and programs read them.
public struct ProfileReport: Sendable {
    /// The playbook's name.
    public let playbook: String
    public let profiles: [EntityProfile]

    /// A report on profiles, in the order given.
    public init(playbook: String, profiles: [EntityProfile]) {
        self.playbook = playbook
        self.profiles = profiles
    }

    /// The defects that were found, as entries of the playbook: by entity, each line under `defects`; empty without any.
    public var defects: String {
        profiles.filter { !$0.suggestions.isEmpty }.map { profile in
            "# \(profile.entity)\n    defects:\n"
                + profile.suggestions.map { "      # \($0.reason)\n      \($0.line)\n" }.joined()
        }.joined()
    }

    /// One object: `playbook` and `profiles`.
    public func json() throws -> String {
        struct Body: Encodable {
            let playbook: String
            let profiles: [EntityProfile]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(Body(playbook: playbook, profiles: profiles)), as: UTF8.self)
    }
}
