/// One way in which a source differs from its contract.
public enum ContractChange: Hashable, Sendable, CustomStringConvertible {
    case added(SourceContract.Column)
    case dropped(SourceContract.Column)
    case renamed(from: SourceContract.Column, to: SourceContract.Column)
    case retyped(column: String, from: String, to: String)
    case newlyNotNull(column: String)
    case noLongerNotNull(column: String)
    case keyChanged(from: [String], to: [String])
    case replicaIdentityChanged(from: String, to: String)
    case tableDropped(table: String)

    /// The columns by whose presence or absence an event shows the change; empty for what no plain event shows.
    public var visibleColumns: Set<String> {
        switch self {
        case .added(let column), .dropped(let column): [column.name]
        case .renamed(let from, let to): [from.name, to.name]
        default: []
        }
    }

    /// Whether no value that is mapped today can be lost or garbled: columns that were added and may be NULL, wider types,
    /// changes of NULL alone, and more of the old row in the log.
    public var isHarmless: Bool {
        switch self {
        case .added(let column): column.isNotNull != true
        case .retyped(_, let from, let to): TypeWidening.holds(from: from, to: to)
        case .newlyNotNull, .noLongerNotNull: true
        case .replicaIdentityChanged(_, let to): to == "f"
        case .dropped, .renamed, .keyChanged, .tableDropped: false
        }
    }

    /// The change in a few words, with names and types.
    public var description: String {
        switch self {
        case .added(let column): "added: \(Self.text(column))"
        case .dropped(let column): "dropped: \(Self.text(column))"
        case .renamed(let from, let to): "renamed: \(from.name) is now \(to.name), by its place in the table"
        case .retyped(let column, let from, let to): "retyped: \(column) was \(from), is now \(to)"
        case .newlyNotNull(let column): "newly not null: \(column)"
        case .noLongerNotNull(let column): "no longer not null: \(column)"
        case .keyChanged(let from, let to): "key changed: was (\(Self.list(from))), is now (\(Self.list(to)))"
        case .replicaIdentityChanged(let from, let to):
            "replica identity changed: was \(Self.identity(from)), is now \(Self.identity(to))"
        case .tableDropped(let table): "table dropped: \(table) is not there any more, or has another name"
        }
    }

    private static func text(_ column: SourceContract.Column) -> String {
        column.name + (column.type.map { " \($0)" } ?? "") + (column.isNotNull == true ? " not null" : "")
    }

    private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    private static func identity(_ letter: String) -> String {
        ["d": "default", "f": "full", "i": "an index", "n": "nothing"][letter] ?? letter
    }
}
