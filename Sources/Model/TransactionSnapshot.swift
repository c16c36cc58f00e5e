/// What a PostgreSQL snapshot saw: the value of `pg_current_snapshot()`.
///
/// Transactions below `xmax` that are not in `inProgress` had ended and are visible (when they committed). The list
/// holds top-level transactions only, which is what events name.
public struct TransactionSnapshot: Hashable, Sendable, CustomStringConvertible {
    /// Every transaction below had ended.
    public let xmin: UInt64
    /// The first transaction not yet assigned: it and all above are invisible.
    public let xmax: UInt64
    /// Transactions from `xmin` up to `xmax` that were in progress, ascending.
    public let inProgress: [UInt64]

    /// A snapshot from its parts.
    public init(xmin: UInt64, xmax: UInt64, inProgress: [UInt64]) {
        self.xmin = xmin
        self.xmax = xmax
        self.inProgress = inProgress.sorted()
    }

    /// Reads PostgreSQL's form, `xmin:xmax:xip,xip`.
    ///
    /// - Returns: nil when the text is not of that form.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let xmin = UInt64(parts[0]), let xmax = UInt64(parts[1]) else { return nil }
        let listed = parts[2].split(separator: ",")
        let inProgress = listed.compactMap { UInt64($0) }
        guard inProgress.count == listed.count else { return nil }
        self.init(xmin: xmin, xmax: xmax, inProgress: inProgress)
    }

    public var description: String {
        "\(xmin):\(xmax):\(inProgress.map(String.init).joined(separator: ","))"
    }

    /// Whether the effects of a committed transaction are in what this snapshot read.
    public func sees(_ transaction: UInt64) -> Bool {
        transaction < xmax && (transaction < xmin || !inProgress.contains(transaction))
    }

    /// The full 64-bit number of a transaction that an event names by its low 32 bits: the one nearest to this
    /// snapshot's `xmax`, since an event is never half the number space away from a snapshot of its own time.
    public func fullTransactionID(_ low: UInt32) -> UInt64 {
        let distance = Int32(bitPattern: low &- UInt32(truncatingIfNeeded: xmax))
        let full = Int64(bitPattern: xmax) + Int64(distance)
        return full < 0 ? UInt64(low) : UInt64(full)
    }
}
