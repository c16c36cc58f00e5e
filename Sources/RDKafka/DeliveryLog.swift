import Synchronization

/// Collects delivery reports until they are taken; holds at most as many as were produced since.
public final class DeliveryLog: Sendable {
    private let reports = Mutex<[DeliveryReport]>([])

    /// An empty log.
    public init() {}

    /// Keeps a report; pass this as a producer's `onDelivery`.
    public func record(_ report: DeliveryReport) { reports.withLock { $0.append(report) } }

    /// The reports since the last call, in order of arrival.
    public func take() -> [DeliveryReport] {
        reports.withLock { kept in
            defer { kept.removeAll(keepingCapacity: true) }
            return kept
        }
    }
}
