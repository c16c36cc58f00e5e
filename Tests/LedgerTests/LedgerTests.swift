import Ledger
import LibPQ
import Model
import TestSupport
import Testing

/// Calls `body` with a connection to a fresh database that has a ledger.
func withLedger(_ body: (Connection, TestDatabase) throws -> Void) throws {
    try withDatabase { database in
        let connection = try database.connect()
        try Migrations().apply(on: connection)
        try body(connection, database)
    }
}
