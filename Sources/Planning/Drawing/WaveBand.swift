import Model
import Playbook

/// What is drawn of one wave: its entities, beside them what they need from elsewhere, and the lines between.
struct WaveBand {
    /// A box.
    struct Box {
        enum Kind: String {
            /// An entity that the wave takes rows of.
            case taken
            /// One that an earlier wave took.
            case earlier
            /// One that is missed.
            case missing
            /// A table that no entity fills.
            case outside
        }

        let node: DependencyNode
        let kind: Kind
        let title: String
        let lines: [String]
        let isInCycle: Bool
        var layer: Int
    }

    /// A line from the box that needs to the one that is needed.
    struct Line {
        enum Kind: String {
            case foreignKey = "fk"
            case lookup
            case via
            case likely
            case cycle
            case cut
        }

        let child: Int
        let parent: Int
        let kind: Kind
        let title: String
    }

    private(set) var boxes: [Box] = []
    private(set) var lines: [Line] = []

    init(_ wave: MigrationPlan.Wave, in plan: MigrationPlan) {
        let entities = Dictionary(uniqueKeysWithValues: plan.entities.map { ($0.name, $0) })
        for scope in wave.scopes {
            guard let entity = entities[scope.entity] else { continue }
            boxes.append(
                Box(
                    node: .entity(entity.name), kind: .taken, title: entity.name.rawValue,
                    lines: Self.lines(scope, entity), isInCycle: Self.isInCycle(entity, plan), layer: 0))
        }
        let taken = boxes.count
        let before = plan.waves.prefix { $0.name != wave.name }
        for edge in plan.dependencies {
            guard let child = boxes.prefix(taken).firstIndex(where: { $0.node == edge.dependent }) else { continue }
            let parent = boxes.firstIndex { $0.node == edge.parent } ?? boxes.count
            if parent == boxes.count { boxes.append(Self.beside(edge, wave, Array(before))) }
            let cut = wave.cuts.first {
                .entity($0.child) == edge.dependent && .entity($0.parent) == edge.parent && $0.severity == .error
            }
            let isCycle = plan.cycles.contains { $0.contains(edge.dependent) && $0.contains(edge.parent) }
            let kind: Line.Kind =
                cut != nil ? .cut : isCycle && edge.kind.isCertain ? .cycle : Self.kind(edge.kind)
            let title = cut?.message ?? "\(edge.dependent) needs \(edge.parent): \(edge.evidence)"
            let same = lines.firstIndex { $0.child == child && $0.parent == parent }
            if let same {
                // One line for all that connects two boxes: the one that says most.
                if Self.weight(kind) > Self.weight(lines[same].kind) {
                    lines[same] = Line(child: child, parent: parent, kind: kind, title: title)
                }
            } else {
                lines.append(Line(child: child, parent: parent, kind: kind, title: title))
            }
        }
        arrange(taken)
    }

    /// Gives each box its column: after all that it needs; what stands beside, just before what needs it.
    private mutating func arrange(_ taken: Int) {
        let parents = Dictionary(grouping: lines, by: \.child).mapValues { $0.map(\.parent) }
        for group in StrongComponents(Array(boxes.indices), successors: { parents[$0] ?? [] }).groups {
            let needed = group.flatMap { parents[$0] ?? [] }.filter { !group.contains($0) }
            let layer = (needed.map { boxes[$0].layer }.max() ?? -1) + 1
            for index in group { boxes[index].layer = layer }
        }
        for index in boxes.indices.dropFirst(taken) {
            let children = lines.filter { $0.parent == index }.map { boxes[$0.child].layer }
            boxes[index].layer = (children.min() ?? 1) - 1
        }
    }

    private static func beside(
        _ edge: DependencyEdge, _ wave: MigrationPlan.Wave, _ before: [MigrationPlan.Wave]
    ) -> Box {
        guard let name = edge.parent.entity else {
            let text = if case .table(_, let table) = edge.parent { table.description } else { "" }
            return Box(
                node: edge.parent, kind: .outside, title: text, lines: ["no entity fills it"], isInCycle: false,
                layer: 0)
        }
        let waves = before.filter { $0.scopes.contains { $0.entity == name } }.map(\.name.rawValue)
        if waves.isEmpty {
            return Box(
                node: edge.parent, kind: .missing, title: name.rawValue, lines: ["taken by no wave up to this"],
                isInCycle: false, layer: 0)
        }
        return Box(
            node: edge.parent, kind: .earlier, title: name.rawValue, lines: ["in \(waves.joined(separator: ", "))"],
            isInCycle: false, layer: 0)
    }

    private static func lines(_ scope: MigrationPlan.Scope, _ entity: MigrationPlan.Entity) -> [String] {
        let rows = scope.volume.map { volume in
            Magnitude.rows(volume.rows) + (volume.bytes.map { " · " + Magnitude.bytes($0) } ?? "")
        }
        let count = entity.dependents.count { $0.kind != .sequence && $0.kind != .partition }
        let dependents = count == 0 ? "" : "\(count) hidden \(count == 1 ? "dependent" : "dependents")"
        return [rows ?? "rows unknown", dependents]
    }

    private static func isInCycle(_ entity: MigrationPlan.Entity, _ plan: MigrationPlan) -> Bool {
        plan.cycles.contains { $0.contains(.entity(entity.name)) }
    }

    private static func kind(_ kind: DependencyEdge.Kind) -> Line.Kind {
        switch kind {
        case .foreignKey: .foreignKey
        case .lookup: .lookup
        case .via: .via
        case .likelyReference: .likely
        }
    }

    private static func weight(_ kind: Line.Kind) -> Int {
        [.likely, .via, .lookup, .foreignKey, .cycle, .cut].firstIndex(of: kind) ?? 0
    }
}
