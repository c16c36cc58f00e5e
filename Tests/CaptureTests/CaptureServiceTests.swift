import Capture
import Foundation
import LibPQ
import Model
import RDKafka
import Sandbox
import TestSupport
import Testing

@Suite(.serialized) struct CaptureServiceTests {
    private static let topic = "src.public.item"

    /// A database with a table, a broker with its topic, and a configuration to capture from one to the other.
    private func withItems(
        partitions: Int = 1, _ body: (TestDatabase, EmbeddedBroker, CaptureConfiguration) throws -> Void
    ) throws {
        try withDatabase { database in
            try withBroker(topics: [Self.topic: partitions]) { broker in
                try database.connect().execute("CREATE TABLE item (id int PRIMARY KEY, v text)")
                try body(database, broker, try configuration(database, broker))
            }
        }
    }

    private func configuration(_ database: TestDatabase, _ broker: EmbeddedBroker) throws -> CaptureConfiguration {
        CaptureConfiguration(
            source: try database.connectionString, slot: "slot_\(database.name)", publication: "items",
            tables: [TableName(schema: "public", name: "item")], prefix: "src",
            kafka: Redacted(["bootstrap.servers": broker.bootstrapServers, "reconnect.backoff.max.ms": "200"]))
    }

    private func insert(_ range: ClosedRange<Int>, into database: TestDatabase) throws {
        try database.connect().query(
            "INSERT INTO item SELECT n, 'item ' || n FROM generate_series($1::int, $2::int) n",
            [.int(range.lowerBound), .int(range.upperBound)])
    }

    /// The ids of the topic's events in order.
    private func ids(_ broker: EmbeddedBroker) throws -> [Int] {
        try Topics.read([Self.topic], from: broker).compactMap { $0.image("after")?["id"] as? Int }
    }

    /// The same without those that came before: every row has to be there, in order; some may be there again.
    private func firstSeen(_ broker: EmbeddedBroker) throws -> [Int] {
        var seen: Set<Int> = []
        return try ids(broker).filter { seen.insert($0).inserted }
    }

    private func confirmed(_ database: TestDatabase) throws -> LSN {
        let text = try database.connect().query(
            "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1",
            [.text("slot_\(database.name)")])
        return try #require(text.scalar.flatMap(LSN.init))
    }

    @Test("an event that is too large is named with topic and size, and sent when it is allowed; nothing is skipped")
    func eventsTooLarge() throws {
        try withItems { database, broker, configuration in
            guard let mock = broker.mock else { return }
            let run = CaptureRun(configuration)
            try run.waitUntilStreaming()
            mock.pushRequestErrors(.produce, [.messageTooLarge, .messageTooLarge])
            try insert(1...20, into: database)
            try waitUntil("it tries again") { run.service.progress.restarts >= 1 }
            try run.waitUntilCaughtUp(database)
            try run.stop()
            #expect(try firstSeen(broker) == Array(1...20))
        }
    }

    @Test func goesOnWhereItStopped() throws {
        try withItems { database, broker, configuration in
            for round in 0..<3 {
                // What happens while nobody captures is in the slot.
                if round > 0 { try insert(round * 20 + 1...round * 20 + 10, into: database) }
                let run = CaptureRun(configuration)
                try run.waitUntilStreaming()
                try insert(round * 20 + 11...round * 20 + 20, into: database)
                try run.waitUntilCaughtUp(database)
                try run.stop()
                #expect(run.service.progress.phase == .stopped)
            }
            #expect(try ids(broker) == Array(11...60))
        }
    }

    @Test(.enabled(if: EmbeddedBroker.externalBootstrapServers == nil, "takes the mock broker down"))
    func theSlotWaitsForTheBroker() throws {
        try withItems { database, broker, configuration in
            let mock = try #require(broker.mock)
            let run = CaptureRun(configuration)
            try run.waitUntilStreaming()
            try insert(1...10, into: database)
            try run.waitUntilCaughtUp(database)
            try mock.setBroker(up: false)
            let before = try confirmed(database)
            try insert(11...20, into: database)
            let written = try #require(
                try database.connect().query("SELECT pg_current_wal_lsn()").scalar.flatMap(LSN.init))
            try waitUntil("the events to be read") { run.service.progress.events >= 20 }
            // The server asks for a sign of life in this time, and gets one; but nothing was acknowledged.
            try waitUntil("two more transactions to be read") {
                try insert(21...21, into: database)
                try database.connect().execute("DELETE FROM item WHERE id = 21")
                return run.service.progress.events >= 30
            }
            #expect(try confirmed(database) < written && confirmed(database) >= before)
            try mock.setBroker(up: true)
            try run.waitUntilCaughtUp(database)
            try waitUntil("the slot to move") { try confirmed(database) >= written }
            try run.stop()
            #expect(try ids(broker).filter { $0 <= 20 } == Array(1...20))
        }
    }

    @Test(.enabled(if: EmbeddedBroker.externalBootstrapServers == nil, "takes the mock broker down"))
    func anAbandonedCaptureLosesNothing() throws {
        try withItems { database, broker, configuration in
            let mock = try #require(broker.mock)
            var hasty = configuration
            hasty.stopTimeout = .milliseconds(100)
            let run = CaptureRun(hasty)
            try run.waitUntilStreaming()
            try insert(1...10, into: database)
            try run.waitUntilCaughtUp(database)
            try mock.setBroker(up: false)
            try insert(11...20, into: database)
            try waitUntil("the events to be read") { run.service.progress.events >= 20 }
            // Stopping cannot send what it has, and says so; a crash would be no other.
            #expect(throws: CaptureError.self) { try run.stop() }
            try mock.setBroker(up: true)
            let second = CaptureRun(configuration)
            try second.waitUntilStreaming()
            try second.waitUntilCaughtUp(database)
            try second.stop()
            #expect(try firstSeen(broker) == Array(1...20))
        }
    }

    @Test func aServerThatDiesIsWaitedFor() throws {
        let cluster = try PostgresCluster()
        try cluster.createDatabase("shop")
        let database = TestDatabase(cluster: cluster, name: "shop")
        try withBroker(topics: [Self.topic: 1]) { broker in
            try database.connect().execute("CREATE TABLE item (id int PRIMARY KEY, v text)")
            let run = CaptureRun(try configuration(database, broker))
            try run.waitUntilStreaming()
            for round in 0..<3 {
                try insert(round * 1000 + 1...round * 1000 + 1000, into: database)
                try cluster.restart(.immediate)
            }
            try run.waitUntilCaughtUp(database)
            try run.stop()
            #expect(run.service.progress.restarts > 0)
            #expect(try firstSeen(broker) == Array(1...3000))
        }
    }

    @Test func positionsDoNotGoBackOverRestarts() throws {
        try withItems { database, broker, configuration in
            for round in 0..<4 {
                let run = CaptureRun(configuration)
                try run.waitUntilStreaming()
                for number in 0..<5 { try insert(round * 10 + number...round * 10 + number, into: database) }
                // Log that is not ours moves the idle slot between commits.
                try database.connect().execute("CREATE TABLE other_\(round) AS SELECT generate_series(1, 1000)")
                try run.waitUntilCaughtUp(database)
                try run.stop()
            }
            let sequences = try Topics.read([Self.topic], from: broker).compactMap(\.sequence)
            #expect(sequences.count == 20)
            #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test func anIdleSlotMoves() throws {
        try withItems { database, _, configuration in
            let run = CaptureRun(configuration)
            try run.waitUntilStreaming()
            let before = try confirmed(database)
            try database.connect().execute("CREATE TABLE other AS SELECT generate_series(1, 10000)")
            try run.waitUntilCaughtUp(database)
            // The server takes note in its own time.
            try waitUntil("the slot to move") { try confirmed(database) > before }
            try run.stop()
        }
    }

    @Test func partitionsAreThoseOfAJavaProducer() throws {
        try withItems(partitions: 12) { database, broker, configuration in
            let run = CaptureRun(configuration)
            try run.waitUntilStreaming()
            try insert(1...200, into: database)
            try run.waitUntilCaughtUp(database)
            try run.stop()
            let events = try Topics.readWithPartitions([Self.topic], from: broker)
            #expect(events.count == 200)
            for (event, partition) in events {
                #expect(event.key.map { JavaPartitioner.partition(Array($0.utf8), of: 12) } == partition)
            }
        }
    }

    @Test func heartbeatsComeWhenAskedFor() throws {
        try withItems { database, broker, configuration in
            try broker.createTopic("__debezium-heartbeat.src", partitions: 1)
            var configuration = configuration
            configuration.heartbeat = .milliseconds(50)
            let run = CaptureRun(configuration)
            try waitUntil("two heartbeats") { run.service.progress.events >= 2 || run.isOver }
            try run.stop()
            let beats = try Topics.read(["__debezium-heartbeat.src"], from: broker)
            #expect(beats.count >= 2 && beats[0].key == #"{"serverName":"src"}"#)
            #expect(beats[0].envelope["ts_ms"] is NSNumber)
        }
    }

    @Test func tablesAreAddedToThePublication() throws {
        try withItems { database, broker, configuration in
            try database.connect().execute(
                "CREATE TABLE more (id int PRIMARY KEY); CREATE PUBLICATION items FOR TABLE more")
            let run = CaptureRun(configuration)
            try run.waitUntilStreaming()
            try insert(1...3, into: database)
            try run.waitUntilCaughtUp(database)
            try run.stop()
            #expect(try ids(broker) == [1, 2, 3])
        }
    }

    @Test func whatCannotWorkIsSaidAtOnce() throws {
        try withItems { database, _, configuration in
            var missing = configuration
            missing.tables = [TableName(schema: "public", name: "no_such_table")]
            missing.publication = "another"
            let run = CaptureRun(missing)
            try waitUntil("the capture to give up") { run.isOver }
            #expect((run.error as? PostgresError)?.sqlState == .undefinedTable)

            var wrong = configuration
            wrong.source = wrong.source.with(parameters: ["user": "nobody_of_this_name"])
            let refused = CaptureRun(wrong)
            try waitUntil("the capture to give up") { refused.isOver }
            #expect((refused.error as? PostgresError)?.isRetriable == false)

            try database.connect().query(
                "SELECT pg_create_logical_replication_slot($1, 'test_decoding')", [.text("slot_\(database.name)")])
            let foreign = CaptureRun(configuration)
            try waitUntil("the capture to give up") { foreign.isOver }
            #expect((foreign.error as? CaptureError)?.code == .configuration)
        }
    }

    @Test func aTableWhoseUpdatesWouldFailIsNotPublished() throws {
        try withItems { database, _, configuration in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE log (line text)")
            var configuration = configuration
            configuration.tables.append(TableName(schema: "public", name: "log"))
            let run = CaptureRun(configuration)
            try waitUntil("the capture to give up") { run.isOver }
            #expect((run.error as? CaptureError)?.code == .configuration)
            #expect((run.error as? CaptureError)?.message.contains("public.log") == true)
            #expect(try connection.query("SELECT count(*) FROM pg_publication").scalar == "0")
            try connection.execute("ALTER TABLE log REPLICA IDENTITY FULL")
            let second = CaptureRun(configuration)
            try second.waitUntilStreaming()
            try second.stop()
        }
    }

    @Test func partitionsComeUnderTheNameOfTheirTable() throws {
        try withItems { database, broker, configuration in
            let connection = try database.connect()
            try connection.execute(
                """
                DROP TABLE item;
                CREATE TABLE item (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
                CREATE TABLE item_low PARTITION OF item FOR VALUES FROM (0) TO (10);
                CREATE TABLE item_high PARTITION OF item FOR VALUES FROM (10) TO (100);
                CREATE PUBLICATION by_leaf FOR TABLE item
                """)
            var byLeaf = configuration
            byLeaf.publication = "by_leaf"
            let refused = CaptureRun(byLeaf)
            try waitUntil("the capture to give up") { refused.isOver }
            #expect((refused.error as? CaptureError)?.code == .configuration)
            let run = CaptureRun(configuration)
            try run.waitUntilStreaming()
            try insert(5...15, into: database)
            try connection.execute("UPDATE item SET id = 50 WHERE id = 5")
            try run.waitUntilCaughtUp(database)
            try run.stop()
            #expect(try ids(broker) == Array(5...15) + [50])
        }
    }
}
