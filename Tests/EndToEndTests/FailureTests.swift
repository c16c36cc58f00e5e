import Foundation
import LibPQ
import RDKafka
import Sandbox
import TestSupport
import Testing

extension EndToEnd {
    /// What goes wrong is said clearly, loses nothing, and goes on when it is mended.
    struct FailureTests {
        @Test(.timeLimit(.minutes(2)))
        func malformedMessageIsSetAsideWithItsBytes() throws {
            try withTopics { site, broker, events in
                try site.makeLive()
                try events.insert(1...10)
                try events.send(key: #"{"id":11}"#, value: #"{"op":"c","after":{"id":11,"#)
                try events.send(key: nil, value: "\u{1}not json at all")
                try events.insert(12...20)
                let sync = try site.start("sync")
                try waitForAccounts(19, site, sync)
                try waitUntil("two events are set aside") {
                    try site.watch("SELECT count(*) FROM tidegate.quarantine") == "2"
                }
                #expect(
                    try site.watch(
                        """
                        SELECT count(*) FROM tidegate.quarantine WHERE reason = 'undecodable' AND state = 'parked'
                            AND event_value IN (convert_to('{"op":"c","after":{"id":11,', 'UTF8'), '\\x01' || 'not json at all'::bytea)
                        """) == "2")
                #expect(
                    try site.watch(
                        "SELECT bool_and(consumed = applied + superseded + skipped + quarantined) FROM tidegate.checkpoint"
                    ) == "t")
                try sync.checkRunning()
            }
        }

        @Test(.enabled(if: Broker.isMock, "needs the embedded broker"), .timeLimit(.minutes(2)))
        func unknownTopicIsNamedAndTheOthersFlow() throws {
            // The embedded broker would make a topic that is asked for, so it is told to deny this one.
            try withTopics { site, broker, events in
                broker.mock?.setTopicError("e2e.public.items", .unknownTopicOrPartition)
                try site.makeLive()
                try events.insert(1...10)
                let sync = try site.start("sync")
                try waitForAccounts(10, site, sync)
                try waitUntil("the log names the topic", state: { sync.logTail }) {
                    sync.log.contains("e2e.public.items")
                }
                // It is made after all: its events come too.
                broker.mock?.setTopicError("e2e.public.items", nil)
                try events.insertItem(account: 1, line: 1)
                try waitUntil("the item is there", state: { sync.logTail }) {
                    try sync.checkRunning()
                    return try site.watch("SELECT count(*) FROM items") == "1"
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func wrongPasswordIsSaidWithoutItAndTakenUpWhenMended() throws {
            try withPasswordCluster { cluster in
                try withTopics(target: cluster, targetUser: "mover:right-secret") { site, broker, events in
                    let admin = try site.connect(site.target)
                    try admin.execute("ALTER ROLE mover PASSWORD 'another-secret'")
                    let refused = try site.start("sync")
                    #expect(try refused.waitForExit() == 2)
                    #expect(refused.log.contains("28P01") || refused.log.contains("password authentication failed"))
                    #expect(!refused.log.contains("secret"))

                    try admin.execute("ALTER ROLE mover PASSWORD 'right-secret'")
                    try site.makeLive()
                    try events.insert(1...10)
                    let sync = try site.start("sync")
                    try waitForAccounts(10, site, sync)
                    // And while it runs: its sessions end, and it cannot come back until the password is right again.
                    try admin.execute(
                        """
                        ALTER ROLE mover PASSWORD 'another-secret';
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mover'
                        """)
                    try events.insert(11...20)
                    try waitUntil("the log says why", state: { sync.logTail }) {
                        try sync.checkRunning()
                        return sync.log.contains("password authentication failed")
                    }
                    #expect(!sync.log.contains("secret"))
                    try admin.execute("ALTER ROLE mover PASSWORD 'right-secret'")
                    try waitForAccounts(20, site, sync)
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func missingTargetTableIsNamedAndTakenUpWhenMended() throws {
            try withTopics { site, broker, events in
                try site.makeLive()
                let admin = try site.connect(site.target)
                try admin.execute("ALTER TABLE accounts RENAME TO mislaid")
                let refused = try site.start("sync")
                #expect(try refused.waitForExit() == 2)
                #expect(refused.log.contains("public.accounts"), "\(refused.logTail)")
                try admin.execute("ALTER TABLE mislaid RENAME TO accounts")

                try events.insert(1...10)
                let sync = try site.start("sync")
                try waitForAccounts(10, site, sync)
                try admin.execute("ALTER TABLE accounts RENAME TO mislaid")
                try events.insert(11...20)
                try waitUntil("the log says why", state: { sync.logTail }) {
                    try sync.checkRunning()
                    return sync.log.contains("42P01")
                }
                try admin.execute("ALTER TABLE mislaid RENAME TO accounts")
                try waitForAccounts(20, site, sync)
                #expect(try site.watch("SELECT count(*) FROM tidegate.quarantine") == "0")
            }
        }

        @Test(.enabled(if: Broker.isMock, "needs the embedded broker"), .timeLimit(.minutes(2)))
        func a22BrokerThatIsAwayIsNamedAndTakenUpWhenItComes() throws {
            try withTopics { site, broker, events in
                try site.makeLive()
                try events.insert(1...10)
                try broker.mock?.setBroker(up: false)
                let sync = try site.start("sync")
                try waitForNews("broker cannot be reached", broker, sync)
                try broker.mock?.setBroker(up: true)
                try waitForAccounts(10, site, sync)
                try waitForNews("broker is back", broker, sync)
                // And once more while it runs: a moment is not worth a word, and nothing is lost.
                try broker.mock?.setBroker(up: false)
                try broker.mock?.setBroker(up: true)
                try events.insert(11...20)
                try waitForAccounts(20, site, sync)
                #expect(sync.log.components(separatedBy: "broker cannot be reached").count == 2)
            }
        }

        @Test(.enabled(if: Broker.isMock, "needs the embedded broker"), .timeLimit(.minutes(2)))
        func captureNamesTheBrokerThatIsAwayAndSendsEverythingLater() throws {
            try withTopics { site, broker, events in
                try site.makeLive()
                let source = try site.connect(site.source)
                let insert = "INSERT INTO accounts (id, region, balance) SELECT i, 'EU', 1 FROM generate_series"
                try broker.mock?.setBroker(up: false)
                let capture = try site.start("capture")
                try waitUntil("the capture streams", state: { capture.logTail }) {
                    try capture.checkRunning()
                    return try source.execute(
                        "SELECT count(confirmed_flush_lsn) FROM pg_replication_slots WHERE active"
                    ).scalar != "0"
                }
                try source.execute("\(insert)(1, 10) AS i")
                try waitForNews("Broker cannot be reached", broker, capture)
                try broker.mock?.setBroker(up: true)
                let sync = try site.start("sync")
                try waitForAccounts(10, site, sync)
                try waitForNews("Broker is back", broker, capture)
                // And again while it runs.
                try broker.mock?.setBroker(up: false)
                try source.execute("\(insert)(11, 20) AS i")
                try waitUntil("it is told once more", within: .seconds(20), state: { capture.logTail }) {
                    try capture.checkRunning()
                    return capture.log.components(separatedBy: "Broker cannot be reached").count == 3
                }
                try broker.mock?.setBroker(up: true)
                try waitForAccounts(20, site, sync)
                #expect(try capture.terminate() == 0)
            }
        }

        private func waitForNews(_ text: String, _ broker: EmbeddedBroker, _ run: TidegateRun) throws {
            try waitUntil("the log says: \(text)", within: .seconds(20), state: { run.logTail }) {
                try run.checkRunning()
                return run.log.split(separator: "\n").contains {
                    $0.contains(text) && $0.contains("kafka.broker=\(broker.bootstrapServers)")
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func a22TargetThatCrashesIsWaitedForAndTakenUp() throws {
            let cluster = try PostgresCluster()
            defer { cluster.destroy() }
            try cluster.createDatabase("target")
            try withTopics(target: TestDatabase(cluster: cluster, name: "target")) { site, broker, events in
                try site.makeLive()
                try events.insert(1...500)
                let sync = try site.start("sync")
                try waitForAccounts(500, site, sync)
                cluster.stop(.immediate)
                try events.insert(501...1000)
                try waitUntil("the log says why", state: { sync.logTail }) {
                    try sync.checkRunning()
                    return sync.log.contains("applying failed")
                }
                try cluster.start()
                try waitForAccounts(1000, site, sync)
                #expect(try site.watch("SELECT sum(consumed) FROM tidegate.checkpoint") == "1000")
                #expect(try sync.terminate() == 0)
            }
        }

        @Test(
            .enabled(if: SmallDisk.isPossible, "needs the right to mount a small file system"), .timeLimit(.minutes(2)))
        func a7FullDiskIsSaidAndTakenUpWhenThereIsRoom() throws {
            let disk = try SmallDisk(megabytes: 24)
            defer { disk.unmount() }
            let cluster = try PostgresCluster()
            defer { cluster.destroy() }
            try cluster.createDatabase("target")
            try withTopics(target: TestDatabase(cluster: cluster, name: "target")) { site, broker, events in
                let admin = try site.connect(site.target)
                try admin.execute("CREATE TABLESPACE small LOCATION '\(disk.path)'")
                try admin.execute("ALTER TABLE accounts SET TABLESPACE small")
                try site.makeLive()
                try disk.fill(leaving: 1)
                let sync = try site.start("sync")
                for first in stride(from: 1, through: 481, by: 20) {
                    try events.insert(first...first + 19, documentBytes: 12_000)
                }
                try waitUntil("the log says why", state: { sync.logTail }) {
                    try sync.checkRunning()
                    return sync.log.contains("53100")
                }
                #expect(try site.watch("SELECT count(*) FROM tidegate.quarantine") == "0")
                try disk.empty()
                try waitForAccounts(500, site, sync)
                #expect(try site.watch("SELECT count(*) FROM accounts WHERE length(document) = 12000") == "500")
                #expect(try site.watch("SELECT sum(consumed) FROM tidegate.checkpoint") == "500")
                #expect(try sync.terminate() == 0)
            }
        }

        private func waitForAccounts(_ count: Int, _ site: Site, _ sync: TidegateRun) throws {
            try waitUntil("\(count) accounts are there", within: .seconds(40), state: { sync.logTail }) {
                try sync.checkRunning()
                return try site.watch("SELECT count(*) FROM accounts") == String(count)
            }
        }
    }
}
