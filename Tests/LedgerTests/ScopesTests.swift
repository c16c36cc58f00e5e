import Ledger
import LibPQ
import Model
import TestSupport
import Testing

@Suite struct ScopesTests {
    @Test func oneScopeAtATimeAndTheVersionMoves() throws {
        try withLedger { connection, _ in
            let entity = try #require(try Entities(on: connection).register(["orders"])["orders"])
            #expect(try Entities(on: connection).register(["orders"])["orders"] == entity)
            let scopes = Scopes(on: connection)
            let before = try scopes.read(entity)
            #expect(before.state(of: "pilot") == .pending && before.loading == nil)
            let begun = try scopes.begin(entity, wave: "pilot", origin: .source, handover: .snapshot)
            #expect(begun.state == .loading)
            #expect(try scopes.read(entity).version > before.version)
            let error = #expect(throws: LedgerError.self) {
                try scopes.begin(entity, wave: "rest", origin: .source, handover: .touched)
            }
            #expect(error?.code == .busy)
            #expect(throws: LedgerError.self) { try scopes.finish(entity, wave: "pilot") }
        }
    }

    @Test func aLaneWaitsForAChangeAndAChangeForALane() throws {
        try withLedger { connection, database in
            let entity = try #require(try Entities(on: connection).register(["orders"])["orders"])
            let lane = try database.connect()
            try lane.execute("BEGIN; " + entity.lock(.apply))
            try connection.execute("SET lock_timeout = '50ms'")
            let error = #expect(throws: PostgresError.self) {
                try Scopes(on: connection).begin(entity, wave: "w", origin: .source, handover: .snapshot)
            }
            #expect(error?.sqlState == .lockNotAvailable)
            try lane.execute("COMMIT")
            _ = try Scopes(on: connection).begin(entity, wave: "w", origin: .source, handover: .snapshot)
        }
    }

    @Test func loadSealAndFinish() throws {
        try withLedger { connection, _ in
            let entity = try #require(try Entities(on: connection).register(["orders"])["orders"])
            let scopes = Scopes(on: connection)
            let chunks = Chunks(on: connection)
            _ = try scopes.begin(entity, wave: "w", origin: .source, handover: .snapshot)
            let snapshot = TransactionSnapshot(xmin: 10, xmax: 20, inProgress: [12])
            #expect(try scopes.start(entity, wave: "w", snapshot: snapshot).startedSnapshot == snapshot)
            try scopes.settle(entity, wave: "w")
            let ranges: [(range: KeyRange, rows: Int?)] = [
                (KeyRange(low: nil, high: ["5"]), 4), (KeyRange(low: ["5"], high: nil), 6),
            ]
            #expect(try chunks.plan(entity, wave: "w", ranges: ranges, rowsEstimated: 10))
            #expect(try !chunks.plan(entity, wave: "w", ranges: ranges, rowsEstimated: 10))
            let worker = try Workers(on: connection).register("test")
            let seal = Seal(snapshot: snapshot, position: LSN("0/10"))
            for _ in 0..<2 {
                #expect(throws: LedgerError.self) { try scopes.seal(entity, wave: "w", seal) }
                let chunk = try #require(try chunks.take(entity, wave: "w", worker: worker))
                try connection.transaction {
                    try connection.execute(entity.lock(.merge))
                    try chunks.hold(chunk)
                    try chunks.complete(chunk, ChunkOutcome(snapshot: snapshot, rows: 5, bytes: 50, digest: 7))
                }
            }
            #expect(try chunks.take(entity, wave: "w", worker: worker) == nil)
            #expect(try chunks.progress(entity, wave: "w").isComplete)
            #expect(try scopes.read(entity).merged.map(\.range) == ranges.map(\.range))
            try connection.query("INSERT INTO tidegate.touched VALUES ($1, '{7}', 5)", [.int(entity.rawValue)])
            try scopes.seal(entity, wave: "w", seal)
            #expect(try scopes.bounds(entity, wave: "w") == nil)
            let partition = TopicPartition(topic: "t", partition: 0)
            try scopes.bound(entity, wave: "w", offsets: [partition: 9])
            #expect(try scopes.bounds(entity, wave: "w") == [partition: 9])
            try scopes.bound(entity, wave: "w", offsets: [:])
            #expect(try scopes.bounds(entity, wave: "w") == [:])
            try scopes.finish(entity, wave: "w")
            try scopes.finish(entity, wave: "w")
            #expect(try scopes.read(entity).state(of: "w") == .live)
            #expect(try scopes.read(entity).merged.isEmpty)
            #expect(try connection.query("SELECT count(*) FROM tidegate.touched").scalar == "0")
            let status = try Status(on: connection)
            #expect(status.scopes.first?.rows == 10 && status.scopes.first?.chunksMerged == 2)
        }
    }
}
