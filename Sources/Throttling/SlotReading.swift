public import LibPQ
import Model

/// The log that a server keeps for a connector's slot: what fills its disk while nobody consumes it.
public struct SlotReading: Hashable, Sendable, Encodable {
    /// The slot's name.
    public let slot: String
    /// Whether somebody reads it now.
    public let isActive: Bool
    /// Bytes of log that the server keeps for it; nil when it has lost what the slot needs.
    public let retainedBytes: Int?
    /// Bytes that may be written before the server gives it up; nil when it keeps any amount.
    public let bytesLeft: Int?
    /// Bytes that the server keeps for a slot at most (`max_slot_wal_keep_size`); nil for any amount.
    public let keptAtMost: Int?

    /// Reads the first of some slots that the server has; nil when it has none of them.
    public static func find(_ slots: [String], on connection: Connection) throws(PostgresError) -> SlotReading? {
        let result = try connection.query(
            """
            SELECT s.slot_name, s.active, s.wal_status = 'lost' AS is_lost, s.safe_wal_size,
                greatest(0, pg_wal_lsn_diff(
                    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                    s.restart_lsn))::bigint AS retained,
                (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS kept
            FROM pg_replication_slots s WHERE s.slot_name = ANY ($1::text[])
            ORDER BY array_position($1::text[], s.slot_name::text) LIMIT 1
            """, [.array(slots)])
        guard let row = result.rows.first, let slot = row["slot_name"] else { return nil }
        let kept = row.int("kept").flatMap { $0 >= 0 ? $0 << 20 : nil }
        let isLost = row.bool("is_lost") == true
        return SlotReading(
            slot: slot, isActive: row.bool("active") == true, retainedBytes: isLost ? nil : row.int("retained") ?? 0,
            bytesLeft: row.int("safe_wal_size"), keptAtMost: kept)
    }

    /// The limit to hold it to: the playbook's, or half of what the server keeps at most if that is less.
    public func limit(_ configured: Double) -> Double {
        min(configured, keptAtMost.map { Double(max($0, 1)) / 2 } ?? .infinity)
    }

    /// What is wrong and what to do, in words; nil while it is under the limit.
    public func alert(over configured: Double) -> String? {
        guard let retainedBytes else {
            return
                "slot \(slot) is lost: the server has removed log that it needs, so changes are missing from the topics; "
                + "drop it, start the capture or connector anew, and load the waves again"
        }
        let limit = limit(configured)
        guard Double(retainedBytes) >= limit else { return nil }
        let left =
            bytesLeft.map { ", and loses it when another \(ByteText.text(Double(max(0, $0)))) are written" } ?? ""
        let what =
            "the server keeps \(ByteText.text(Double(retainedBytes))) of log for slot \(slot), over the limit of "
            + "\(ByteText.text(limit))\(left)"
        return isActive
            ? "\(what); its reader is behind: look at the log of the capture or connector, and at the broker"
            : "\(what); nobody reads it: start the capture or connector, or drop the slot if it is not needed any more"
    }
}
