public import Model

/// What depends on what: the playbook's entities, and the tables beside them that point at theirs or are pointed at.
public struct DependencyGraph: Sendable {
    /// Entities in the order of application, then tables by side and name.
    public let nodes: [DependencyNode]
    /// Each dependency once, in the order of its child, then its parent.
    public let edges: [DependencyEdge]
    /// Groups of nodes that need each other in a circle, by what is certain.
    public let cycles: [[DependencyNode]]

    private let byDependent: [DependencyNode: [DependencyEdge]]

    /// A graph of entities in order, and of the tables that the edges name.
    public init(entities: [EntityName], edges: [DependencyEdge]) {
        let own = entities.map(DependencyNode.entity)
        let known = Set(own)
        let tables = Set(edges.flatMap { [$0.dependent, $0.parent] }).subtracting(known).sorted()
        let places = Dictionary(uniqueKeysWithValues: (own + tables).enumerated().map { ($1, $0) })
        nodes = own + tables
        self.edges = edges.sorted { left, right in
            let (a, b) = (places[left.dependent] ?? 0, places[right.dependent] ?? 0)
            let (c, d) = (places[left.parent] ?? 0, places[right.parent] ?? 0)
            return (a, c, left.kind.rawValue, left.evidence) < (b, d, right.kind.rawValue, right.evidence)
        }
        let byDependent = Dictionary(grouping: self.edges, by: \.dependent)
        self.byDependent = byDependent
        cycles =
            StrongComponents(nodes) { node in
                (byDependent[node] ?? []).filter(\.kind.isCertain).map(\.parent)
            }.cycles
    }

    /// What an entity needs.
    public func edges(of entity: EntityName) -> [DependencyEdge] { byDependent[.entity(entity)] ?? [] }

    /// The entities that an entity's rows certainly need, itself among them if they point at each other, sorted.
    public func parents(of entity: EntityName) -> [EntityName] {
        Set(edges(of: entity).filter(\.kind.isCertain).compactMap(\.parent.entity)).sorted()
    }

    /// The same with those that its rows are likely to need.
    func likelyParents(of entity: EntityName) -> [EntityName] {
        Set(edges(of: entity).compactMap(\.parent.entity)).sorted()
    }
}
