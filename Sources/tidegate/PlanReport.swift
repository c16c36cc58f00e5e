import Model
import Planning
import Playbook

/// What `tidegate plan` prints.
struct PlanReport {
    private let plan: MigrationPlan

    init(_ plan: MigrationPlan) { self.plan = plan }

    var text: String {
        var text = "Plan of \(plan.playbook)\n\nDependencies, parents first\n" + dependencies
        for cycle in plan.cycles {
            text += "circle: \(cycle.map(\.description).joined(separator: ", ")); take all of it in one wave\n"
        }
        text += "\nHidden dependents\n" + dependents
        text += "\nWaves\n" + (plan.waves.isEmpty ? "the playbook has none\n" : waves)
        for wave in plan.waves { text += cuts(of: wave) }
        if let suggestion = plan.suggestion { text += "\nSuggestion\n" + suggestion.text }
        if !plan.notes.isEmpty { text += "\nNotes\n" + plan.notes.map { $0 + "\n" }.joined() }
        return text
    }

    private var dependencies: String {
        var columns = TextColumns(["entity", "needs", "by", "side", "columns", "evidence"], numeric: [])
        let dependents = Set(plan.dependencies.map(\.dependent))
        for entity in plan.entities where !dependents.contains(.entity(entity.name)) {
            columns.add([entity.name.rawValue, "-", "", "", "", ""])
        }
        for edge in plan.dependencies {
            columns.add([
                edge.dependent.description, edge.parent.description, edge.kind.rawValue,
                edge.sides.map(\.rawValue).joined(separator: ", "), edge.columns.joined(separator: ", "), edge.evidence,
            ])
        }
        return columns.text
    }

    private var dependents: String {
        var columns = TextColumns(["entity", "side", "what", "name", ""], numeric: [])
        var isEmpty = true
        for entity in plan.entities {
            for dependent in entity.dependents {
                isEmpty = false
                columns.add([
                    entity.name.rawValue, dependent.side.rawValue, dependent.kind.rawValue, dependent.name,
                    dependent.detail,
                ])
            }
        }
        return isEmpty ? "none were found\n" : columns.text
    }

    private var waves: String {
        var columns = TextColumns(
            ["wave", "entity", "scope", "rows", "size", "from", "duration", "limited by"], numeric: [3, 4])
        for wave in plan.waves {
            for scope in wave.scopes {
                let volume = scope.volume
                columns.add([
                    wave.name.rawValue, scope.entity.rawValue, scope.rows,
                    volume.map { Magnitude.count($0.rows) } ?? "?",
                    volume?.bytes.map(Magnitude.bytes) ?? "?", volume.map(basis) ?? "", duration(scope.duration),
                    scope.duration?.limit ?? "",
                ])
            }
            columns.add([
                wave.name.rawValue, "together", "", Magnitude.count(wave.rows), Magnitude.bytes(wave.bytes), "",
                duration(wave.duration), wave.duration?.limit ?? "",
            ])
        }
        return columns.text
    }

    private func basis(_ volume: ScopeVolume) -> String {
        volume.looked.map { "\($0) \(volume.basis.rawValue)" } ?? volume.basis.rawValue
    }

    private func duration(_ estimate: DurationEstimate?) -> String {
        guard let estimate else { return "unknown until a first load" }
        let text = Magnitude.seconds(estimate.low, to: estimate.high)
        return estimate.basis == .ledger ? "\(text), as loaded before" : "\(text), by a sample"
    }

    private func cuts(of wave: MigrationPlan.Wave) -> String {
        var text = wave.cuts.map { "\($0.location): \($0.severity.rawValue): \($0.message)\n" }.joined()
        if let closure = wave.closure {
            text += "    wave \(wave.name) is refused; what would mend it: \(closure.text)\n"
        }
        return text
    }
}
