import Ledger
import LibPQ
import Model
import TestSupport
import Testing

@Suite struct ChunksTests {
    private func plan(_ connection: Connection, _ count: Int) throws -> EntityID {
        let entity = try #require(try Entities(on: connection).register(["orders"])["orders"])
        _ = try Scopes(on: connection).begin(entity, wave: "w", origin: .source, handover: .snapshot)
        let bounds: [[String]?] = [nil] + (1..<count).map { ["a \"\($0)\"", "\\\($0)"] } + [nil]
        let ranges = zip(bounds, bounds.dropFirst()).map { (range: KeyRange(low: $0, high: $1), rows: Int?.none) }
        #expect(try Chunks(on: connection).plan(entity, wave: "w", ranges: ranges, rowsEstimated: nil))
        return entity
    }

    @Test func eachChunkGoesToOneWorkerWithItsExactRange() throws {
        try withLedger { connection, database in
            let entity = try plan(connection, 3)
            let other = try database.connect()
            let mine = try Workers(on: connection).register("a")
            let theirs = try Workers(on: other).register("b")
            let first = try #require(try Chunks(on: connection).take(entity, wave: "w", worker: mine))
            let second = try #require(try Chunks(on: other).take(entity, wave: "w", worker: theirs))
            let third = try #require(try Chunks(on: connection).take(entity, wave: "w", worker: mine))
            #expect([first.ordinal, second.ordinal, third.ordinal] == [0, 1, 2])
            #expect(second.range == KeyRange(low: ["a \"1\"", "\\1"], high: ["a \"2\"", "\\2"]))
            #expect(try Chunks(on: connection).take(entity, wave: "w", worker: mine) == nil)
        }
    }

    /// Its time is that of the rows on their way, which are read within the transaction that merges them.
    @Test func aMergedChunkTellsItsRate() throws {
        try withLedger { connection, _ in
            let entity = try plan(connection, 1)
            let worker = try Workers(on: connection).register("a")
            let chunks = Chunks(on: connection)
            let chunk = try #require(try chunks.take(entity, wave: "w", worker: worker))
            #expect(try LoadRate.read(on: connection).isEmpty)
            try connection.transaction {
                try connection.query("SELECT pg_sleep(0.2)")
                try chunks.complete(chunk, ChunkOutcome(snapshot: nil, rows: 1000, bytes: 50_000, digest: 0))
            }
            let rate = try #require(try LoadRate.read(on: connection)["orders"])
            #expect(rate.chunks == 1 && rate.bytesPerRow == 50)
            #expect(rate.median > 0 && rate.median <= 5000, "1,000 rows in 0.2 seconds or more")
        }
    }

    @Test func aDeadWorkersChunkIsTakenAgainAndTheDeadCannotMerge() throws {
        try withLedger { connection, database in
            let entity = try plan(connection, 1)
            let dying = try database.connect()
            let dead = try Workers(on: dying).register("dying")
            let lost = try #require(try Chunks(on: dying).take(entity, wave: "w", worker: dead))
            let worker = try Workers(on: connection).register("heir")
            let chunks = Chunks(on: connection)
            #expect(try chunks.take(entity, wave: "w", worker: worker) == nil)
            dying.close()
            let taken = try eventually { try chunks.take(entity, wave: "w", worker: worker) }
            #expect(taken.id == lost.id && taken.attempt == 2)
            let outcome = ChunkOutcome(snapshot: nil, rows: 1, bytes: 1, digest: 0)
            let error = #expect(throws: LedgerError.self) { try chunks.complete(lost, outcome) }
            #expect(error?.code == .chunkLost)
            #expect(throws: LedgerError.self) { try chunks.hold(lost) }
            try chunks.release(taken)
            #expect(try chunks.take(entity, wave: "w", worker: worker)?.attempt == 3)
        }
    }
}

/// Waits until `body` returns a value: the server notices the end of a session a moment after the client.
private func eventually<T>(_ body: () throws -> T?) throws -> T {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: .seconds(10))
    while clock.now < deadline {
        if let value = try body() { return value }
    }
    throw LedgerError(.missing, "it did not come in time")
}
