import LibPQ
import Playbook
import TestSupport
import Testing

@testable import Demo

@Suite struct DemoPlaybookTests {
    @Test func itsPlaybookFitsItsDatabases() throws {
        try withDatabases { sourceDatabase, targetDatabase in
            let source = try sourceDatabase.connect()
            let target = try targetDatabase.connect()
            try source.execute(DemoText.sourceSchema.text)
            try target.execute(DemoText.targetSchema.text)
            let text = DemoText.playbook.filled(["broker": "127.0.0.1:9092", "pilot": "20"])
            let playbook = try Playbook(parsing: text, file: "playbook.yaml")
            #expect(playbook.findings.isEmpty)
            let compiled = try CompiledPlaybook.compile(playbook, source: source, target: target)
            #expect(compiled.entities.count == ComparedTable.all.count)
            for entity in compiled.playbook.entities {
                #expect(DemoServers.topicPartitions[compiled.kafka.topic(of: entity.from.value)] != nil)
            }
        }
    }
}
