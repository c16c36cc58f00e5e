import RDKafka
import Testing

@Suite struct BrokerOutagesTests {
    private let start = ContinuousClock.now
    private var outages = BrokerOutages()

    private mutating func at(_ seconds: Int, _ entries: String...) -> [BrokerOutages.News] {
        outages.note(
            statistics: #"{"name":"x","brokers":{\#(entries.joined(separator: ","))},"topics":{}}"#,
            at: start + .seconds(seconds))
    }

    private func entry(
        _ state: String, _ connects: Int, name: String = "bootstrap", at address: String = "k:9092"
    ) -> String {
        #""\#(name)":{"name":"\#(name)","nodename":"\#(address)","state":"\#(state)","connects":\#(connects),"tx":0}"#
    }

    @Test mutating func brokerThatStaysAwayIsToldWithItsErrorThenReminded() {
        outages.note(KafkaError(code: .transport, message: "k:9092/bootstrap: connection refused"))
        outages.note(KafkaError(code: .allBrokersDown, message: "1/1 brokers are down"))
        #expect(at(2, entry("TRY_CONNECT", 3)) == [])
        #expect(at(4, entry("DOWN", 4)) == [])
        #expect(
            at(6, entry("TRY_CONNECT", 5)) == [
                .away("k:9092", reason: "k:9092/bootstrap: connection refused", for: .seconds(4))
            ])
        #expect(at(8, entry("TRY_CONNECT", 6)) == [])
        var told: [Int] = []
        for second in stride(from: 10, through: 2000, by: 2)
        where !at(second, entry("TRY_CONNECT", second)).isEmpty { told.append(second) }
        #expect(told == [36, 96, 216, 456, 936, 1536])
        #expect(at(2002, entry("UP", 2001)) == [.back("k:9092", after: .seconds(2000))])
        #expect(at(2004, entry("UP", 2001)) == [])
    }

    @Test mutating func momentIsNotTold() {
        #expect(at(2, entry("UP", 1)) == [])
        #expect(at(4, entry("TRY_CONNECT", 3)) == [])
        #expect(at(6, entry("UP", 4)) == [])
        #expect(at(8, entry("UP", 4)) == [])
    }

    @Test mutating func brokerThatNobodyNeedsIsNotAway() {
        #expect(at(2, entry("UP", 1), entry("TRY_CONNECT", 1, name: "spare", at: "spare:9092")) == [])
        // Closed by the broker for being idle.
        for second in stride(from: 4, through: 60, by: 2) {
            #expect(at(second, entry("DOWN", 1), entry("TRY_CONNECT", 1, name: "spare", at: "spare:9092")) == [])
        }
    }

    @Test mutating func attemptThatHangsIsTold() {
        #expect(at(2, entry("CONNECT", 1)) == [])
        #expect(at(6, entry("CONNECT", 1)) == [.away("k:9092", reason: nil, for: .seconds(4))])
    }

    @Test mutating func connectionsToOneAddressAreOneBroker() {
        for second in [2, 4, 6, 8] {
            #expect(
                at(
                    second, entry("UP", 1, name: "k:9092/1"), entry("TRY_CONNECT", second, name: "GroupCoordinator"),
                    entry("INIT", 0, name: "unknown", at: ":0"), entry("INIT", 0, name: "none", at: "")) == [])
        }
        #expect(at(10, entry("DOWN", 1, name: "k:9092/1"), entry("TRY_CONNECT", 20, name: "GroupCoordinator")) == [])
        #expect(
            at(14, entry("DOWN", 1, name: "k:9092/1"), entry("TRY_CONNECT", 22, name: "GroupCoordinator"))
                == [.away("k:9092", reason: nil, for: .seconds(4))])
    }

    @Test mutating func textThatIsNoStatisticsIsPassedOver() {
        #expect(outages.note(statistics: "{", at: start) == [])
    }
}
