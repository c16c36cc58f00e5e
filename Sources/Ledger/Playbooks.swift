public import LibPQ

/// Which playbook is in force.
public struct Playbooks {
    private let connection: Connection

    /// The playbooks in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// The hash of the playbook in force under a name; nil before the first.
    public func active(_ name: String) throws -> String? {
        try connection.query(
            "SELECT hash FROM tidegate.playbook WHERE name = $1 ORDER BY activated_at DESC LIMIT 1", [.text(name)]
        ).scalar
    }

    /// Puts a playbook in force, and says so in the audit trail. Idempotent.
    public func activate(_ name: String, hash: String, content: String) throws {
        try connection.transaction {
            guard try active(name) != hash else { return }
            try connection.query(
                """
                INSERT INTO tidegate.playbook (name, hash, content, activated_at) VALUES ($1, $2, $3, clock_timestamp())
                ON CONFLICT (name, hash) DO UPDATE SET activated_at = clock_timestamp()
                """, [.text(name), .text(hash), .text(content)])
            try Audit(on: connection).record(.playbookActivated, subject: "playbook \(name)", detail: ["hash": hash])
        }
    }
}
