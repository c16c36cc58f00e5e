public import Model
public import Playbook

/// A dependency that a wave cuts: it takes rows that need rows which no wave up to it takes.
public struct DependencyCut: Hashable, Sendable, Encodable {
    public let wave: WaveName
    public let child: EntityName
    public let parent: EntityName
    public let kind: DependencyEdge.Kind
    public let columns: [String]
    /// What shows the dependency: a constraint's name, a field.
    public let evidence: String
    public let extent: WaveCut.Extent
    /// Whether the columns point at the parent's own key.
    let pointsAtKey: Bool
    public let location: FileLocation

    /// What is certain to be missed is an error; what only may be is a warning.
    public var severity: Finding.Severity {
        switch kind {
        case .likelyReference: .warning
        case .lookup: if case .untaken = extent { .error } else { .warning }
        case .foreignKey, .via: .error
        }
    }

    /// What is wrong, without the place.
    public var message: String {
        let what =
            switch kind {
            case .foreignKey, .via: "the foreign key \(evidence)"
            case .lookup: "a lookup"
            case .likelyReference: "what looks like a reference, \(columns.joined(separator: ", "))"
            }
        let missing =
            switch extent {
            case .untaken: "no wave up to this one takes"
            case .rows(0): "the waves up to this one take in part"
            case .rows(let count):
                "for \(count)\(count == 1 ? " row" : count < WaveCut.mostCounted ? " rows" : " rows or more") are in no scope "
                    + "up to this wave"
            }
        return "wave \(wave) cuts \(what): rows of \(child) need rows of \(parent), which \(missing)"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(wave.rawValue, forKey: .wave)
        try container.encode(child.rawValue, forKey: .child)
        try container.encode(parent.rawValue, forKey: .parent)
        try container.encode(kind, forKey: .kind)
        try container.encode(columns, forKey: .columns)
        try container.encode(evidence, forKey: .evidence)
        try container.encode(severity.rawValue, forKey: .severity)
        try container.encode(message, forKey: .message)
        try container.encode(location.description, forKey: .location)
    }

    private enum Keys: CodingKey {
        case wave, child, parent, kind, columns, evidence, severity, message, location
    }
}

extension DependencyCut {
    /// The cuts of lookups and of what looks like a reference, told from the waves alone: `rows(0)` where a parent is
    /// taken in part, and nobody has looked at the rows.
    static func byScopes(_ graph: DependencyGraph, _ waves: [WaveDefinition]) -> [DependencyCut] {
        var found: [DependencyCut] = []
        for (place, wave) in waves.enumerated() {
            for scope in wave.scopes {
                for edge in graph.edges(of: scope.entity.value) where [.lookup, .likelyReference].contains(edge.kind) {
                    guard let parent = edge.parent.entity, parent != scope.entity.value else { continue }
                    if case .via(let followed, let columns) = scope.rows, followed.value == parent,
                        edge.kind == .likelyReference, columns == edge.columns
                    {
                        continue
                    }
                    let scopes = waves[...place].compactMap { $0.scope(of: parent) }
                    if scopes.contains(where: { if case .all = $0.rows { true } else { false } }) { continue }
                    found.append(
                        DependencyCut(
                            wave: wave.name.value, child: scope.entity.value, parent: parent, kind: edge.kind,
                            columns: edge.columns, evidence: edge.evidence,
                            extent: scopes.isEmpty ? .untaken : .rows(0), pointsAtKey: false,
                            location: scope.location))
                }
            }
        }
        return found
    }
}
