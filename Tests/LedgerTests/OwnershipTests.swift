import Foundation
import Ledger
import LibPQ
import Model
import Synchronization
import TestSupport
import Testing

@Suite struct OwnershipTests {
    @Test func transfersMakeEpochsAndAreAudited() throws {
        try withLedger { connection, _ in
            let ids = try Entities(on: connection).register(["customers", "orders"])
            let ownership = Ownership(on: connection)
            #expect(try ownership.epoch() == OwnershipEpoch())
            #expect(try ownership.transfer(.wave("eu"), to: .target, reason: "cutover") == 1)
            let fields = Ownership.Subject.entity("customers", fields: ["credit_limit"])
            #expect(try ownership.transfer(fields, to: .target, reason: "sales moved") == 2)
            let transfers = [OwnershipTransfer(entity: "customers", fields: ["credit_limit"], owner: .target)]
            func expect(_ number: Int64, _ waves: Set<WaveName>) throws {
                let epoch = try ownership.epoch()
                #expect(epoch.number == number && epoch.waves == waves && epoch.transfers == transfers)
                #expect(epoch.began[.target] != nil && epoch.began[.source] == nil)
            }
            try expect(2, ["eu"])
            #expect(try ownership.transfer(.wave("eu"), to: .source, reason: "way back") == 3)
            try expect(3, [])
            let entries = try Audit(on: connection).entries(action: "ownership-transferred")
            #expect(
                entries.map(\.subject) == ["wave eu", "entity customers, fields credit_limit", "wave eu"])
            #expect(entries[0].detail.contains("cutover"))
            let id = try #require(ids["orders"])
            #expect(try Scopes(on: connection).read(id).version == 3)
        }
    }

    @Test func aTransferWaitsForWhatIsBeingApplied() throws {
        try withLedger { connection, database in
            let id = try #require(try Entities(on: connection).register(["orders"])["orders"])
            let lane = try database.connect()
            try lane.execute("BEGIN; \(id.lock(.apply))")
            let epoch = Mutex<Int64?>(nil)
            let thread = Thread {
                guard let other = try? database.connect() else { return }
                let number = try? Ownership(on: other).transfer(.wave("eu"), to: .target, reason: "r")
                epoch.withLock { $0 = number }
            }
            thread.start()
            try waitUntil("the transfer waits for the lane") {
                try connection.query(
                    "SELECT count(*) FROM pg_locks WHERE relation = $1::regclass AND NOT granted", [.text(id.lockTable)]
                ).scalar == "1"
            }
            #expect(try Ownership(on: connection).epoch().number == 0)
            try lane.execute("COMMIT")
            try waitUntil("the transfer is done") { epoch.withLock { $0 } == 1 }
            #expect(try Ownership(on: connection).epoch().waves == ["eu"])
        }
    }

    @Test func whatWasNotWrittenAddsUp() throws {
        try withLedger { connection, _ in
            let id = try #require(try Entities(on: connection).register(["orders"])["orders"])
            let counts = ["note": SuppressedCount(writes: 2, violations: 1), "*": SuppressedCount(writes: 1)]
            for epoch in [0, 0, 1] as [Int64] {
                try connection.query(
                    Ownership.count.sql, Ownership.countParameters(id, epoch: epoch, counts))
            }
            let found = try Ownership(on: connection).suppressed()["orders"]
            #expect(found == ["note": SuppressedCount(writes: 6, violations: 3), "*": SuppressedCount(writes: 3)])
        }
    }

    private func withLedgers(_ body: (_ target: Connection, _ source: Connection) throws -> Void) throws {
        try withLedger { target, _ in
            try withLedger { source, _ in
                for session in [target, source] { _ = try Entities(on: session).register(["customers", "orders"]) }
                try body(target, source)
            }
        }
    }

    @Test func bothLedgersHaveTheSameEpochs() throws {
        try withLedgers { target, source in
            // Made before there was a reverse flow.
            try Ownership(on: target).transfer(.wave("eu"), to: .target, reason: "cutover")
            let shared = SharedOwnership(target: target, source: source)
            let fields = Ownership.Subject.entity("customers", fields: ["credit_limit", "a,b"])
            #expect(try shared.transfer(fields, to: .target, reason: "r") == 2)
            let epoch = try Ownership(on: target).epoch()
            #expect(
                epoch.number == 2 && epoch.waves == ["eu"]
                    && epoch.transfers.map(\.fields) == [["credit_limit", "a,b"]])
            #expect(epoch.began[.source] != nil && epoch.began[.target] != nil)
            #expect(try Ownership(on: source).epoch() == epoch)
            // Nothing is written where they agree.
            let version = try source.query("SELECT sum(version) FROM tidegate.entity").scalar
            try shared.settle()
            #expect(try source.query("SELECT sum(version) FROM tidegate.entity").scalar == version)
        }
    }

    /// Whoever transfers may end at any point: until the target's ledger says how it ended, nothing flows back.
    @Test(arguments: [false, true]) func aBrokenTransferIsSettled(wasDecided: Bool) throws {
        try withLedgers { target, source in
            try source.execute("INSERT INTO tidegate.ownership_intent (epoch) VALUES (1)")
            if wasDecided { try Ownership(on: target).transfer(.wave("eu"), to: .target, reason: "r") }
            let error = #expect(throws: LedgerError.self) { try Ownership(on: source).epoch() }
            #expect(error?.code == .transferring && error?.isRetriable == true)
            let shared = SharedOwnership(target: target, source: source)
            try shared.settle()
            #expect(try Ownership(on: source).epoch() == Ownership(on: target).epoch())
            #expect(try Ownership(on: source).epoch().number == (wasDecided ? 1 : 0))
            #expect(try !SharedOwnership.isUnsettled(on: source))
        }
    }
}
