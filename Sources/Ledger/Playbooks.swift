public import LibPQ

/// Which playbook is in force, and which were.
public struct Playbooks {
    /// A version of a playbook.
    public struct Version: Hashable, Sendable, Codable {
        /// Counts from 1; the highest is in force.
        public let version: Int
        public let hash: String
        /// When it was put in force, in ISO 8601, UTC.
        public let at: String
        /// The person and host who did it.
        public let actor: String
        public let isInForce: Bool
    }

    private let connection: Connection

    /// The playbooks in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// The hash of the playbook in force under a name; nil before the first.
    public func active(_ name: String) throws -> String? {
        try connection.query(
            "SELECT hash FROM tidegate.activation WHERE name = $1 ORDER BY version DESC LIMIT 1", [.text(name)]
        ).scalar
    }

    /// The text of the playbook in force under a name, without its secrets; nil before the first.
    public func activeText(_ name: String) throws -> String? {
        try connection.query(
            """
            SELECT p.content FROM tidegate.activation a JOIN tidegate.playbook p USING (name, hash)
            WHERE a.name = $1 ORDER BY a.version DESC LIMIT 1
            """, [.text(name)]
        ).scalar
    }

    /// Its versions, the newest first.
    public func versions(_ name: String) throws -> [Version] {
        try connection.query(
            """
            SELECT version, hash, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at, actor,
                version = max(version) OVER () AS is_in_force
            FROM tidegate.activation WHERE name = $1 ORDER BY version DESC
            """, [.text(name)]
        ).rows.map { row in
            Version(
                version: row.int("version") ?? 0, hash: row["hash"] ?? "", at: row["at"] ?? "",
                actor: row["actor"] ?? "", isInForce: row.bool("is_in_force") ?? false)
        }
    }

    /// Puts a playbook in force as a new version, and says so in the audit trail. Idempotent.
    public func activate(_ name: String, hash: String, content: String) throws {
        try connection.transaction {
            // One at a time, so that versions have no gaps.
            try Migrations.lock(on: connection)
            guard try active(name) != hash else { return }
            try connection.query(
                """
                INSERT INTO tidegate.playbook (name, hash, content, activated_at) VALUES ($1, $2, $3, clock_timestamp())
                ON CONFLICT (name, hash) DO UPDATE SET activated_at = clock_timestamp()
                """, [.text(name), .text(hash), .text(content)])
            let version = try connection.query(
                """
                INSERT INTO tidegate.activation (name, version, hash, actor)
                SELECT $1, coalesce(max(version), 0) + 1, $2,
                    coalesce(nullif(current_setting('tidegate.actor', true), ''), session_user)
                FROM tidegate.activation WHERE name = $1
                RETURNING version
                """, [.text(name), .text(hash)]
            ).scalar
            try Audit(on: connection).record(
                .playbookActivated, subject: "playbook \(name)", detail: ["hash": hash, "version": version ?? ""])
        }
    }
}
