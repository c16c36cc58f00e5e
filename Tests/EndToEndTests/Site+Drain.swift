import LibPQ
import RDKafka
import TestSupport

extension Site {
    /// Waits until everything that was written has arrived; the writes must have stopped.
    ///
    /// First the slot must have confirmed the end of the source's log: then every change is in the topics. Then the
    /// checkpoints must reach the ends of the partitions.
    func waitForDrain(within seconds: Double = 90, while alive: () throws -> Void) throws {
        let source = try connect(source)
        let end = try source.execute("SELECT pg_current_wal_lsn()").scalar ?? "0/0"
        try waitUntil("the slot confirms \(end)", within: .seconds(seconds)) {
            try alive()
            return try source.query(
                "SELECT confirmed_flush_lsn >= $1::pg_lsn FROM pg_replication_slots WHERE slot_name = $2",
                [.text(end), .text(slot)]
            ).scalar == "t"
        }
        try waitForLogEnds(within: seconds, while: alive)
    }

    /// Waits until the checkpoints have reached the ends of all partitions.
    func waitForLogEnds(within seconds: Double = 60, while alive: () throws -> Void) throws {
        let ends = try logEnds()
        let target = try connect(target)
        var reached: [String] = []
        try waitUntil("checkpoints at the log ends \(ends)", within: .seconds(seconds), state: { "\(reached)" }) {
            try alive()
            let result = try target.execute("SELECT topic, partition, next_offset FROM tidegate.checkpoint")
            var found: [TopicPartition: Int64] = [:]
            for row in result.rows {
                found[TopicPartition(row[0] ?? "", Int32(row.int("partition") ?? -1))] =
                    Int64(row.int("next_offset") ?? 0)
            }
            reached = found.map { "\($0.key): \($0.value)" }.sorted()
            return ends.allSatisfy { found[$0.key, default: 0] == $0.value }
        }
    }

    /// The offsets after the last message of each partition.
    func logEnds() throws -> [TopicPartition: Int64] {
        let admin = try Admin(Configuration(["bootstrap.servers": brokers]))
        let partitions = Site.topics.flatMap { topic, count in
            (0..<Int32(count)).map { TopicPartition(topic, $0) }
        }
        return try admin.listOffsets(partitions, at: .latest, timeout: .seconds(20))
    }
}
