import Model

/// The order in which entities are written so that a row finds what it points at.
struct ReferenceOrder {
    /// One entity's place.
    struct Place {
        let rank: Int
        let parents: [EntityName]
        let isSelfReferencing: Bool
    }

    private var places: [EntityName: Place] = [:]
    /// Groups of entities that point at each other in a circle.
    private(set) var cycles: [[EntityName]] = []

    /// - Parameters:
    ///   - names: the entities, in file order.
    ///   - parents: for each, the entities that its rows point at, itself perhaps among them.
    init(_ names: [EntityName], parents: [EntityName: Set<EntityName>]) {
        let reachable = Dictionary(uniqueKeysWithValues: names.map { ($0, Self.reachable(from: $0, parents)) })
        // Two entities are of one group when each can be reached from the other.
        var groups: [[EntityName]] = []
        for name in names where !groups.contains(where: { $0.contains(name) }) {
            groups.append(
                names.filter { other in
                    other == name
                        || (reachable[name]?.contains(other) == true && reachable[other]?.contains(name) == true)
                })
        }
        cycles = groups.filter { $0.count > 1 }
        var ranks: [EntityName: Int] = [:]
        var left = groups
        while !left.isEmpty {
            // Groups form no circle, so there is always one whose parents outside it are all placed.
            let next = left.filter { group in
                group.allSatisfy { name in
                    (parents[name] ?? []).allSatisfy { group.contains($0) || ranks[$0] != nil || !names.contains($0) }
                }
            }
            guard !next.isEmpty else { break }
            for group in next {
                let rank = group.flatMap { parents[$0] ?? [] }.compactMap { ranks[$0] }.max().map { $0 + 1 } ?? 0
                for name in group { ranks[name] = rank }
            }
            left.removeAll { group in next.contains(group) }
        }
        for name in names {
            let own = parents[name] ?? []
            places[name] = Place(
                rank: ranks[name] ?? 0, parents: own.filter { $0 != name }.sorted(),
                isSelfReferencing: own.contains(name))
        }
    }

    func place(of name: EntityName) -> Place {
        places[name] ?? Place(rank: 0, parents: [], isSelfReferencing: false)
    }

    private static func reachable(
        from start: EntityName, _ parents: [EntityName: Set<EntityName>]
    ) -> Set<EntityName> {
        var seen: Set<EntityName> = []
        var waiting = Array(parents[start] ?? [])
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted else { continue }
            waiting.append(contentsOf: parents[next] ?? [])
        }
        return seen
    }
}
