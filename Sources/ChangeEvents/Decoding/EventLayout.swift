/// The fields that a table's rows come with: what two events have in common whatever their values.
public struct EventLayout: Sendable, Hashable {
    /// The names of the row's fields, in the event's order.
    public let fields: [String]
    /// What an embedded schema says of them, `int32`, `string?` or `bytes org.apache.kafka.connect.data.Decimal scale=2`;
    /// nil for an event without one.
    public let schema: [String: String]?
}

extension FieldSchema {
    /// The type in one line, without the name; `?` for one that may be null.
    var summary: String {
        var text = type + (isOptional ? "?" : "")
        if let meaning { text += " " + meaning }
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) { text += " \(name)=\(value)" }
        for item in items { text += " of \(item.summary)" }
        return text
    }
}

/// The layouts that a decoder has met, numbered from 1. A layout is recognised by the sum of its fields' marks, so that a
/// row costs an addition for each field and one comparison.
struct LayoutNumbers {
    private(set) var layouts: [EventLayout] = []
    private var numbers: [UInt64: Int] = [:]
    private var latest: (sum: UInt64, number: Int) = (0, 0)

    /// The number of a layout that was met before.
    @inline(__always)
    mutating func number(_ sum: UInt64) -> Int? {
        if sum == latest.sum { return latest.number }
        guard let known = numbers[sum] else { return nil }
        latest = (sum, known)
        return known
    }

    mutating func add(_ layout: EventLayout, _ sum: UInt64) -> Int {
        layouts.append(layout)
        numbers[sum] = layouts.count
        latest = (sum, layouts.count)
        return layouts.count
    }
}
