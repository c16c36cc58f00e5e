import Foundation
import LibPQ
import RDKafka
import Sandbox

/// Waits until everything that was written has arrived: log position confirmed, then log ends reached by the checkpoints.
struct Drain {
    let servers: DemoServers
    let limit: Duration

    /// Waits; the writes must have stopped.
    ///
    /// - Throws: what is missing when the limit is over.
    func wait(while alive: () throws -> Void) throws {
        let deadline = ContinuousClock.now + limit
        let source = try servers.connectToSource()
        let end = try source.execute("SELECT pg_current_wal_lsn()").scalar ?? "0/0"
        try until(deadline, "the capture to confirm \(end)", alive) {
            try source.execute(
                """
                SELECT count(*) FROM pg_replication_slots
                WHERE database = current_database() AND confirmed_flush_lsn >= '\(end)'
                """
            ).scalar != "0"
        }
        let admin = try Admin(Configuration(["bootstrap.servers": servers.broker.bootstrapServers]))
        let partitions = DemoServers.topicPartitions.flatMap { topic, count in
            (0..<Int32(count)).map { TopicPartition(topic, $0) }
        }
        let ends = try admin.listOffsets(partitions, at: .latest, timeout: .seconds(20))
        let target = try servers.connectToTarget()
        try until(deadline, "the sync to reach the log ends", alive) {
            var reached: [TopicPartition: Int64] = [:]
            let rows = try target.execute("SELECT topic, partition, next_offset FROM tidegate.checkpoint").rows
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
