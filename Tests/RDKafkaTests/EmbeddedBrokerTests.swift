import Foundation
import RDKafka
import Sandbox
import TestSupport
import Testing

@Suite struct EmbeddedBrokerTests {
    @Test func aTopicIsThereAndEmpty() throws {
        try withBroker(topics: ["embedded-a": 6]) { broker in
            let admin = try Admin(Configuration(["bootstrap.servers": broker.bootstrapServers]))
            let topic = try admin.describeTopics(["embedded-a"], timeout: .seconds(10)).topics["embedded-a"]
            #expect(topic?.partitionCount == 6 && topic?.error == nil)
            let offsets = try admin.listOffsets([TopicPartition("embedded-a", 5)], at: .latest, timeout: .seconds(10))
            #expect(offsets.values.first == 0)
        }
    }

    @Test func itRunsAsAProcessAndEndsWithItsOwner() throws {
        let executable = try TidegateExecutable.path()
        let broker = try BrokerProcess(executable: executable, topics: [("p", 3)], external: nil)
        let admin = try Admin(Configuration(["bootstrap.servers": broker.bootstrapServers]))
        #expect(try admin.describeTopics(["p"], timeout: .seconds(10)).topics["p"]?.partitionCount == 3)
        let process = try #require(broker.processID)
        broker.stop()
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(process)"))
    }

    @Test func aProgramThatIsNoBrokerIsRefused() {
        #expect(throws: SandboxError.self) {
            _ = try BrokerProcess(executable: "/bin/true", topics: [], external: nil)
        }
    }
}
