import Foundation
public import LibPQ

/// The audit trail: append-only, each line with a hash over itself and the line before it.
///
/// A line belongs into the transaction of what it tells. Whoever writes one holds the trail's head to the end of that
/// transaction, so write it last. No row values and no secrets.
public struct Audit {
    private let connection: Connection

    /// The trail in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Says for whom this session works; lines are written in that name.
    public static func identify(_ actor: String, on connection: Connection) throws(PostgresError) {
        try connection.query("SELECT set_config('tidegate.actor', $1, false)", [.text(actor)])
    }

    /// What a line tells.
    public struct Line: Sendable {
        /// What something was done to, such as `wave eu`.
        public let subject: String
        /// Names and numbers that belong to it.
        public let detail: [String: String]
        /// The Kafka record that caused it, if one did.
        public let correlation: String?

        /// A line.
        public init(subject: String, detail: [String: String], correlation: String?) {
            self.subject = subject
            self.detail = detail
            self.correlation = correlation
        }
    }

    /// Adds lines that tell of the same.
    public func record(_ action: AuditAction, _ lines: [Line]) throws {
        for line in lines {
            try record(action, subject: line.subject, detail: line.detail, correlation: line.correlation)
        }
    }

    /// Adds a line.
    ///
    /// - Parameters:
    ///   - subject: what it was done to, such as `wave eu`.
    ///   - detail: names and numbers that belong to it.
    ///   - correlation: the Kafka record that caused it, if one did.
    public func record(
        _ action: AuditAction, subject: String, detail: [String: String] = [:], correlation: String? = nil
    ) throws {
        let json = String(decoding: try JSONEncoder().encode(detail), as: UTF8.self)
        try connection.query(
            "SELECT tidegate.record($1, $2, $3::jsonb, $4)",
            [.text(action.rawValue), .text(subject), .text(json), .optional(correlation)])
    }

    /// The lines after `seq`, oldest first.
    ///
    /// - Parameters:
    ///   - action: only lines of that word.
    ///   - subject: only lines whose subject contains it.
    ///   - limit: the newest so many of them.
    public func entries(
        after seq: Int64 = 0, action: String? = nil, subject: String? = nil, limit: Int? = nil
    ) throws -> [AuditEntry] {
        let result = try connection.query(
            """
            SELECT * FROM (
                SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, actor, action, subject,
                    detail, correlation, encode(hash, 'hex') AS hash
                FROM tidegate.audit
                WHERE seq > $1 AND ($2::text IS NULL OR action = $2)
                    AND ($3::text IS NULL OR position($3 IN subject) > 0)
                ORDER BY seq DESC LIMIT $4::bigint) AS newest
            ORDER BY seq
            """, [.int(seq), .optional(action), .optional(subject), limit.map { .int($0) } ?? .null])
        return result.rows.map { row in
            AuditEntry(
                seq: row["seq"].flatMap(Int64.init) ?? 0, at: row["at"] ?? "", actor: row["actor"] ?? "",
                action: row["action"] ?? "", subject: row["subject"] ?? "", detail: row["detail"] ?? "{}",
                correlation: row["correlation"], hash: row["hash"] ?? "")
        }
    }

    /// Computes every line's hash again.
    public func verify() throws -> AuditVerdict {
        let faults = try connection.query(
            "SELECT seq, fault, place FROM tidegate.audit_fault ORDER BY fault = 'cut', seq LIMIT 1")
        if let fault = faults.rows.first, let seq = fault["seq"].flatMap(Int64.init) {
            return switch fault["fault"] {
            case "missing": .missing(before: seq)
            case "cut": .cut(last: seq, found: fault["place"].flatMap(Int64.init) ?? 0)
            default: .changed(seq: seq)
            }
        }
        let head = try connection.query("SELECT seq, encode(hash, 'hex') FROM tidegate.audit_head")
        return .intact(lines: head.rows.first?[0].flatMap(Int64.init) ?? 0, head: head.rows.first?[1] ?? "")
    }
}
