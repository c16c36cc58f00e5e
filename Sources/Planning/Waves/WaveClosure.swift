public import Model
import Playbook

/// What must be added to a wave so that it cuts nothing.
public struct WaveClosure: Hashable, Sendable, Encodable {
    /// A scope to be added or changed.
    public struct Change: Hashable, Sendable, Encodable {
        public let entity: EntityName
        /// Its scope in the wave so far; nil if the wave takes none of its rows.
        public let from: String?
        /// The scope that it needs.
        public let to: String
    }

    public let wave: WaveName
    /// In the order of application.
    public let changes: [Change]

    /// As it may stand in the playbook: `pilot: { regions: all, tiers: all }`.
    public var text: String {
        let scopes = changes.map { "\($0.entity): \($0.to)" }.joined(separator: ", ")
        return "\(wave): { \(scopes) }"
    }
}

/// Finds the scopes that mend a wave.
///
/// A parent that is missed is taken as a whole, and so, in turn, is everything that it needs: of what a scope in SQL takes
/// nothing is known without asking. Where only some rows miss their parent, the child is better taken by its parent
/// (`via`), if nothing else depends on the child.
struct ClosureSearch {
    let graph: DependencyGraph
    let waves: [WaveDefinition]

    private enum Coverage { case none, some, all }

    /// The closure of a wave, given what it cuts; nil when it cuts nothing.
    func closure(of wave: WaveName, cuts: [DependencyCut]) -> WaveClosure? {
        guard let place = waves.firstIndex(where: { $0.name.value == wave }) else { return nil }
        var changes: [EntityName: String] = [:]
        for cut in cuts where cut.wave == wave && cut.severity == .error {
            if let scope = viaScope(cut, place) {
                changes[cut.child] = changes[cut.child] ?? scope
            } else {
                takeAll(cut.parent, upTo: place, &changes)
            }
        }
        guard !changes.isEmpty else { return nil }
        let order = graph.nodes.compactMap(\.entity)
        return WaveClosure(
            wave: wave,
            changes: order.compactMap { entity in
                changes[entity].map { .init(entity: entity, from: text(of: entity, waves[place]), to: $0) }
            })
    }

    private func takeAll(_ entity: EntityName, upTo place: Int, _ changes: inout [EntityName: String]) {
        var waiting = [entity]
        while let next = waiting.popLast() {
            guard changes[next] != "all", coverage(next, upTo: place) != .all else { continue }
            changes[next] = "all"
            waiting += graph.parents(of: next)
        }
    }

    private func coverage(_ entity: EntityName, upTo place: Int) -> Coverage {
        let scopes = waves[...place].compactMap { $0.scope(of: entity) }
        if scopes.contains(where: { if case .all = $0.rows { true } else { false } }) { return .all }
        return scopes.isEmpty ? .none : .some
    }

    /// The scope of the child by its parent, where that mends the cut and harms nobody.
    private func viaScope(_ cut: DependencyCut, _ place: Int) -> String? {
        let wave = waves[place]
        guard case .rows = cut.extent, cut.pointsAtKey, cut.child != cut.parent, wave.scope(of: cut.parent) != nil,
            case .predicate? = wave.scope(of: cut.child)?.rows
        else { return nil }
        let others = graph.edges.filter { $0.parent == .entity(cut.child) && $0.kind.isCertain }
            .compactMap(\.dependent.entity)
        guard others.allSatisfy({ follows(cut.child, $0, from: place) }) else { return nil }
        let columns = cut.columns.count == 1 ? cut.columns[0] : "(\(cut.columns.joined(separator: ", ")))"
        return "via \(cut.parent) on \(columns)"
    }

    /// Whether fewer rows of a parent harm no row of `other`: in each wave from `place` on it takes none, or follows the
    /// parent, or the parent is taken as a whole by then.
    private func follows(_ parent: EntityName, _ other: EntityName, from place: Int) -> Bool {
        waves.indices[place...].allSatisfy { index in
            switch waves[index].scope(of: other)?.rows {
            case nil: true
            case .via(let followed, _) where followed.value == parent: true
            default: coverage(parent, upTo: index) == .all
            }
        }
    }

    private func text(of entity: EntityName, _ wave: WaveDefinition) -> String? {
        wave.scope(of: entity)?.text
    }
}

extension ScopeDefinition {
    /// The scope as the playbook has it.
    var text: String {
        switch rows {
        case .all: "all"
        case .predicate(let expression): expression.sql
        case .via(let parent, let columns):
            "via \(parent.value) on \(columns.count == 1 ? columns[0] : "(\(columns.joined(separator: ", ")))")"
        }
    }
}
