import Model

/// Tells when a slot goes over its limit and when it is well under it again: each once.
struct SlotAlarm {
    enum News: Hashable {
        case raised(String)
        case over
    }

    let limit: Double
    private(set) var isRaised = false

    init(limit: Double) { self.limit = limit }

    mutating func take(_ reading: SlotReading) -> News? {
        if let alert = reading.alert(over: limit) {
            defer { isRaised = true }
            return isRaised ? nil : .raised(alert)
        }
        guard isRaised, Double(reading.retainedBytes ?? 0) < reading.limit(limit) * Throttle.calm else { return nil }
        isRaised = false
        return .over
    }
}
