import Model
import Testing

@Suite struct StrongComponentsTests {
    private func groups(_ edges: [Int: [Int]], nodes: Int) -> [[Int]] {
        StrongComponents(Array(0..<nodes)) { edges[$0] ?? [] }.groups
    }

    @Test func aGroupComesAfterWhatItPointsAt() {
        #expect(groups([0: [1], 1: [2], 3: [0]], nodes: 4) == [[2], [1], [0], [3]])
    }

    @Test func circlesAreGroups() {
        let components = StrongComponents(Array(0..<6)) {
            [0: [1], 1: [2, 5], 2: [0, 3], 3: [4], 4: [3, 4]][$0] ?? []
        }
        #expect(components.cycles == [[3, 4], [0, 1, 2]])
        #expect(components.pointsAtItself(4) && !components.pointsAtItself(3))
    }

    @Test func aLongChainNeedsNoDeepStack() {
        let edges = Dictionary(uniqueKeysWithValues: (0..<200_000).map { ($0, [$0 + 1]) })
        #expect(groups(edges, nodes: 200_001).first == [200_000])
    }

    /// Against the definition: each can be reached from the other.
    @Test func randomGraphsAgreeWithReachability() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let count = Int.random(in: 1...9, using: &generator)
            var edges: [Int: [Int]] = [:]
            for node in 0..<count {
                edges[node] = (0..<count).filter { _ in Int.random(in: 0..<4, using: &generator) == 0 }
            }
            func reachable(_ start: Int) -> Set<Int> {
                var seen: Set<Int> = [start]
                var waiting = [start]
                while let next = waiting.popLast() {
                    for node in edges[next] ?? [] where seen.insert(node).inserted { waiting.append(node) }
                }
                return seen
            }
            let groups = groups(edges, nodes: count)
            for (place, group) in groups.enumerated() {
                for node in 0..<count {
                    let isMutual = reachable(group[0]).contains(node) && reachable(node).contains(group[0])
                    #expect(group.contains(node) == isMutual, "\(edges)")
                }
                let later = groups[(place + 1)...].flatMap(\.self)
                #expect(reachable(group[0]).isDisjoint(with: later), "\(edges)")
            }
        }
    }
}
