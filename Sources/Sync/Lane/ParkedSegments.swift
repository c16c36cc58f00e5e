internal import ChangeEvents
internal import Ledger
internal import Model

/// The events of parked keys, in the pieces in which they can be reduced: up to an event that needs the earlier ones to be
/// in the target, or that cannot be decoded.
final class ParkedSegments {
    private let events: [(place: Int, event: ParkedEvent)]
    let rows: EntityBatch
    /// The partitions that they came from, in order; events bear their places.
    let partitions: [TopicPartition]
    /// How many events have been given out.
    private var count = 0
    /// The event that cannot be decoded.
    private(set) var fault: ParkedFault?

    init(of keys: [ParkedKey], in rows: EntityBatch) {
        let partitions = Set(keys.map(\.partition)).sorted()
        self.partitions = partitions
        self.rows = rows
        events = keys.flatMap { key in
            let place = partitions.firstIndex(of: key.partition) ?? 0
            return key.events.map { (place, $0) }
        }
    }

    /// The events of a partition that have been given out.
    func taken(_ place: Int) -> [ParkedEvent] { events[..<count].filter { $0.place == place }.map(\.event) }

    /// The next piece, in place of the one before; nil after the last.
    ///
    /// - Parameter truncated: where the table was truncated: what stands below counts as made obsolete.
    func next(after truncated: SourcePosition?) -> EntityBatch? {
        rows.removeAll()
        let start = count
        while count < events.count, take(events[count].event, events[count].place, truncated) { count += 1 }
        return count > start ? rows : nil
    }

    private func take(_ event: ParkedEvent, _ place: Int, _ truncated: SourcePosition?) -> Bool {
        event.withBytes { key, value, headers in
            let outcome: DecodeOutcome
            do {
                outcome = try rows.decoder.decode(
                    key: key, value: value, headers: headers, into: rows.rows, partitionIndex: Int32(place),
                    offset: event.offset)
            } catch {
                fault = ParkedFault(event: event, description: "\(error)")
                return false
            }
            // A null value is only ever parked where it is the delete.
            if outcome == .tombstone, let key, let row = try? rows.decoder.decodeKey(key, into: rows.rows) {
                return rows.reduce(row) != .barrier
            }
            guard case .row(let row) = outcome else { return true }
            if let truncated, let position = rows.rows.header(row).position, position < truncated {
                rows.rows.removeLastRow()
                return true
            }
            return rows.reduce(row) != .barrier
        }
    }
}

/// A parked event that cannot be decoded.
struct ParkedFault: Error, CustomStringConvertible {
    let event: ParkedEvent
    let description: String
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
