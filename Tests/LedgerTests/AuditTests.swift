import Ledger
import LibPQ
import Model
import TestSupport
import Testing

@Suite struct AuditTests {
    private func withTrail(_ body: (Audit, Connection) throws -> Void) throws {
        try withLedger { connection, _ in
            let audit = Audit(on: connection)
            try Audit.identify("alice@ops1", on: connection)
            for number in 1...5 {
                try audit.record(
                    .scopeLive, subject: "wave w\(number)", detail: ["rows": "\(number)"],
                    correlation: number == 3 ? "t[0]@7" : nil)
            }
            try body(audit, connection)
        }
    }

    /// What somebody with all rights in the database can do to a line.
    private func tamper(_ connection: Connection, _ sql: String) throws {
        try connection.execute("ALTER TABLE tidegate.audit DISABLE TRIGGER append_only; \(sql)")
    }

    @Test func linesAreReadBackInOrder() throws {
        try withTrail { audit, _ in
            let entries = try audit.entries()
            #expect(entries.map(\.seq) == [1, 2, 3, 4, 5])
            #expect(entries[2].correlation == "t[0]@7" && entries[2].detail == #"{"rows": "3"}"#)
            #expect(entries.allSatisfy { $0.actor == "alice@ops1" && $0.action == "scope-live" && $0.hash.count == 64 })
            #expect(try audit.entries(subject: "w4").map(\.seq) == [4])
            #expect(try audit.entries(limit: 2).map(\.seq) == [4, 5])
            #expect(try audit.entries(after: 3, action: "scope-live").map(\.seq) == [4, 5])
            #expect(try audit.entries(action: "scope-loading").isEmpty)
            #expect(try audit.verify() == .intact(lines: 5, head: entries[4].hash))
        }
    }

    @Test func anEmptyTrailIsIntact() throws {
        try withLedger { connection, _ in
            let verdict = try Audit(on: connection).verify()
            #expect(verdict == .intact(lines: 0, head: ""))
        }
    }

    @Test(arguments: [
        "UPDATE tidegate.audit SET actor = 'bob'", "DELETE FROM tidegate.audit", "TRUNCATE tidegate.audit",
    ])
    func linesCannotBeChanged(sql: String) throws {
        try withTrail { audit, connection in
            let error = #expect(throws: PostgresError.self) { try connection.execute(sql) }
            #expect(error?.sqlState == .insufficientPrivilege)
            try connection.execute("SET session_replication_role = replica")
            #expect(throws: PostgresError.self) { try connection.execute(sql) }
            #expect(try audit.entries().count == 5)
        }
    }

    @Test(arguments: [
        "actor = 'bob'", "action = 'x'", "subject = 'x'", "detail = '{}'", "correlation = 'x'",
        "at = at + interval '1 us'",
        "hash = sha256(hash)",
    ])
    func aChangedLineIsFound(change: String) throws {
        try withTrail { audit, connection in
            try tamper(connection, "UPDATE tidegate.audit SET \(change) WHERE seq = 3")
            #expect(try audit.verify() == .changed(seq: 3))
        }
    }

    @Test func aLineThatWasRemovedIsFound() throws {
        try withTrail { audit, connection in
            try tamper(connection, "DELETE FROM tidegate.audit WHERE seq = 2")
            #expect(try audit.verify() == .missing(before: 3))
        }
    }

    @Test func aTrailThatWasCutOffIsFound() throws {
        try withTrail { audit, connection in
            try tamper(connection, "DELETE FROM tidegate.audit WHERE seq > 3")
            #expect(try audit.verify() == .cut(last: 5, found: 3))
        }
    }

    @Test func aLineGoesWithItsTransaction() throws {
        try withTrail { audit, connection in
            try connection.execute("BEGIN")
            try audit.record(.scopeLoading, subject: "wave gone")
            try connection.execute("ROLLBACK")
            try audit.record(.scopeLoading, subject: "wave kept")
            #expect(try audit.entries(after: 5).map(\.subject) == ["wave kept"])
            let head = try #require(try audit.entries().last?.hash)
            #expect(try audit.verify() == .intact(lines: 6, head: head))
        }
    }

    @Test func whatChangesAMigrationIsAudited() throws {
        try withLedger { connection, _ in
            let id = try #require(try Entities(on: connection).register(["orders"])["orders"])
            try Playbooks(on: connection).activate("shop", hash: "abc", content: "playbook: shop")
            try Playbooks(on: connection).activate("shop", hash: "abc", content: "playbook: shop")
            let scopes = Scopes(on: connection)
            for _ in 1...2 { _ = try scopes.begin(id, wave: "eu", origin: .source, handover: .snapshot) }
            try scopes.seal(id, wave: "eu", Seal(snapshot: nil, position: nil))
            for _ in 1...2 { try scopes.finish(id, wave: "eu") }
            let entries = try Audit(on: connection).entries()
            #expect(entries.map(\.action) == ["playbook-activated", "scope-loading", "scope-live"])
            #expect(entries.map(\.subject) == ["playbook shop", "wave eu of orders", "wave eu of orders"])
        }
    }
}
