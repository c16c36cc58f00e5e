/// An entity's number in the ledger.
public struct EntityID: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
    public var description: String { String(rawValue) }
    public static func < (left: EntityID, right: EntityID) -> Bool { left.rawValue < right.rawValue }

    /// The empty table whose lock keeps lanes, merges and scope changes of the entity apart.
    public var lockTable: String { "tidegate.lock_\(rawValue)" }

    /// The statement that takes the entity's lock until the transaction ends.
    ///
    /// Lock order: entities by ascending number, all locks before the first row of any of them is written.
    public func lock(_ mode: EntityLock) -> String { "LOCK TABLE \(lockTable) IN \(mode.rawValue) MODE" }
}
