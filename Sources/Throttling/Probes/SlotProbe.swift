import LibPQ
import Model

/// The log that the source keeps for the connector's slot.
final class SlotProbe: Probe {
    let factor = LimitingFactor.slotRetained
    private let session: WatchSession
    private let slots: [String]
    private let limit: Double

    init(_ session: WatchSession, slots: [String], limit: Double) {
        self.session = session
        self.slots = slots
        self.limit = limit
    }

    func read(at now: ContinuousClock.Instant) throws -> ThrottleReading {
        guard let slot = try SlotReading.find(slots, on: session.open()) else {
            throw ProbeError(
                description: "the source has no replication slot \(slots.joined(separator: " or ")); start the capture")
        }
        guard let retained = slot.retainedBytes else {
            throw ProbeError(description: "slot \(slot.slot) has lost the log that it needs")
        }
        return .measured(Double(retained), limit: slot.limit(limit))
    }
}
