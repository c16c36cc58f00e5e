public import LibPQ

/// The ledger's schema: numbered files, embedded in the binary, applied in order and each once.
public struct Migrations {
    /// One file.
    struct Step: Sendable {
        let number: Int
        let name: String
        let sql: String
    }

    static let steps: [Step] = [
        Step(number: 1, name: "ledger", sql: String(decoding: PackageResources._001_ledger_sql, as: UTF8.self)),
        Step(number: 2, name: "audit", sql: String(decoding: PackageResources._002_audit_sql, as: UTF8.self)),
        Step(number: 3, name: "ownership", sql: String(decoding: PackageResources._003_ownership_sql, as: UTF8.self)),
        Step(number: 4, name: "reverse", sql: String(decoding: PackageResources._004_reverse_sql, as: UTF8.self)),
        Step(number: 5, name: "quarantine", sql: String(decoding: PackageResources._005_quarantine_sql, as: UTF8.self)),
        Step(
            number: 6, name: "dead letters",
            sql: String(decoding: PackageResources._006_dead_letters_sql, as: UTF8.self)),
        Step(number: 7, name: "topics", sql: String(decoding: PackageResources._007_topics_sql, as: UTF8.self)),
        Step(number: 8, name: "contract", sql: String(decoding: PackageResources._008_contract_sql, as: UTF8.self)),
        Step(number: 9, name: "throttle", sql: String(decoding: PackageResources._009_throttle_sql, as: UTF8.self)),
        Step(
            number: 10, name: "verification",
            sql: String(decoding: PackageResources._010_verification_sql, as: UTF8.self)),
        Step(number: 11, name: "profile", sql: String(decoding: PackageResources._011_profile_sql, as: UTF8.self)),
        Step(number: 12, name: "waves", sql: String(decoding: PackageResources._012_waves_sql, as: UTF8.self)),
    ]

    private let steps: [Step]

    /// The migrations of this version of the program.
    public init() { steps = Migrations.steps }

    init(steps: [Step]) { self.steps = steps }

    /// Brings the ledger to this version. Idempotent; several processes may do it at once: an advisory lock makes one
    /// of them do it, and all is one transaction.
    ///
    /// - Returns: how many steps were applied.
    /// - Throws: `LedgerError` of code `tooNew` when the ledger is beyond this version: nothing is changed then.
    @discardableResult
    public func apply(on connection: Connection) throws -> Int {
        try connection.transaction {
            try Self.lock(on: connection)
            if try connection.query("SELECT to_regnamespace('tidegate')").scalar == nil {
                try connection.execute("CREATE SCHEMA tidegate")
            }
            if try connection.query("SELECT to_regclass('tidegate.migration')").scalar == nil {
                try connection.execute(Migrations.table)
            }
            let applied = try current(on: connection)
            for step in steps where step.number > applied {
                try connection.execute(step.sql)
                try connection.query(
                    "INSERT INTO tidegate.migration (number, name) VALUES ($1, $2)",
                    [.int(step.number), .text(step.name)])
            }
            return steps.filter { $0.number > applied }.count
        }
    }

    /// Keeps others from making or changing the schema until the transaction ends.
    public static func lock(on connection: Connection) throws(PostgresError) {
        try connection.query(
            "SELECT pg_advisory_xact_lock($1, $2)", [.int(AdvisoryLock.space), .int(AdvisoryLock.migration)])
    }

    /// Whether the database has a ledger of this version.
    public func isApplied(on connection: Connection) throws -> Bool {
        try connection.query("SELECT to_regclass('tidegate.migration')").scalar != nil
            && current(on: connection) == steps.last?.number
    }

    /// Checks that the ledger is there and of this version, changing nothing.
    public func verify(on connection: Connection) throws {
        guard try isApplied(on: connection) else {
            throw LedgerError(.missing, "this database has no ledger of this version; a load or sync sets it up")
        }
    }

    private func current(on connection: Connection) throws -> Int {
        let text = try connection.query("SELECT coalesce(max(number), 0) FROM tidegate.migration").scalar
        let applied = text.flatMap(Int.init) ?? 0
        let known = steps.last?.number ?? 0
        guard applied <= known else {
            throw LedgerError(
                .tooNew, "it is at version \(applied), this program knows version \(known); use the newer program")
        }
        return applied
    }

    private static let table = """
        CREATE TABLE tidegate.migration (
            number integer PRIMARY KEY,
            name text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        COMMENT ON TABLE tidegate.migration IS 'Steps that made this schema what it is.';
        """
}
