import Foundation
import Ledger
import LibPQ
import Model
import Playbook

/// The map of ownership as `tidegate own` and `tidegate status --ownership` print it.
struct OwnershipReport: Encodable {
    /// A line of the map, with what was not written because of it.
    struct Line: Encodable {
        let entity: String
        let field: String
        let rows: String
        let owner: String
        /// nil but for the first line of a field.
        let suppressed: SuppressedCount?
    }

    let playbook: String
    let epoch: Int64
    let lines: [Line]

    /// Reads the rules, as both databases make them, and the ledger.
    init(_ playbook: Playbook, command: String) throws {
        let target = try Connection(
            try playbook.target.postgres.connectionString(), applicationName: "tidegate \(command)")
        let source = try playbook.source.postgres.map {
            try Connection(try $0.connectionString(), applicationName: "tidegate \(command)")
        }
        try Migrations().verify(on: target)
        let compiled = try CompiledPlaybook.compile(playbook, source: source, target: target)
        let ownership = Ownership(on: target)
        let epoch = try ownership.epoch()
        var suppressed = try ownership.suppressed()
        if let reverse = try StatusCommand.reverseLedger(playbook) {
            for (entity, counts) in try Ownership(on: reverse).suppressed() {
                suppressed[entity, default: [:]].merge(counts) { $0 + $1 }
            }
        }
        self.playbook = playbook.name
        self.epoch = epoch.number
        var lines: [Line] = []
        for entity in compiled.entities {
            var named: Set<String> = []
            for line in OwnershipMapLine.lines(of: entity, in: epoch) {
                let isFirst = named.insert(line.field).inserted
                lines.append(
                    Line(
                        entity: line.entity, field: line.field, rows: line.rows, owner: line.owner,
                        suppressed: isFirst ? suppressed[entity.name]?[line.field] : nil))
            }
            if let rows = suppressed[entity.name]?["*"] {
                lines.append(
                    Line(
                        entity: entity.name.rawValue, field: "*", rows: "inserts and deletes", owner: "",
                        suppressed: rows))
            }
        }
        self.lines = lines
    }

    func json() throws -> String { try JSONOutput.pretty(self) }

    var text: String {
        var columns = TextColumns(
            ["entity", "field", "rows", "owner", "suppressed", "violations"], numeric: [4, 5])
        for line in lines {
            columns.add([
                line.entity, line.field, line.rows, line.owner, line.suppressed.map { "\($0.writes)" } ?? "",
                line.suppressed.map { "\($0.violations)" } ?? "",
            ])
        }
        return "Ownership in epoch \(epoch)\n" + columns.text
    }
}
