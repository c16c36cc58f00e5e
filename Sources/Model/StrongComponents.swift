/// Groups of nodes of a directed graph that can all be reached from each other (Tarjan 1972), in time linear in the graph.
public struct StrongComponents<Node: Hashable> {
    /// The groups, each after every group that it points at; nodes within a group in the order of the input. A node that
    /// is in no circle is a group of its own.
    public let groups: [[Node]]

    private let selfPointing: Set<Node>

    /// - Parameters:
    ///   - nodes: the graph's nodes, each once.
    ///   - successors: what a node points at; what is not among `nodes` is left out.
    public init(_ nodes: [Node], successors: (Node) -> some Sequence<Node>) {
        let places = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1, $0) })
        let edges = nodes.map { node in successors(node).compactMap { places[$0] }.sorted() }
        var search = Search(edges: edges)
        for place in nodes.indices { search.visit(place) }
        groups = search.groups.map { group in group.sorted().map { nodes[$0] } }
        selfPointing = Set(nodes.indices.filter { edges[$0].contains($0) }.map { nodes[$0] })
    }

    /// The groups of two and more: circles.
    public var cycles: [[Node]] { groups.filter { $0.count > 1 } }

    /// Whether a node points at itself.
    public func pointsAtItself(_ node: Node) -> Bool { selfPointing.contains(node) }

    /// The depth-first search, with a stack of its own: a chain may be longer than a thread's stack allows.
    private struct Search {
        let edges: [[Int]]
        var groups: [[Int]] = []
        private var index: [Int?]
        private var low: [Int]
        private var isOpen: [Bool]
        private var open: [Int] = []
        private var next = 0

        init(edges: [[Int]]) {
            self.edges = edges
            index = Array(repeating: nil, count: edges.count)
            low = Array(repeating: 0, count: edges.count)
            isOpen = Array(repeating: false, count: edges.count)
        }

        mutating func visit(_ root: Int) {
            guard index[root] == nil else { return }
            enter(root)
            var path = [(node: root, edge: 0)]
            while let (node, edge) = path.last {
                guard edge < edges[node].count else {
                    path.removeLast()
                    if let above = path.last?.node { low[above] = min(low[above], low[node]) }
                    if low[node] == index[node] { close(node) }
                    continue
                }
                path[path.count - 1].edge += 1
                let successor = edges[node][edge]
                if let seen = index[successor] {
                    if isOpen[successor] { low[node] = min(low[node], seen) }
                } else {
                    enter(successor)
                    path.append((successor, 0))
                }
            }
        }

        private mutating func enter(_ node: Int) {
            index[node] = next
            low[node] = next
            next += 1
            open.append(node)
            isOpen[node] = true
        }

        private mutating func close(_ root: Int) {
            var group: [Int] = []
            while let node = open.popLast() {
                isOpen[node] = false
                group.append(node)
                if node == root { break }
            }
            groups.append(group)
        }
    }
}

extension StrongComponents: Sendable where Node: Sendable {}
