import Foundation
import Ledger
import LibPQ
import Logging
import Model
import RDKafka
import Sandbox
import TestSupport
import Testing

@testable import Sync

/// The optional dead-letter topic: copies of what is in quarantine.
@Suite(.serialized) struct DeadLetterTests {
    private func withLetters(topicExists: Bool = true, _ body: (SyncFixture, String) throws -> Void) throws {
        try withSync { source, target, broker in
            let topic = "letters-\(UUID().uuidString.prefix(8))"
            if topicExists { try broker.createTopic(topic, partitions: 1) }
            let sync = try SyncFixture(
                source, target, broker, tables: "CREATE TABLE item (id bigint PRIMARY KEY, n int)",
                targetTables: "CREATE TABLE item (id bigint PRIMARY KEY, n int CONSTRAINT small CHECK (n < 100))",
                entities: "  items: { from: public.item, into: public.item, key: [id], fields: same }",
                topics: ["item": 1], kafka: "dead_letters: \(topic)")
            try body(sync, topic)
        }
    }

    private func letters(_ count: Int, _ topic: String, _ sync: SyncFixture) throws -> [ReceivedMessage] {
        let consumer = try Consumer(
            Configuration.groupConsumer(
                bootstrapServers: sync.broker.bootstrapServers, group: "letters-\(UUID().uuidString)"))
        defer { consumer.close() }
        let queue = consumer.makeQueue()
        try consumer.forward(topic, 0, to: queue)
        try consumer.assign([RDKafka.TopicPartitionOffset(topic, 0, TopicPartitionOffset.beginning)])
        var found: [ReceivedMessage] = []
        try waitUntil("\(count) letters are there", state: { "\(found.count)" }) {
            _ = consumer.poll(timeout: .milliseconds(10))
            try queue.consumeBatch(max: 100, timeout: .milliseconds(200)).forEach {
                found.append(ReceivedMessage(copying: $0))
            }
            return found.count >= count
        }
        return found
    }

    private func header(_ name: String, _ message: ReceivedMessage) -> String? {
        message.headers.first { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func aLetterHasTheEventWithItsHeadersAndConnects() throws {
        try withLetters { sync, topic in
            let row = #"{"id":1,"n":500}"#
            let event = sync.writer.event("c", "item", key: #"{"id":1}"#, after: row)
            try sync.writer.send(
                "item", key: event.key, value: event.value,
                headers: [("trace", Array("abc".utf8)), ("trace", Array("d".utf8))])
            try sync.writer.send("item", key: #"{"id":2}"#, value: "{not json")
            try sync.applyAll()
            let found = try letters(2, topic, sync)
            let rejected = try #require(found.first)
            #expect(rejected.key.map { String(decoding: $0, as: UTF8.self) } == event.key)
            #expect(rejected.value.map { String(decoding: $0, as: UTF8.self) } == event.value)
            #expect(header("trace", rejected) == "abc")
            #expect(header("__connect.errors.topic", rejected) == "t.public.item")
            #expect(header("__connect.errors.partition", rejected) == "0")
            #expect(header("__connect.errors.offset", rejected) == "0")
            #expect(header("__connect.errors.connector.name", rejected) == "tidegate-test")
            #expect(header("__connect.errors.stage", rejected) == "TASK_PUT")
            #expect(header("__connect.errors.exception.class.name", rejected) == "tidegate.SQLSTATE_23514")
            let message = header("__connect.errors.exception.message", rejected) ?? ""
            #expect(message.contains("small") && !message.contains("500"))
            #expect(header("tidegate.reason", rejected) == "rejected")
            #expect(header("tidegate.correlation.id", rejected) == "t.public.item[0]@0")
            #expect(found.last.flatMap { header("__connect.errors.stage", $0) } == "VALUE_CONVERTER")
            #expect(try sync.value("SELECT count(published_at) FROM tidegate.quarantine") == "2")
        }
    }

    /// A crash between the broker's acknowledgement and the mark doubles a letter, and loses none.
    @Test func aCrashBeforeTheMarkDoublesTheLetter() throws {
        try withLetters { sync, topic in
            try sync.writer.write("c", "item", key: #"{"id":1}"#, after: #"{"id":1,"n":500}"#)
            try sync.writer.flush()
            // Another session has the turn: nothing is published meanwhile.
            let busy = try sync.target.connect()
            #expect(try DeadLetters(on: busy, of: .forward).takeTurn())
            try sync.applyAll()
            #expect(try sync.value("SELECT count(published_at) FROM tidegate.quarantine") == "0")
            let publisher = DeadLetterPublisher(
                to: topic, playbook: sync.playbook, options: try sync.options(), logger: Logger(label: "test"))
            let unmarked = try DeadLetters(on: busy, of: .forward).unpublished(limit: 10)
            #expect(publisher.deliver(unmarked, with: try publisher.makeProducer()).isEmpty)
            busy.close()
            try sync.applyAll()
            #expect(try letters(2, topic, sync).map(\.value).count == 2)
            #expect(try sync.value("SELECT count(published_at) FROM tidegate.quarantine") == "1")
        }
    }

    @Test func whatTheBrokerDoesNotTakeKeepsNothingUp() throws {
        try withLetters { sync, topic in
            sync.broker.mock?.setTopicError(topic, .unknownTopicOrPartition)
            try sync.writer.write("c", "item", key: #"{"id":1}"#, after: #"{"id":1,"n":500}"#)
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("it is set aside") { try sync.value("SELECT count(*) FROM tidegate.quarantine") == "1" }
                try waitUntil("the status shows it", within: .seconds(60)) {
                    try Status(on: sync.targetSession).deadLetters.first?.error?.isEmpty == false
                }
                try sync.writer.write("c", "item", key: #"{"id":2}"#, after: #"{"id":2,"n":5}"#)
                try sync.writer.flush()
                try waitUntil("the stream goes on") { try sync.rows("SELECT id FROM item") == ["2"] }
                sync.broker.mock?.setTopicError(topic, nil)
                try waitUntil("it is published", within: .seconds(90)) {
                    try sync.value("SELECT count(published_at) FROM tidegate.quarantine") == "1"
                }
                let status = try Status(on: sync.targetSession).deadLetters.first
                #expect(status?.published == 1 && status?.failed == 0 && status?.error == nil)
            }
        }
    }

    @Test func aLetterThatIsTooLargeIsShownAndNotTriedAgain() throws {
        try withLetters { sync, topic in
            let big = String(repeating: "x", count: 2_000_000)
            let large = try sync.targetSession.query("SELECT id FROM tidegate.entity").scalar ?? ""
            try sync.targetSession.query(
                """
                INSERT INTO tidegate.quarantine (flow, entity_id, topic, partition, "offset", key, reason, message, event_value)
                VALUES ('forward', $1, 't.public.item', 0, 100, '{7}', 'rejected', 'm', convert_to($2, 'UTF8'))
                """, [.text(large), .text(big)])
            try sync.writer.write("c", "item", key: #"{"id":1}"#, after: #"{"id":1,"n":500}"#)
            try sync.applyAll()
            #expect(try letters(1, topic, sync).count == 1)
            let status = try #require(try Status(on: sync.targetSession).deadLetters.first)
            #expect(status.published == 1 && status.failed == 1 && status.error?.contains("MSG_SIZE_TOO_LARGE") == true)
        }
    }
}
