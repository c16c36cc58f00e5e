import Ledger
import LibPQ
import Model
import TestSupport
import Testing

@Suite struct CheckpointsTests {
    private let partition = TopicPartition(topic: "shop.public.orders", partition: 3)

    private func accounting(applied: Int, skipped: [SkipReason: Int] = [:]) -> Accounting {
        var accounting = Accounting()
        accounting.applied = applied
        for (reason, events) in skipped { accounting.skip(reason, events: events) }
        accounting.consumed = applied + accounting.skippedTotal
        return accounting
    }

    @Test func claimingGivesBackWhatWasReached() throws {
        try withLedger { connection, _ in
            let checkpoints = Checkpoints(on: connection)
            let first = try #require(
                try checkpoints.claim(flow: .forward, partitions: [partition], owner: "a")[partition])
            #expect(first.nextOffset == nil && first.position == nil && first.fence == 1)
            let step = CheckpointAdvance(
                from: first, nextOffset: 10, position: SourcePosition(major: 5, minor: 6),
                accounting: accounting(applied: 8, skipped: [.replay: 1, .tombstone: 1]),
                sourceMillis: 1_700_000_000_000)
            try checkpoints.advance([step])
            let again = try #require(
                try checkpoints.claim(flow: .forward, partitions: [partition], owner: "b")[partition])
            #expect(again.nextOffset == 10 && again.position == step.position && again.fence == 2)
            #expect(step.result.nextOffset == 10)
        }
    }

    /// A8: what happened to each event is in the same transaction as the offset, and the sum holds or nothing does.
    @Test func a8OffsetAndAccountingMoveTogetherOrNotAtAll() throws {
        try withLedger { connection, _ in
            let checkpoints = Checkpoints(on: connection)
            let claimed = try #require(
                try checkpoints.claim(flow: .forward, partitions: [partition], owner: "a")[partition])
            var wrong = accounting(applied: 3)
            wrong.consumed = 4
            let error = #expect(throws: PostgresError.self) {
                try checkpoints.advance([
                    CheckpointAdvance(
                        from: claimed, nextOffset: 4, position: nil, accounting: wrong, sourceMillis: nil)
                ])
            }
            #expect(error?.constraint == "every_event_accounted_for")
            #expect(try checkpoints.find(flow: .forward, topic: partition.topic)[partition]?.nextOffset == nil)
        }
    }

    @Test func aZombieIsFencedOffAndCountsNothing() throws {
        try withLedger { connection, _ in
            let checkpoints = Checkpoints(on: connection)
            let zombie = try #require(
                try checkpoints.claim(flow: .forward, partitions: [partition], owner: "zombie")[partition])
            _ = try checkpoints.claim(flow: .forward, partitions: [partition], owner: "heir")
            let error = #expect(throws: LedgerError.self) {
                try checkpoints.advance([
                    CheckpointAdvance(
                        from: zombie, nextOffset: 1, position: nil,
                        accounting: accounting(applied: 0, skipped: [.heartbeat: 1]), sourceMillis: nil)
                ])
            }
            #expect(error?.code == .fenced)
            #expect(try connection.query("SELECT count(*) FROM tidegate.skip_count").scalar == "0")
        }
    }

    @Test func theSameStepIsNeverTakenTwice() throws {
        try withLedger { connection, _ in
            let checkpoints = Checkpoints(on: connection)
            let claimed = try #require(
                try checkpoints.claim(flow: .forward, partitions: [partition], owner: "a")[partition])
            let step = CheckpointAdvance(
                from: claimed, nextOffset: 5, position: nil, accounting: accounting(applied: 5), sourceMillis: nil)
            try checkpoints.advance([step])
            #expect(throws: LedgerError.self) { try checkpoints.advance([step]) }
        }
    }

    @Test func theStatementRunsPreparedAndPipelined() throws {
        try withLedger { connection, _ in
            let checkpoints = Checkpoints(on: connection)
            let other = TopicPartition(topic: partition.topic, partition: 4)
            let claimed = try checkpoints.claim(flow: .forward, partitions: [partition, other], owner: "a")
            try Checkpoints.advance.prepare(on: connection)
            let steps = claimed.values.map {
                CheckpointAdvance(
                    from: $0, nextOffset: 2, position: SourcePosition(major: 1, minor: 2),
                    accounting: accounting(applied: 1, skipped: [.pending: 1]), sourceMillis: 5)
            }
            let results = try connection.pipeline { pipeline in
                for step in steps {
                    try pipeline.executePrepared(Checkpoints.advance.name, Checkpoints.advanceParameters(step))
                }
            }
            for (result, step) in zip(results, steps) { try Checkpoints.confirm(result, step) }
            let status = try Status(on: connection)
            #expect(status.totals(flow: "forward").consumed == 4)
            #expect(status.partitions.first?.skippedBy == ["pending": 1])
        }
    }

    @Test func rewindingFencesOffAndStartsOver() throws {
        try withLedger { connection, _ in
            let checkpoints = Checkpoints(on: connection)
            let claimed = try #require(
                try checkpoints.claim(flow: .forward, partitions: [partition], owner: "a")[partition])
            let step = CheckpointAdvance(
                from: claimed, nextOffset: 5, position: nil, accounting: accounting(applied: 5), sourceMillis: nil)
            try checkpoints.advance([step])
            try checkpoints.rewind(flow: .forward, topic: partition.topic)
            let now = try #require(try checkpoints.find(flow: .forward, topic: partition.topic)[partition])
            #expect(now.nextOffset == nil && now.fence == 2)
        }
    }
}
