import Model
import Testing

@Suite struct TransactionSnapshotTests {
    @Test func seesEndedTransactionsOnly() throws {
        let snapshot = try #require(TransactionSnapshot("10:20:12,15"))
        #expect(snapshot.sees(9) && snapshot.sees(10) && snapshot.sees(19))
        #expect(!snapshot.sees(12) && !snapshot.sees(15) && !snapshot.sees(20) && !snapshot.sees(21))
        #expect(snapshot.description == "10:20:12,15")
        #expect(TransactionSnapshot("10:20:") != nil && TransactionSnapshot("10:20") == nil)
    }

    @Test func widensEventTransactionsAcrossTheWrap() {
        let snapshot = TransactionSnapshot(xmin: 0x2_0000_0005, xmax: 0x2_0000_0005, inProgress: [])
        #expect(snapshot.fullTransactionID(0xFFFF_FFF0) == 0x1_FFFF_FFF0)
        #expect(snapshot.fullTransactionID(3) == 0x2_0000_0003)
        #expect(TransactionSnapshot(xmin: 5, xmax: 5, inProgress: []).fullTransactionID(7) == 7)
    }
}

@Suite struct NameTests {
    @Test func quotesWhatSQLWouldMisread() {
        #expect(quotedIdentifier("we\"ird") == "\"we\"\"ird\"")
        #expect(quotedLiteral("it's") == "'it''s'")
        #expect(quotedLiteral("a\\b'") == "E'a\\\\b'''")
        #expect(TableName("crm.customer")?.quoted == "\"crm\".\"customer\"")
        #expect(TableName("a.b.c") == nil)
    }

    @Test func positionsOrderByTheirParts() {
        #expect(LSN("16/B374D848")?.description == "16/B374D848")
        #expect(SourcePosition(major: 1, minor: 9) < SourcePosition(major: 2, minor: 1))
        #expect(SourcePosition("3:4:5") == SourcePosition(major: 3, minor: 4, row: 5))
    }
}
