import Ledger
import Model
import Verification

/// What a verification says at its end.
struct VerifyReport: Encodable {
    struct Entity: Encodable {
        let entity: String
        let waves: [String]
        let sourceRows: Int
        let targetRows: Int
        /// Ranges by what was certified of them.
        let ranges: [String: Int]
        let comparedOneByOne: Int
        /// Rows that differ, by kind.
        let drift: [String: Int]
        let unproven: Int
        let parked: Int
        let repaired: Int
        /// The source's position at which, or later, both sides were equal.
        let position: String?
        /// Only on request.
        let keys: [DriftedRow]?
    }

    let verification: Int64
    let verdict: String
    let entities: [Entity]
    let notLoaded: [String]
    let tolerances: [String]
    let reasons: [String]

    init(_ outcome: VerifyOutcome, keys: Bool) {
        verification = outcome.verification
        verdict = outcome.verdict.rawValue
        notLoaded = outcome.notLoaded.map(\.rawValue)
        tolerances = outcome.tolerances
        reasons = outcome.reasons
        entities = outcome.entities.map { entity in
            let summary = entity.summary
            return Entity(
                entity: entity.name.rawValue, waves: summary.waves, sourceRows: summary.sourceRows,
                targetRows: summary.targetRows, ranges: summary.ranges.filter { $0.value > 0 },
                comparedOneByOne: summary.suspects, drift: summary.kinds.filter { $0.key != "unproven" },
                unproven: summary.unproven, parked: summary.parked, repaired: summary.repaired,
                position: summary.position?.description, keys: keys ? entity.rows : nil)
        }
    }

    /// For people.
    var text: String {
        var columns = TextColumns(
            ["entity", "source rows", "target rows", "compared one by one", "drift", "unproven", "parked", "repaired"],
            numeric: [1, 2, 3, 4, 5, 6, 7])
        for entity in entities {
            columns.add([
                entity.entity, "\(entity.sourceRows)", "\(entity.targetRows)", "\(entity.comparedOneByOne)",
                "\(entity.drift.values.reduce(0, +))", "\(entity.unproven)", "\(entity.parked)", "\(entity.repaired)",
            ])
        }
        var text = columns.text
        for entity in entities {
            let kinds = ["missing", "extra", "different"].compactMap { kind in
                entity.drift[kind].map { "\($0) \(kind)" }
            }
            if !kinds.isEmpty { text += "\(entity.entity): \(kinds.joined(separator: ", "))\n" }
            for row in entity.keys ?? [] {
                let fields = row.fields.isEmpty ? "" : ": \(row.fields.joined(separator: ", "))"
                text += "  \(row.kind.rawValue) (\(row.key.joined(separator: ", ")))\(fields)\n"
            }
        }
        for entity in notLoaded { text += "\(entity): not loaded, not compared\n" }
        for tolerance in tolerances { text += "tolerance \(tolerance)\n" }
        for reason in reasons { text += "unproven: \(reason)\n" }
        let parked = entities.reduce(0) { $0 + $1.parked }
        if parked > 0 { text += "\(parked) keys are in the quarantine, or set aside by a known defect, and left out\n" }
        return text + "verification \(verification): \(sentence)\n"
    }

    private var sentence: String {
        switch verdict {
        case "equal":
            let positions = entities.compactMap(\.position)
            return "both sides are equal" + (positions.min().map { ", at \($0) of the source's log or later" } ?? "")
        case "repaired": return "rows had drifted and were repaired; verify again for a clean run"
        case "drift":
            return "both sides differ" + (entities.contains { $0.keys == nil } ? "; --keys lists the rows" : "")
        default: return "not proven"
        }
    }
}
