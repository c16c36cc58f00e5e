public import Model
import Playbook

/// Waves for a playbook that has none: parents first, what belongs together together, small before large.
public struct WaveSuggestion: Hashable, Sendable, Encodable {
    /// One wave.
    public struct Wave: Hashable, Sendable, Encodable {
        public let name: String
        public let entities: [EntityName]
        public let rows: Int
    }

    public let waves: [Wave]

    /// As it may stand in the playbook.
    public var text: String {
        "waves:\n"
            + waves.map { wave in
                "  \(wave.name): { \(wave.entities.map { "\($0): all" }.joined(separator: ", ")) }"
                    + "   # about \(wave.rows) rows\n"
            }.joined()
    }

    private static let parts = 4

    /// Fills waves of about a quarter of all rows each.
    ///
    /// Entities that are connected follow each other, the smallest such group first; in a group parents come first, and
    /// a circle is never divided.
    ///
    /// - Parameter rows: by entity; what is not known counts as none.
    init(_ graph: DependencyGraph, rows: [EntityName: Int]) {
        let names = graph.nodes.compactMap(\.entity)
        let parents = Dictionary(uniqueKeysWithValues: names.map { ($0, graph.likelyParents(of: $0)) })
        let circles = StrongComponents(names) { parents[$0] ?? [] }.groups
        func size(_ group: [EntityName]) -> Int { group.reduce(0) { $0 + (rows[$1] ?? 0) } }
        let components = Self.connected(circles, parents)
            .sorted { (size($0.flatMap(\.self)), $0[0][0]) < (size($1.flatMap(\.self)), $1[0][0]) }
        let limit = max(size(names) / Self.parts, 1)
        var filled: [[EntityName]] = []
        for group in components.flatMap(\.self) {
            if let last = filled.last, size(last) + size(group) <= limit {
                filled[filled.count - 1] += group
            } else {
                filled.append(group)
            }
        }
        waves = filled.enumerated().map { Wave(name: "wave\($0 + 1)", entities: $1, rows: size($1)) }
    }

    /// Circles in order, collected with those that they are connected with.
    private static func connected(
        _ circles: [[EntityName]], _ parents: [EntityName: [EntityName]]
    ) -> [[[EntityName]]] {
        var components: [[[EntityName]]] = []
        for circle in circles {
            let near = Set(circle.flatMap { parents[$0] ?? [] })
            let joined = components.filter { $0.contains { $0.contains { near.contains($0) } } }
            components.removeAll { component in joined.contains(component) }
            components.append(joined.flatMap(\.self) + [circle])
        }
        return components
    }
}
