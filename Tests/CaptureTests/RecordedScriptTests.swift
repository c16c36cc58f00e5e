import Foundation
import TestSupport
import Testing

/// The recordings' scripts, run through our own capture: the same events must come as from the real connector.
///
/// Compared topic by topic: operation, key, headers, values of both images, transaction metadata. Positions must not go back.
/// Not compared is what the connector makes up or loses (see `Deviation`).
@Suite(.serialized) struct RecordedScriptTests {
    static let recordings =
        [
            "lifecycle", "keys", "toast", "copy", "transactions", "no-pk", "foreign-keys", "generated",
            "logical-message", "origins",
        ]
        .map { Recording(scenario: "pg-\($0)", variant: "json") }
        + [
            Recording(scenario: "pg-lifecycle", variant: "json-no-tombstones"),
            Recording(scenario: "pg-toast", variant: "json-placeholder"),
            Recording(scenario: "pg-null-default", variant: "json-keep-null"),
        ]
        + [
            "json", "binary-base64", "binary-base64-url-safe", "binary-hex", "decimal-double", "decimal-numeric-json",
            "decimal-string", "hstore-map", "interval-string", "time-adaptive-microseconds", "time-connect",
            "time-isostring", "time-microseconds", "time-nanoseconds",
        ].map { Recording(scenario: "pg-types", variant: $0) }

    @Test(arguments: recordings) func sameEventsAsTheConnector(recording: Recording) throws {
        let expected = Dictionary(grouping: try recording.events(), by: \.topic)
        let captured = Dictionary(grouping: try capture(recording, topics: Array(expected.keys)), by: \.topic)
        #expect(!expected.isEmpty)
        for (topic, expected) in expected.sorted(by: { $0.key < $1.key }) {
            let captured = captured[topic] ?? []
            #expect(captured.count == expected.count, "\(topic)")
            var last: (UInt64, UInt64) = (0, 0)
            for (number, (ours, theirs)) in zip(captured, expected).enumerated() {
                compare(ours, theirs, "\(topic) event \(number)")
                // Messages outside of transactions come when they are made.
                if let sequence = ours.sequence, !(ours.source["txId"] is NSNull) {
                    #expect(sequence >= last, "\(topic) event \(number)")
                    last = sequence
                    #expect((ours.source["lsn"] as? UInt64).map { $0 == sequence.1 } == true)
                }
            }
        }
    }

    /// Runs the script and gives the events of the topics.
    private func capture(_ recording: Recording, topics: [String]) throws -> [CapturedEvent] {
        try withDatabase { database in
            try withBroker(topics: Dictionary(uniqueKeysWithValues: topics.map { ($0, 1) })) { broker in
                try SQLScript(recording.script("setup.sql")).run(on: database.connect())
                try recording.capture(database, to: broker)
                return try Topics.read(topics, from: broker)
            }
        }
    }

    private func compare(_ ours: CapturedEvent, _ theirs: CapturedEvent, _ place: String) {
        let place = Comment(rawValue: place)
        let isTransactionTopic = ours.topic == "src.transaction"
        #expect(ours.operation == theirs.operation, place)
        #expect((ours.value == nil) == (theirs.value == nil), place)
        if !isTransactionTopic {
            #expect(ours.keyFields == theirs.keyFields, place)
            // The very bytes, since they decide the partition; but for floating-point keys, where Java writes -0.0.
            if let key = theirs.key, !key.contains("\"payload\""), ours.topic != "src.public.k_double" {
                #expect(ours.key == key, place)
            }
        }
        #expect(ours.headers.map(\.0) == theirs.headers.map(\.0), place)
        #expect(ours.headers.map(\.1) == theirs.headers.map(\.1), place)
        for image in ["before", "after"] {
            let (own, other) = (ours.image(image), theirs.image(image))
            #expect((own == nil) == (other == nil), place)
            for (column, value) in other ?? [:] {
                let name = "\(ours.topic).\(column)"
                if Deviation.isKnown(name, image, own?[column], theirs) { continue }
                #expect(own?[column] as? NSObject == value as? NSObject, "\(place) \(image).\(column)")
            }
        }
        for field in ["origin", "origin_lsn"] {
            #expect(ours.source[field] as? NSObject == theirs.source[field] as? NSObject, place)
        }
        for field in ["status", "event_count", "data_collections", "message"] {
            #expect(ours.envelope[field] as? NSObject == theirs.envelope[field] as? NSObject, place)
        }
        let (own, other) = (
            ours.envelope["transaction"] as? [String: Any], theirs.envelope["transaction"] as? [String: Any]
        )
        #expect((own == nil) == (other == nil), place)
        for field in ["total_order", "data_collection_order"] {
            #expect(own?[field] as? Int == other?[field] as? Int, place)
        }
        #expect(!ours.isFromSnapshot && !theirs.isFromSnapshot, place)
        for field in ["schema", "table", "connector", "name"] {
            #expect(ours.source[field] as? String == theirs.source[field] as? String, place)
        }
    }
}
