import Ledger
import LibPQ
import Model
import TestSupport
import Testing

@Suite struct QuarantineTests {
    @Test func keepsTheBytesAndKnowsParkedKeys() throws {
        try withLedger { connection, _ in
            let entity = try #require(try Entities(on: connection).register(["orders"])["orders"])
            let event = QuarantinedEvent(
                flow: .forward, entity: entity, partition: TopicPartition(topic: "t", partition: 0), offset: 7,
                key: ["a,\"b\"", "2"], reason: "rejected", sqlState: "23514", message: "check positive",
                eventKey: [0, 255], eventValue: nil, headers: "{\"a\": \"b\"}")
            try Quarantine(on: connection).insert([event])
            try Quarantine(on: connection).insert([event])
            #expect(try Quarantine(on: connection).parkedKeys(entity) == [["a,\"b\"", "2"]])
            #expect(try connection.query("SELECT event_key FROM tidegate.quarantine").scalar == "\\x00ff")
            let status = try Status(on: connection)
            #expect(status.quarantine.map(\.events) == [1])
        }
    }
}
