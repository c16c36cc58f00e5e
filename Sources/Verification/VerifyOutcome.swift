public import Ledger
public import Model

/// What a verification has come to.
public struct VerifyOutcome: Sendable {
    /// In one word.
    public enum Verdict: String, Sendable, CaseIterable {
        /// Both sides are equal.
        case equal
        /// They are now, since rows were written again: not a clean run.
        case repaired
        /// A difference was proven.
        case drift
        /// Of some rows neither was proven, or ranges are left.
        case unproven
    }

    /// An entity's part.
    public struct Entity: Sendable {
        public let name: EntityName
        public let summary: Verifications.Summary
        /// Rows that differ or are unproven, the first of them.
        public let rows: [DriftedRow]
    }

    /// Of each entity no more keys are told than this.
    public static let mostKeys = 1000

    /// Its number in the ledger.
    public let verification: Int64
    public let entities: [Entity]
    /// Entities of which nothing is loaded.
    public let notLoaded: [EntityName]
    /// Differences that the playbook allows, `entity.field: size`.
    public let tolerances: [String]
    private let isSameEpoch: Bool

    init(
        verification: Int64, summaries: [Verifications.Summary], names: [EntityID: EntityName], notLoaded: [EntityName],
        tolerances: [String], drift: [EntityID: [DriftedRow]], isSameEpoch: Bool
    ) {
        self.verification = verification
        entities = summaries.compactMap { summary in
            names[summary.entity].map { Entity(name: $0, summary: summary, rows: drift[summary.entity] ?? []) }
        }
        self.notLoaded = notLoaded
        self.tolerances = tolerances
        self.isSameEpoch = isSameEpoch
    }

    /// Ranges that were not compared.
    public var rangesLeft: Int { sum { $0.ranges["open"] ?? 0 } }
    public var drifted: Int { sum(\.drifted) }
    public var unproven: Int { sum(\.unproven) }
    public var parked: Int { sum(\.parked) }
    public var repaired: Int { sum(\.repaired) }
    public var sourceRows: Int { sum(\.sourceRows) }

    public var verdict: Verdict {
        if entities.contains(where: { $0.summary.ranges["drift", default: 0] > 0 }) { return .drift }
        let isOpen = entities.contains {
            $0.summary.ranges["unproven", default: 0] + $0.summary.ranges["open", default: 0] > 0
        }
        if isOpen || !isSameEpoch { return .unproven }
        return repaired > 0 ? .repaired : .equal
    }

    /// Why it is unproven, each reason once.
    public var reasons: [String] {
        var found = entities.flatMap(\.summary.reasons)
        if rangesLeft > 0 {
            found.append("the time was over with \(rangesLeft) ranges left; running it again goes on with them")
        }
        if !isSameEpoch { found.append("ownership was transferred meanwhile; verify again") }
        return found.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// What the audit trail tells.
    var counts: [String: String] {
        [
            "rows": "\(sourceRows)", "drifted": "\(drifted)", "unproven": "\(unproven)", "parked": "\(parked)",
            "repaired": "\(repaired)",
        ]
    }

    private func sum(_ value: (Verifications.Summary) -> Int) -> Int { entities.reduce(0) { $0 + value($1.summary) } }
}
