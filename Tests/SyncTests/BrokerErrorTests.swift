import Ledger
import LibPQ
import Model
import RDKafka
import Sandbox
import Sync
import TestSupport
import Testing

/// What brokers answer in bad moments: the service goes on, with every event accounted for once.
@Suite(.enabled(if: EmbeddedBroker.externalBootstrapServers == nil, "needs the embedded broker"))
struct BrokerErrorTests {
    private func withItems(
        properties: [String: String] = [:], _ body: (SyncFixture, MockCluster) throws -> Void
    ) throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: "CREATE TABLE item (id bigint PRIMARY KEY, n int)",
                entities: "  items: { from: public.item, into: public.item, key: [id], fields: same }",
                topics: ["item": 2], limits: "{ lanes: 1 }")
            sync.properties = properties
            try body(sync, try #require(broker.mock))
        }
    }

    private func write(_ ids: ClosedRange<Int>, _ sync: SyncFixture) throws {
        for id in ids {
            try sync.writer.write("c", "item", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"n":1}"#)
        }
        try sync.writer.flush()
    }

    private func waitForRows(_ count: Int, _ sync: SyncFixture) throws {
        try waitUntil("\(count) rows", within: .seconds(60), state: { "\((try? sync.sums()) ?? [])" }) {
            try sync.value("SELECT count(*) FROM item") == "\(count)"
        }
        #expect(try sync.sums() == [count, count, 0, 0, 0])
        #expect(try Status(on: sync.targetSession).stalls.filter { $0.state == "stopped" }.isEmpty)
    }

    private static let errors: [(MockCluster.Request, [KafkaError.Code])] = [
        (.heartbeat, [.notCoordinator, .coordinatorNotAvailable]), (.heartbeat, [.rebalanceInProgress]),
        (.heartbeat, [.unknownMember]), (.findCoordinator, [.coordinatorNotAvailable, .notCoordinator]),
        (.fetch, [.notLeader, .leaderNotAvailable, .requestTimedOut]), (.fetch, [.unknownTopicOrPartition]),
        (.fetch, [.offsetOutOfRange]), (.offsetCommit, [.notCoordinator, .requestTimedOut]),
        (.listOffsets, [.notLeader, .requestTimedOut]), (.metadata, [.requestTimedOut]),
    ]

    @Test("errors of the group's coordinator, of leaders and of offsets pass", arguments: errors)
    func errorsPass(_ request: MockCluster.Request, _ codes: [KafkaError.Code]) throws {
        try withItems(properties: ["heartbeat.interval.ms": "200", "session.timeout.ms": "6000"]) { sync, mock in
            try write(1...20, sync)
            try sync.running { _ in
                try waitForRows(20, sync)
                mock.pushRequestErrors(request, codes)
                try write(21...40, sync)
                try waitForRows(40, sync)
                mock.clearRequestErrors(request)
                try write(41...50, sync)
                try waitForRows(50, sync)
            }
        }
    }

    @Test("an event that is larger than what a fetch asks for is applied")
    func largeEvents() throws {
        try withItems { sync, _ in
            try sync.running { _ in
                try write(1...2, sync)
                try waitForRows(2, sync)
                // The embedded broker keeps it until the next event comes.
                let padding = String(repeating: "x", count: 4_000_000)
                try sync.writer.write(
                    "c", "item", key: #"{"id":3}"#, after: #"{"id":3,"n":1,"padding":"\#(padding)"}"#)
                try sync.writer.flush()
                try waitForRows(3, sync)
                try write(4...5, sync)
                try waitForRows(5, sync)
            }
        }
    }

    @Test("a broker that is away for longer than the group's session lasts is waited for; fences and sums hold")
    func brokerAwayForLongerThanASession() throws {
        // Longer than the embedded broker waits for the first members of a group: it would throw them out again.
        let quick = [
            "session.timeout.ms": "4000", "heartbeat.interval.ms": "200", "reconnect.backoff.max.ms": "500",
        ]
        try withItems(properties: quick) { sync, mock in
            try write(1...20, sync)
            try sync.running { _ in
                try waitForRows(20, sync)
                try mock.setBroker(up: false)
                // The session's end is what is waited for here: nobody tells of it.
                try sync.targetSession.execute("SELECT pg_sleep(6)")
                try mock.setBroker(up: true)
                try write(21...40, sync)
                try waitForRows(40, sync)
            }
        }
    }
}
