import Yams

/// What two texts of a playbook say differently, key by key: comments, order of keys and spacing do not count.
public struct PlaybookDifference: Sendable {
    /// What a difference means for rows that are loaded already.
    public enum Meaning: String, Sendable, Codable {
        /// Loaded rows were made by the old text and stay as they are until they are loaded again or change.
        case reload
        /// Only what comes from now on is treated otherwise.
        case fromNowOn = "from-now-on"
        /// The rows that a wave takes: what is loaded already stays, what the scope takes in addition is not there.
        case scope
        /// Loaded rows mean the same.
        case none
    }

    /// One key that differs.
    public struct Change: Sendable, Hashable, Codable {
        /// The keys on the way, `entities.customers.fields.email`.
        public let path: String
        /// nil where the key is new.
        public let before: String?
        /// nil where the key is gone.
        public let after: String?
        public let meaning: Meaning
    }

    /// In the order of their paths.
    public let changes: [Change]

    /// Compares two texts, both without their secrets.
    ///
    /// - Returns: nil when one of them is no YAML, as a text of which a secret was cut out may be.
    public init?(from before: String, to after: String) {
        guard let old = Self.leaves(before), let new = Self.leaves(after) else { return nil }
        changes = Set(old.keys).union(new.keys).sorted().compactMap { path in
            guard old[path] != new[path] else { return nil }
            return Change(path: path, before: old[path], after: new[path], meaning: Self.meaning(of: path))
        }
    }

    private static func meaning(of path: String) -> Meaning {
        let keys = path.split(separator: ".").map(String.init)
        switch keys.first {
        case "entities" where keys.count < 3: return .reload
        case "entities":
            switch keys[2] {
            case "checks", "drift", "order": return .none
            default: return .reload
            }
        case "masking": return .reload
        case "waves": return .scope
        case "ownership", "reverse": return .fromNowOn
        case "source" where keys.count > 1 && keys[1] == "connector": return .fromNowOn
        default: return .none
        }
    }

    /// The scalars of a text by their paths.
    private static func leaves(_ text: String) -> [String: String]? {
        guard let root = try? Yams.compose(yaml: text), case .mapping = root else { return nil }
        var leaves: [String: String] = [:]
        func walk(_ node: Node, _ path: String) {
            switch node {
            case .mapping(let mapping):
                if mapping.isEmpty { leaves[path] = "{}" }
                for (key, value) in mapping {
                    walk(value, path.isEmpty ? key.string ?? "?" : "\(path).\(key.string ?? "?")")
                }
            case .sequence(let sequence):
                // As one: its elements have no names. Rules of ownership are told apart by their number.
                if sequence.allSatisfy({ if case .scalar = $0 { true } else { false } }) {
                    leaves[path] = "[" + sequence.map { $0.string ?? "" }.joined(separator: ", ") + "]"
                } else {
                    for (index, element) in sequence.enumerated() { walk(element, "\(path)[\(index + 1)]") }
                }
            case .scalar(let scalar):
                leaves[path] = scalar.string.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            default: leaves[path] = "?"
            }
        }
        walk(root, "")
        return leaves
    }
}
