import Baseline
import Foundation
import LibPQ
import Model
import Playbook
import Sandbox
import TestSupport
import Testing

/// B4: a standby may show less than the stream has brought.
@Suite(.serialized) struct StandbyTests {
    @Test func b4AStandbyIsRefusedByCheckAndByLoad() throws {
        let cluster = try PostgresCluster()
        defer { cluster.destroy() }
        try cluster.createDatabase("shop")
        let table = "CREATE TABLE t (id int PRIMARY KEY)"
        try withDatabase { target in
            let fixture = try BaselineFixture(
                TestDatabase(cluster: cluster, name: "shop"), target, tables: table, targetTables: table,
                entities: WaveLoadTests.plain, waves: "{ all: { t: all } }")
            cluster.stop()
            try Data().write(to: URL(fileURLWithPath: "\(cluster.folder)/data/standby.signal"))
            try cluster.start()
            let check = try PlaybookCheck(
                fixture.playbook.playbook, source: try fixture.source.connect(), target: try target.connect())
            let finding = check.findings.first { $0.severity == .error }
            #expect(finding?.rule == .serverSetting, "\(check.findings)")
            #expect(finding?.message.contains("standby") == true)
            let error = #expect(throws: BaselineError.self) { try fixture.load("all") }
            #expect(error?.code == .source && error?.message.contains("standby") == true)
            let started = try BaselineFixture.rows(target, "SELECT count(*) FROM tidegate.scope")
            #expect(started == ["0"])
        }
    }
}
