import Foundation
import LibPQ
import Synchronization
import TestSupport
import Testing

@testable import Ledger

@Suite struct MigrationsTests {
    @Test func applyingTwiceChangesNothing() throws {
        try withDatabase { database in
            let connection = try database.connect()
            #expect(throws: LedgerError.self) { try Migrations().verify(on: connection) }
            #expect(try Migrations().apply(on: connection) == Migrations.steps.count)
            #expect(try Migrations().apply(on: connection) == 0)
            try Migrations().verify(on: connection)
        }
    }

    @Test func everyTableAndNearlyEveryColumnIsExplained() throws {
        try withLedger { connection, _ in
            let bare = try connection.query(
                """
                SELECT relname FROM pg_class WHERE relnamespace = 'tidegate'::regnamespace AND relkind = 'r'
                    AND obj_description(oid, 'pg_class') IS NULL
                """)
            #expect(bare.rowCount == 0)
        }
    }

    @Test func severalProcessesMayStartAtOnce() throws {
        try withDatabase { database in
            let applied = Mutex<[Int]>([])
            let group = DispatchGroup()
            for _ in 0..<4 {
                let thread = Thread {
                    defer { group.leave() }
                    guard let connection = try? database.connect(),
                        let steps = try? Migrations().apply(on: connection)
                    else { return }
                    applied.withLock { $0.append(steps) }
                }
                group.enter()
                thread.start()
            }
            group.wait()
            #expect(applied.withLock { $0.sorted() } == [0, 0, 0, Migrations.steps.count])
        }
    }

    @Test func aNewerLedgerIsRefusedAndLeftAlone() throws {
        try withLedger { connection, _ in
            try connection.query("INSERT INTO tidegate.migration (number, name) VALUES (999, 'later')")
            let error = #expect(throws: LedgerError.self) { try Migrations().apply(on: connection) }
            #expect(error?.code == .tooNew)
        }
    }
}
