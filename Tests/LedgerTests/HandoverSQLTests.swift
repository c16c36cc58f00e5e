import Ledger
import LibPQ
import Model
import TestSupport
import Testing

@Suite struct HandoverSQLTests {
    @Test func seesAgreesWithTheModelAcrossTheWrap() throws {
        try withLedger { connection, _ in
            let snapshots = [
                TransactionSnapshot(xmin: 10, xmax: 20, inProgress: [12, 15]),
                TransactionSnapshot(xmin: 0x1_0000_0002, xmax: 0x1_0000_0009, inProgress: [0x1_0000_0002]),
                TransactionSnapshot(xmin: 3, xmax: 3, inProgress: []),
            ]
            for snapshot in snapshots {
                for low: UInt32 in [3, 9, 10, 12, 14, 15, 19, 20, 21, 0xFFFF_FFF0, 0x8000_0000, 2, 5] {
                    let sql = try connection.query(
                        "SELECT tidegate.sees($1::pg_snapshot, $2::bigint)", [.text(snapshot.description), .int(low)])
                    #expect((sql.scalar == "t") == snapshot.sees(snapshot.fullTransactionID(low)), "\(snapshot) \(low)")
                }
            }
        }
    }

    @Test(arguments: [
        ([KeyColumn(name: "id", type: "bigint", collation: nil)], [["10"], ["20"], ["30"]]),
        (
            [
                KeyColumn(name: "tenant", type: "text", collation: "\"C\""),
                KeyColumn(name: "no", type: "numeric(8,2)", collation: nil),
            ], [["A", "9"], ["a", "1.50"], ["b", "10"]]
        ),
    ])
    func anEventIsInTheBaselineOnlyOfTheMergedRangeThatHoldsItsKey(key: [KeyColumn], bounds: [[String]]) throws {
        try withLedger { connection, _ in
            let entity = try #require(try Entities(on: connection).register(["orders"])["orders"])
            _ = try Scopes(on: connection).begin(entity, wave: "w", origin: .source, handover: .snapshot)
            let ends: [[String]?] = [nil] + bounds + [nil]
            let ranges = zip(ends, ends.dropFirst()).map { (range: KeyRange(low: $0, high: $1), rows: Int?.none) }
            _ = try Chunks(on: connection).plan(entity, wave: "w", ranges: ranges, rowsEstimated: nil)
            let worker = try Workers(on: connection).register("w")
            // Ranges 0, 1 and 3 are merged, each with its own snapshot; 2 is not.
            for ordinal in 0..<4 {
                let chunk = try #require(try Chunks(on: connection).take(entity, wave: "w", worker: worker))
                let xmax = UInt64(100 * (ordinal + 1))
                let snapshot = TransactionSnapshot(xmin: xmax, xmax: xmax, inProgress: [])
                if ordinal != 2 {
                    try Chunks(on: connection).complete(
                        chunk, ChunkOutcome(snapshot: snapshot, rows: 0, bytes: 0, digest: 0))
                }
            }
            let sql = HandoverSQL(entity: entity, key: key, transactionColumn: "xid")
            let columns = key.map { "\(quotedIdentifier($0.name)) \($0.type)" }.joined(separator: ", ")
            try connection.execute("CREATE TEMPORARY TABLE stage (\(columns), xid bigint)")
            try connection.execute(sql.createRanges)
            try connection.execute(sql.refillRanges)
            func isInBaseline(_ values: [String], _ xid: Int?) throws -> Bool {
                try connection.execute("TRUNCATE stage")
                let row = (values.map { quotedLiteral($0) } + [xid.map(String.init) ?? "NULL"]).joined(separator: ", ")
                try connection.execute("INSERT INTO stage VALUES (\(row))")
                return try connection.query("SELECT \(sql.isInBaseline("s")) FROM stage s").scalar == "t"
            }
            #expect(try isInBaseline(bounds[0], 199) && !isInBaseline(bounds[0], 200))
            #expect(try !isInBaseline(bounds[1], 3))
            #expect(try isInBaseline(bounds[2], 399) && !isInBaseline(bounds[2], 400))
            #expect(try !isInBaseline(bounds[2], nil))
            let smallest = key.count == 1 ? ["-5"] : ["", "0"]
            #expect(try isInBaseline(smallest, 99) && !isInBaseline(smallest, 100))
            try connection.execute(sql.recordTouched(stage: "stage"))
            #expect(try connection.query("SELECT xid FROM tidegate.touched").scalar == "100")
        }
    }
}
