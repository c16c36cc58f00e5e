internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model

/// Takes up the keys again that were parked because of something that may have come since: the row they point at, the
/// delete of the row that has their unique value, or the other half of their key change; those that a person wants tried;
/// and those whose first event a person has discarded, so that the next queues behind nothing.
///
/// A lane does it when it has nothing else to do, for the partitions that it holds, which are the only ones whose
/// events may park or release those keys meanwhile.
final class ParkedRetry {
    private let batch: LaneBatch
    private var due = ContinuousClock.now
    /// The number of the event up to which the keys have had their turn.
    private var after: Int64 = 0
    private static let interval = Duration.milliseconds(500)
    private static let keysAtOnce = 100

    /// The retry of a lane, beside its batch.
    init(beside batch: LaneBatch, modes: ConnectorModes) {
        self.batch = LaneBatch(beside: batch, modes: modes)
    }

    /// Whether it is time to try again.
    var isDue: Bool { ContinuousClock.now >= due }

    /// Tries keys once each, some at most, and others the next time.
    ///
    /// - Parameter released: told of each key that is parked no longer, with the place of its entity, as soon as that is
    ///   committed.
    /// - Throws: the first failure, when the others have been tried; at once when the connection broke or a partition
    ///   was taken over.
    func run(
        _ checkpoints: [TopicPartition: Checkpoint], applier: BatchApplier, released: (Int, [String]) -> Void
    ) throws {
        due = .now + Self.interval
        guard let flow = checkpoints.values.first?.flow else { return }
        let parked = try applier.quarantine.parked(
            reasons: waitingReasons.union(["behind"]).sorted(), flow: flow, in: checkpoints.keys.sorted(), after: after,
            limit: Self.keysAtOnce)
        after = parked.count < Self.keysAtOnce ? 0 : parked.last?.events.first?.id ?? 0
        var failure: (any Error)?
        for key in parked {
            guard let entity = applier.place(of: key.entity), let checkpoint = checkpoints[key.partition] else {
                continue
            }
            defer { batch.forgetEvents() }
            let segments = Segments(of: key.events, in: batch.entities[entity])
            do {
                if try applier.applyParked(key, entity, checkpoint, segments) { released(entity, key.key) }
                if let fault = segments.fault {
                    try applier.quarantine.returnToPark(key, because: fault.event, message: fault.message)
                }
            } catch let error as LedgerError where error.code == .fenced {
                throw error
            } catch  where isRejection(error) {
                try applier.quarantine.returnToPark(key, because: key.events.first, message: "\(error)")
            } catch {
                guard applier.isAlive else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// The events of a key, in the pieces in which they can be reduced: up to an event that needs the earlier ones to be
    /// in the target, or that cannot be decoded.
    final class Segments {
        private let events: [ParkedEvent]
        private let entity: EntityBatch
        /// How many events have been given out.
        private(set) var count = 0

        init(of events: [ParkedEvent], in entity: EntityBatch) {
            self.events = events
            self.entity = entity
        }

        /// The event that cannot be decoded.
        private(set) var fault: (event: ParkedEvent, message: String)?
        /// The events that have been given out.
        var taken: ArraySlice<ParkedEvent> { events[..<count] }

        /// The next piece, in place of the one before; nil after the last.
        ///
        /// - Parameter truncated: where the table was truncated: what stands below counts as made obsolete.
        func next(after truncated: SourcePosition?) -> EntityBatch? {
            entity.removeAll()
            let start = count
            while count < events.count, take(events[count], truncated) { count += 1 }
            return count > start ? entity : nil
        }

        private func take(_ event: ParkedEvent, _ truncated: SourcePosition?) -> Bool {
            event.withBytes { key, value, headers in
                let outcome: DecodeOutcome
                do {
                    outcome = try entity.decoder.decode(
                        key: key, value: value, headers: headers, into: entity.rows, partitionIndex: 0,
                        offset: event.offset)
                } catch {
                    fault = (event, "\(error)")
                    return false
                }
                guard case .row(let row) = outcome else { return true }
                if let truncated, let position = entity.rows.header(row).position, position < truncated {
                    entity.rows.removeLastRow()
                    return true
                }
                return entity.reduce(row) != .barrier
            }
        }
    }
}

extension ParkedEvent {
    fileprivate func withBytes<Outcome>(
        _ body: (UnsafeRawBufferPointer?, UnsafeRawBufferPointer?, EventHeaders) -> Outcome
    ) -> Outcome {
        lend(eventKey) { key in
            lend(eventValue) { value in
                lend(headers[EventHeaders.newKeyName]) { newKey in
                    lend(headers[EventHeaders.oldKeyName]) { oldKey in
                        body(key, value, EventHeaders(newKey: newKey, oldKey: oldKey))
                    }
                }
            }
        }
    }

    private func lend<Outcome>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> Outcome) -> Outcome {
        guard let bytes else { return body(nil) }
        return bytes.withUnsafeBytes { body($0) }
    }
}
