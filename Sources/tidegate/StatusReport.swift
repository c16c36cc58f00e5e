import Foundation
import Ledger
import Model
import Throttling

/// What `tidegate status` prints.
struct StatusReport: Encodable {
    /// A partition with its distance from the end of the log.
    struct Partition: Encodable {
        let flow: String
        let topic: String
        let partition: Int
        let nextOffset: Int?
        /// The end of the log; nil when the broker could not be asked.
        let logEnd: Int?
        /// Events not applied yet; nil when the broker could not be asked.
        let behind: Int?
        let owner: String?
        let consumed: Int
        let applied: Int
        let superseded: Int
        let skipped: Int
        let quarantined: Int
        let skippedBy: [String: Int]
        let secondsSinceSourceCommit: Double?
    }

    /// The log that a server keeps for the connector's slot.
    struct Slot: Encodable {
        let flow: String
        let slot: String
        let isActive: Bool
        /// nil when the server has removed log that the slot needs.
        let retainedBytes: Int?
        /// nil when nothing is said of it.
        let limitBytes: Int?
        /// What is wrong and what to do; nil while it is under the limit.
        let alert: String?

        init(_ reading: SlotReading, flow: Flow, limit: Double) {
            self.flow = flow.rawValue
            slot = reading.slot
            isActive = reading.isActive
            retainedBytes = reading.retainedBytes
            limitBytes = reading.limit(limit).isFinite ? Int(reading.limit(limit)) : nil
            alert = reading.alert(over: limit)
        }
    }

    let playbook: String
    /// Events in the topics that are not applied yet; nil when the broker could not be asked.
    let behind: Int?
    let consumed: Int
    let applied: Int
    let superseded: Int
    let skipped: Int
    let quarantined: Int
    let scopes: [Status.ScopeStatus]
    let partitions: [Partition]
    let quarantine: [Status.QuarantineStatus]
    let stalls: [Status.StallStatus]
    let defects: [Status.DefectStatus]
    let throttles: [Status.ThrottleStatus]
    let slots: [Slot]
    let deadLetters: [Status.DeadLetterStatus]
    let drifts: [Contracts.Drift]

    init(playbook: String, status: Status, ends: [String: [Int32: Int64]], slots: [Slot]) {
        self.playbook = playbook
        partitions = status.partitions.map { partition in
            let end = ends[partition.topic]?[Int32(partition.partition)].map { Int($0) }
            return Partition(
                flow: partition.flow, topic: partition.topic, partition: partition.partition,
                nextOffset: partition.nextOffset, logEnd: end,
                behind: end.map { max(0, $0 - (partition.nextOffset ?? 0)) }, owner: partition.owner,
                consumed: partition.consumed, applied: partition.applied, superseded: partition.superseded,
                skipped: partition.skipped, quarantined: partition.quarantined, skippedBy: partition.skippedBy,
                secondsSinceSourceCommit: partition.sourceAge)
        }
        let distances = partitions.compactMap(\.behind)
        behind = distances.count == partitions.count && !distances.isEmpty ? distances.reduce(0, +) : nil
        consumed = partitions.reduce(0) { $0 + $1.consumed }
        applied = partitions.reduce(0) { $0 + $1.applied }
        superseded = partitions.reduce(0) { $0 + $1.superseded }
        skipped = partitions.reduce(0) { $0 + $1.skipped }
        quarantined = partitions.reduce(0) { $0 + $1.quarantined }
        scopes = status.scopes
        quarantine = status.quarantine
        stalls = status.stalls
        defects = status.defects
        throttles = status.throttles
        self.slots = slots
        deadLetters = status.deadLetters
        drifts = status.drifts
    }

    func json() throws -> String { try JSONOutput.pretty(self) }

    var text: String {
        var text = "Playbook \(playbook)\n\nWaves\n" + waves.text + "\nStream\n" + stream.text
        text += "\nconsumed \(consumed) = applied \(applied) + superseded \(superseded) + skipped \(skipped) "
        text += "+ quarantined \(quarantined)\n"
        let reasons = partitions.reduce(into: [:]) { $0.merge($1.skippedBy, uniquingKeysWith: +) }
        if !reasons.isEmpty {
            let list = reasons.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            text += "skipped: \(list)\n"
        }
        if !slots.isEmpty { text += "\nSource log\n" + retained }
        if !throttles.isEmpty { text += "\nLoads\n" + loads.text }
        if !stalls.isEmpty { text += "\nNot going on\n" + waiting.text }
        if !drifts.isEmpty { text += "\nNot as the contracts say\n" + DriftReport(drifts).table }
        if !quarantine.isEmpty { text += "\nQuarantine\n" + setAside.text }
        if !defects.isEmpty { text += "\nKnown defects\n" + knownDefects.text }
        for letters in deadLetters {
            text += "dead letters (\(letters.flow)): \(letters.published) published"
            text += letters.failed > 0 ? ", \(letters.failed) not: \(letters.error ?? "")\n" : "\n"
        }
        return text
    }

    private var waves: TextColumns {
        var columns = TextColumns(["wave", "entity", "state", "chunks", "rows", "of about"], numeric: [3, 4, 5])
        for scope in scopes {
            columns.add([
                scope.wave, scope.entity, scope.state, "\(scope.chunksMerged)/\(scope.chunks)", "\(scope.rows)",
                "\(scope.rowsEstimated)",
            ])
        }
        return columns
    }

    private var stream: TextColumns {
        var columns = TextColumns(
            ["topic", "partitions", "behind", "consumed", "applied", "superseded", "skipped", "quarantined"],
            numeric: [1, 2, 3, 4, 5, 6, 7])
        for (topic, members) in Dictionary(grouping: partitions, by: \.topic).sorted(by: { $0.key < $1.key }) {
            func sum(_ value: (Partition) -> Int) -> String { "\(members.reduce(0) { $0 + value($1) })" }
            columns.add([
                topic, "\(members.count)", members.contains { $0.behind == nil } ? "?" : sum { $0.behind ?? 0 },
                sum(\.consumed), sum(\.applied), sum(\.superseded), sum(\.skipped), sum(\.quarantined),
            ])
        }
        return columns
    }

    private var waiting: TextColumns {
        var columns = TextColumns(
            ["flow", "partition", "at", "state", "since", "tries", "next", "reason"], numeric: [2, 4, 5, 6])
        for stall in stalls {
            columns.add([
                stall.flow, "\(stall.topic)[\(stall.partition)]", stall.nextOffset.map(String.init) ?? "-", stall.state,
                "\(Int(stall.secondsSince)) s", "\(stall.attempts)",
                stall.secondsToNextAttempt.map { "\(Int($0)) s" } ?? "-",
                stall.reason,
            ])
        }
        return columns
    }

    private var setAside: TextColumns {
        var columns = TextColumns(["flow", "entity", "reason", "state", "events", "oldest"], numeric: [4, 5])
        for group in quarantine {
            columns.add([
                group.flow, group.entity ?? "-", group.reason, group.state, "\(group.events)",
                age(group.secondsSinceOldest),
            ])
        }
        return columns
    }
}
