import Foundation
package import LibPQ
import RDKafka
import Sandbox

/// Waits until everything that one side has written has arrived in the other: log position confirmed, then log ends
/// reached by the checkpoints.
package struct Drain {
    let from: Connection
    /// The other side, where the flow's ledger is.
    let to: Connection
    let topics: [String: Int]
    let broker: String
    let limit: Duration

    package init(from: Connection, to: Connection, topics: [String: Int], broker: String, limit: Duration) {
        (self.from, self.to, self.topics, self.broker, self.limit) = (from, to, topics, broker, limit)
    }

    /// Waits; the writes must have stopped.
    ///
    /// - Throws: what is missing when the limit is over.
    package func wait(while alive: () throws -> Void) throws {
        let deadline = ContinuousClock.now + limit
        let end = try from.execute("SELECT pg_current_wal_lsn()").scalar ?? "0/0"
        try until(deadline, "the capture to confirm \(end)", alive) {
            try from.execute(
                """
                SELECT count(*) FROM pg_replication_slots
                WHERE database = current_database() AND confirmed_flush_lsn >= '\(end)'
                """
            ).scalar != "0"
        }
        let admin = try Admin(Configuration(["bootstrap.servers": broker]))
        let partitions = topics.flatMap { topic, count in (0..<Int32(count)).map { TopicPartition(topic, $0) } }
        let ends = try admin.listOffsets(partitions, at: .latest, timeout: .seconds(20))
        try until(deadline, "the sync to reach the log ends", alive) {
            var reached: [TopicPartition: Int64] = [:]
            let rows = try to.execute("SELECT topic, partition, next_offset FROM tidegate.checkpoint").rows
            for row in rows {
                guard let topic = row["topic"], let number = row.int("partition") else { continue }
                reached[TopicPartition(topic, Int32(number))] = Int64(row.int("next_offset") ?? 0)
            }
            return ends.allSatisfy { reached[$0.key, default: 0] >= $0.value }
        }
    }

    private func until(
        _ deadline: ContinuousClock.Instant, _ what: String, _ alive: () throws -> Void, _ test: () throws -> Bool
    ) throws {
        while try !test() {
            try alive()
            guard ContinuousClock.now < deadline else { throw DemoError("gave up waiting for \(what)") }
            Thread.sleep(forTimeInterval: 0.005)
        }
    }
}
