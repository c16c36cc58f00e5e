import ChangeEvents
import Model
import Playbook

/// Finds the dependencies of a playbook's entities in both catalogs. No database is asked.
struct DependencySearch {
    let playbook: CompiledPlaybook
    /// nil when the source cannot be asked.
    let source: Catalog?
    let target: Catalog

    /// What is certain: foreign keys, lookups and scopes by parent.
    func edges() -> [DependencyEdge] {
        var found: [DependencyEdge] = []
        for entity in playbook.entities {
            for key in target[entity.target]?.foreignKeys ?? [] {
                let parent = playbook.entities.first { $0.target == key.parent }
                add(
                    DependencyEdge(
                        .entity(entity.name), on: node(parent, .target, key.parent), .foreignKey, sides: [.target],
                        columns: sourceNames(key.columns, entity),
                        parentColumns: sourceNames(key.parentColumns, parent),
                        evidence: key.name), to: &found)
            }
            for key in source?[entity.source]?.foreignKeys ?? [] {
                let parent = playbook.entities.first { $0.source == key.parent }
                add(
                    DependencyEdge(
                        .entity(entity.name), on: node(parent, .source, key.parent), .foreignKey, sides: [.source],
                        columns: key.columns, parentColumns: key.parentColumns, evidence: key.name), to: &found)
            }
            for parent in entity.lookups {
                found.append(
                    DependencyEdge(
                        .entity(entity.name), on: .entity(parent), .lookup, sides: [.target],
                        evidence: "a field looks its rows up"))
            }
        }
        // What a foreign key says already is not said again.
        let ways = scopes().filter { way in
            !found.contains {
                $0.dependent == way.dependent && $0.parent == way.parent && Set($0.columns) == Set(way.columns)
            }
        }
        return found + ways + outside()
    }

    private func scopes() -> [DependencyEdge] {
        var found: [DependencyEdge] = []
        for wave in playbook.playbook.waves {
            for scope in wave.scopes {
                guard case .via(let parent, let columns) = scope.rows else { continue }
                let edge = DependencyEdge(
                    .entity(scope.entity.value), on: .entity(parent.value), .via, sides: [.source], columns: columns,
                    evidence: "a wave takes its rows by their parent")
                if !found.contains(edge) { found.append(edge) }
            }
        }
        return found
    }

    /// Tables that no entity maps and that point at one's table.
    private func outside() -> [DependencyEdge] {
        var found: [DependencyEdge] = []
        for (side, catalog) in [(Side.source, source), (.target, target)] {
            for table in (catalog?.tables.values.sorted { $0.name < $1.name }) ?? [] {
                guard entity(side, table.name) == nil else { continue }
                for key in table.foreignKeys {
                    guard let parent = entity(side, key.parent) else { continue }
                    found.append(
                        DependencyEdge(
                            .table(side, table.name), on: .entity(parent.name), .foreignKey, sides: [side],
                            columns: key.columns, parentColumns: key.parentColumns, evidence: key.name))
                }
            }
        }
        return found
    }

    /// The same key on both sides is one dependency.
    private func add(_ edge: DependencyEdge, to found: inout [DependencyEdge]) {
        let same = found.firstIndex {
            $0.kind == edge.kind && $0.dependent == edge.dependent && $0.parent == edge.parent
                && $0.columns == edge.columns
        }
        guard let same else { return found.append(edge) }
        found[same].sides = Side.allCases.filter { found[same].sides.contains($0) || edge.sides.contains($0) }
    }

    func entity(_ side: Side, _ table: TableName) -> CompiledEntity? {
        playbook.entities.first { (side == .source ? $0.source : $0.target) == table }
    }

    private func node(_ entity: CompiledEntity?, _ side: Side, _ table: TableName) -> DependencyNode {
        entity.map { .entity($0.name) } ?? .table(side, table)
    }

    /// Target columns in the source's words, where they are plain copies.
    private func sourceNames(_ columns: [String], _ entity: CompiledEntity?) -> [String] {
        columns.map { column in
            guard let entity, let place = entity.fields.first(where: { $0.column == column })?.sourceColumn else {
                return column
            }
            return entity.sourceColumns[place].name
        }
    }
}
