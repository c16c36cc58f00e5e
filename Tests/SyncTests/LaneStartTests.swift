import Foundation
import Ledger
import LibPQ
import Logging
import Playbook
import Sandbox
import Sync
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct LaneStartTests {
    @Test func aLaneThatDoesNotStartEndsTheServiceWithItsError() throws {
        let table = "CREATE TABLE a (id bigint PRIMARY KEY)"
        let tables = "\(table); CREATE SCHEMA x; CREATE TABLE x.a (id bigint PRIMARY KEY)"
        try withSync { source, target, broker in
            try source.connect().execute(tables)
            let session = try target.connect()
            try session.execute(tables)
            // Compiled without the check, which refuses two tables that have one topic.
            let text = """
                playbook: test
                source: { postgres: "\(source.dataSourceName)" }
                target: { postgres: "\(target.dataSourceName)" }
                kafka: { brokers: [ "\(broker.bootstrapServers)" ], topics: "t.{table}" }
                entities:
                  a: { from: public.a, into: public.a, fields: same }
                  x: { from: x.a, into: x.a, fields: same }
                """
            let playbook = try CompiledPlaybook.compile(
                try Playbook(parsing: text, file: "test.yaml"), source: try source.connect(), target: session)
            try Migrations().apply(on: session)
            _ = try Entities(on: session).register(playbook.entities.map(\.name))
            try broker.createTopic("t.a", partitions: 2)
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let service = SyncService(
                playbook,
                options: SyncOptions(
                    target: try target.connectionString, source: nil, kafka: try playbook.kafka.resolvedProperties(),
                    group: "test", lanes: 2, owner: "test"), logger: logger)
            let outcome = Mutex<(any Error)?>(nil)
            let ended = DispatchSemaphore(value: 0)
            Thread {
                do { try service.run() } catch { outcome.withLock { $0 = error } }
                ended.signal()
            }.start()
            #expect(ended.wait(timeout: .now() + .seconds(30)) == .success)
            #expect((outcome.withLock { $0 } as? SyncError)?.code == .routing)
        }
    }
}
