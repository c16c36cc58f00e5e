internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model

/// Takes up the keys again that were parked because the row they point at was not there.
///
/// A lane does it when it has nothing else to do, for the partitions that it holds, which are the only ones whose
/// events may park or release those keys meanwhile.
final class ParkedRetry {
    private let batch: LaneBatch
    private var due = ContinuousClock.now
    private static let interval = Duration.milliseconds(500)
    private static let keysAtOnce = 100

    /// The retry of a lane, beside its batch.
    init(beside batch: LaneBatch, modes: ConnectorModes) {
        self.batch = LaneBatch(beside: batch, modes: modes)
    }

    /// Whether it is time to try again.
    var isDue: Bool { ContinuousClock.now >= due }

    /// Tries every key once, some at most.
    ///
    /// - Returns: the keys that are parked no longer, by entity.
    func run(_ checkpoints: [TopicPartition: Checkpoint], applier: BatchApplier) throws -> [Int: Set<[String]>] {
        due = .now + Self.interval
        guard let flow = checkpoints.values.first?.flow else { return [:] }
        var released: [Int: Set<[String]>] = [:]
        let parked = try applier.quarantine.parked(
            reason: "missing-parent", flow: flow, in: checkpoints.keys.sorted(), limit: Self.keysAtOnce)
        for key in parked {
            guard let entity = applier.place(of: key.entity), let partition = key.events.first?.partition,
                let checkpoint = checkpoints[partition]
            else { continue }
            defer { batch.forgetEvents() }
            for event in key.events { try decode(event, into: batch.entities[entity]) }
            if try applier.applyParked(batch.entities[entity], entity, key.events, checkpoint) {
                released[entity, default: []].insert(key.key)
            }
        }
        return released
    }

    private func decode(_ event: ParkedEvent, into entity: EntityBatch) throws {
        try (event.eventKey ?? []).withUnsafeBytes { key in
            try (event.eventValue ?? []).withUnsafeBytes { value in
                let outcome = try entity.decoder.decode(
                    key: event.eventKey == nil ? nil : key, value: event.eventValue == nil ? nil : value,
                    into: entity.rows, partitionIndex: 0, offset: event.offset)
                if case .row(let row) = outcome { _ = entity.reduce(row) }
            }
        }
    }
}
