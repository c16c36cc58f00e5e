import Ledger
import LibPQ
import Model

/// Waits until it is proven that the stream has passed an entity's seal.
///
/// Each partition of the topic has passed it when its checkpoint's position says so. An idle partition's never will:
/// for those, the connector's slot must have confirmed the seal, which means that everything before it is in the
/// topic; the log ends read after that are what the checkpoints have to reach. They are noted in the ledger, so that a
/// load that was killed does not chase a moving end.
struct SealProof {
    let entity: LoadingEntity
    let seal: Seal
    let target: TargetSession
    let source: SourceSession?
    let options: LoadOptions
    let topic: String

    func wait() throws {
        let begun = ContinuousClock.now
        var due = DueReport()
        while true {
            let missing = try missing()
            guard let missing else { return }
            if options.shouldStop() {
                throw BaselineError(.stopped, "stopped while the stream was behind the seal; run the load again")
            }
            if let limit = options.sealTimeout, ContinuousClock.now > begun.advanced(by: limit) {
                throw BaselineError(
                    .timeout,
                    "\(entity.name) is loaded, but the stream has not passed the seal in time: \(missing). "
                        + "See that sync runs, then run the load again")
            }
            if due.isNow { options.report(.waiting(for: "\(missing) (entity \(entity.name))")) }
            try target.connection.query("SELECT pg_sleep(0.02)")
        }
    }

    /// What the proof still lacks, in words; nil when it is complete.
    private func missing() throws -> String? {
        let checkpoints = try Checkpoints(on: target.connection).find(flow: .forward, topic: topic)
        let scopes = Scopes(on: target.connection)
        if let ends = try scopes.bounds(entity.id, wave: entity.wave) {
            let behind = ends.filter { partition, end in
                !progress(partition, checkpoints).isPast(seal, bound: PartitionProgress.Bound(low: 0, end: end))
            }
            guard let first = behind.min(by: { $0.key < $1.key }) else { return nil }
            let next = checkpoints[first.key]?.nextOffset.map(String.init) ?? "nothing"
            return "\(behind.count) partitions behind, \(first.key) at \(next) of \(first.value)"
        }
        guard let logEnds = options.logEnds else {
            let behind = checkpoints.keys.filter { !progress($0, checkpoints).isPast(seal, bound: nil) }.sorted()
            if let first = behind.first { return "\(behind.count) partitions behind the seal, such as \(first)" }
            return checkpoints.isEmpty ? "no partition of \(topic) is being consumed" : nil
        }
        let ends = try logEnds(topic)
        let behind = ends.keys.filter { !progress($0, checkpoints).isPast(seal, bound: nil) }
        if behind.isEmpty, !ends.isEmpty { return nil }
        if let waiting = try unconfirmed() { return waiting }
        // Read again: what the connector had confirmed a moment ago is there now.
        let confirmed = try logEnds(topic).filter { $0.value.low < $0.value.end }
        try scopes.bound(entity.id, wave: entity.wave, offsets: confirmed.mapValues(\.end))
        return "the log ends are noted"
    }

    /// Why the connector has not confirmed the seal; nil when it has, or when there is nothing to confirm.
    private func unconfirmed() throws -> String? {
        guard let position = seal.position, let source else { return nil }
        guard !options.slots.isEmpty else {
            return "a partition is idle, and the playbook's connector section names no slot.name to tell that by"
        }
        guard let (slot, confirmed) = try source.confirmed(options.slots) else {
            return "the source has no replication slot \(options.slots.joined(separator: " or "))"
        }
        return confirmed < position ? "slot \(slot) has confirmed \(confirmed), the seal is at \(position)" : nil
    }

    private func progress(
        _ partition: TopicPartition, _ checkpoints: [TopicPartition: Checkpoint]
    ) -> PartitionProgress {
        let checkpoint = checkpoints[partition]
        return PartitionProgress(
            partition: partition, nextOffset: checkpoint?.nextOffset, position: checkpoint?.position)
    }
}
