import Foundation
import Ledger
import LibPQ
import Logging
import Model
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import Throttling

/// C13: what nobody consumes fills the source's disk.
@Suite(.serialized) struct SlotTests {
    private let start = ContinuousClock.now

    private static func reading(_ retained: Int?, active: Bool = false, left: Int? = nil, kept: Int? = nil)
        -> SlotReading
    {
        SlotReading(slot: "s", isActive: active, retainedBytes: retained, bytesLeft: left, keptAtMost: kept)
    }

    @Test func theServersOwnLimitCountsByHalf() {
        #expect(Self.reading(0).limit(1000) == 1000)
        #expect(Self.reading(0, kept: 5000).limit(1000) == 1000)
        #expect(Self.reading(0, kept: 1000).limit(1000) == 500)
    }

    @Test func anAlertSaysWhatToDo() {
        #expect(Self.reading(999).alert(over: 1000) == nil)
        let idle = Self.reading(3 << 20, left: 1 << 20).alert(over: 1_048_576)
        #expect(idle?.contains("3 MB of log for slot s, over the limit of 1 MB") == true)
        #expect(idle?.contains("loses it when another 1 MB are written") == true)
        #expect(idle?.contains("start the capture or connector, or drop the slot") == true)
        #expect(Self.reading(3 << 20, active: true).alert(over: 1)?.contains("its reader is behind") == true)
        #expect(Self.reading(nil).alert(over: 1)?.contains("is lost") == true)
    }

    @Test func eachCrossingIsToldOnce() {
        var alarm = SlotAlarm(limit: 1000)
        #expect(alarm.take(Self.reading(900)) == nil)
        guard case .raised = alarm.take(Self.reading(1000)) else { return #expect(Bool(false), "not raised") }
        #expect(alarm.take(Self.reading(2000)) == nil)
        #expect(alarm.take(Self.reading(900)) == nil)
        #expect(alarm.take(Self.reading(1100)) == nil)
        #expect(alarm.take(Self.reading(600)) == .over)
        #expect(alarm.take(Self.reading(600)) == nil)
        guard case .raised = alarm.take(Self.reading(nil)) else { return #expect(Bool(false), "not raised") }
    }

    /// Runs `body` with a server of its own, which keeps 64 MB for a slot, and a slot of it.
    private func withSlot(_ body: (PostgresCluster, Connection, Connection) throws -> Void) throws {
        var configuration = PostgresCluster.Configuration()
        configuration.settings = [
            "max_slot_wal_keep_size": "64MB", "min_wal_size": "32MB", "max_wal_size": "64MB", "autovacuum": "off",
        ]
        let cluster = try PostgresCluster(configuration)
        defer { cluster.destroy() }
        try cluster.createDatabase("shop")
        try cluster.createDatabase("crm")
        let source = try Connection(cluster.connectionString(database: "shop"), applicationName: "test")
        try source.query("SELECT pg_create_logical_replication_slot('idle', 'test_decoding')")
        let target = try Connection(cluster.connectionString(database: "crm"), applicationName: "test")
        try Migrations().apply(on: target)
        try body(cluster, source, target)
    }

    private func write(_ megabytes: Int, on source: Connection) throws {
        for _ in 0..<megabytes {
            try source.query("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1048576))")
        }
    }

    private struct Lines: LogHandler {
        static let all = Mutex<[String]>([])
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { Lines.all.withLock { $0.append("\(event.level) \(event.message)") } }
    }

    @Test("C13: log kept for an idle slot is measured, alerted and holds loads back until it is consumed")
    func retainedLogIsAMetricAnAlertAndAThrottle() throws {
        try withSlot { cluster, source, _ in
            var options = ThrottleOptions(
                ThrottleLimits(), target: try cluster.connectionString(database: "crm"),
                source: try cluster.connectionString(database: "shop"), wave: "all", name: "test")
            options.slots = ["missing", "idle"]
            let rounds = ThrottleRounds(options)
            func decide(_ second: Int) -> ThrottleState { rounds.run(at: start.advanced(by: .seconds(second))) }
            #expect(decide(0) == .full)

            try write(40, on: source)
            let reading = try #require(try SlotReading.find(options.slots, on: source))
            #expect(reading.slot == "idle" && !reading.isActive && reading.keptAtMost == 64 << 20)
            #expect((33 << 20...64 << 20).contains(reading.retainedBytes ?? 0), "\(reading)")
            // Of the server's 64 MB, half is the limit.
            let throttled = decide(1)
            #expect(throttled.share == 0.5 && throttled.factor == .slotRetained)
            #expect(throttled.reason?.contains("over its limit of 32 MB") == true, "\(throttled)")
            var last = throttled
            for second in 2...5 { last = decide(second) }
            #expect(last.share == 0)

            let watch = SlotWatch(
                try cluster.connectionString(database: "shop"), slots: ["idle"], limit: 1e12,
                logger: Logger(label: "test") { _ in Lines() })
            try watch.watching {
                try waitUntil("the alert is logged") { Lines.all.withLock { !$0.isEmpty } }
            }
            let lines = Lines.all.withLock { $0 }
            #expect(lines.count == 1 && lines[0].hasPrefix("warning the server keeps "), "\(lines)")

            // Somebody consumes it.
            try source.query("SELECT count(*) FROM pg_logical_slot_get_changes('idle', NULL, NULL)")
            try source.execute("CHECKPOINT")
            try waitUntil("the slot lets go") {
                try source.query("SELECT pg_replication_slot_advance('idle', pg_current_wal_lsn())")
                return try SlotReading.find(["idle"], on: source)?.alert(over: 1e12) == nil
            }
            for second in 6...30 { last = decide(second) }
            #expect(last == .full)
        }
    }

    @Test func aSlotThatIsGoneOrHasLostItsLogIsAFailedProbe() throws {
        try withSlot { cluster, source, _ in
            let session = WatchSession(try cluster.connectionString(database: "shop"))
            #expect(throws: ProbeError.self) { try SlotProbe(session, slots: ["other"], limit: 1).read(at: start) }
            try write(80, on: source)
            try waitUntil("the server gives the slot up", within: .seconds(60)) {
                try source.execute("SELECT pg_switch_wal(); CHECKPOINT")
                return try SlotReading.find(["idle"], on: source)?.retainedBytes == nil
            }
            let error = #expect(throws: ProbeError.self) {
                try SlotProbe(session, slots: ["idle"], limit: 1).read(at: start)
            }
            #expect(error?.description == "slot idle has lost the log that it needs")
        }
    }
}
