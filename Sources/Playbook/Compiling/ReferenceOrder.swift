public import Model

/// The order in which entities are written so that a row finds what it points at.
public struct ReferenceOrder: Sendable {
    /// One entity's place.
    public struct Place: Sendable {
        /// Smaller for what is written first; equal within a circle.
        public let rank: Int
        /// What its rows point at, itself left out, sorted.
        public let parents: [EntityName]
        public let isSelfReferencing: Bool
    }

    private var places: [EntityName: Place] = [:]
    /// Groups of entities that point at each other in a circle, in the order of their first entity.
    public let cycles: [[EntityName]]

    /// - Parameters:
    ///   - names: the entities, in file order.
    ///   - parents: for each, the entities that its rows point at, itself perhaps among them.
    public init(_ names: [EntityName], parents: [EntityName: Set<EntityName>]) {
        let components = StrongComponents(names) { parents[$0] ?? [] }
        var ranks: [EntityName: Int] = [:]
        // Each group comes after those that it points at.
        for group in components.groups {
            let rank = group.flatMap { parents[$0] ?? [] }.compactMap { ranks[$0] }.max().map { $0 + 1 } ?? 0
            for name in group { ranks[name] = rank }
        }
        let order = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        cycles = components.cycles.sorted { (order[$0[0]] ?? 0) < (order[$1[0]] ?? 0) }
        for name in names {
            places[name] = Place(
                rank: ranks[name] ?? 0, parents: (parents[name] ?? []).filter { $0 != name }.sorted(),
                isSelfReferencing: components.pointsAtItself(name))
        }
    }

    /// The place of an entity.
    public func place(of name: EntityName) -> Place {
        places[name] ?? Place(rank: 0, parents: [], isSelfReferencing: false)
    }
}
