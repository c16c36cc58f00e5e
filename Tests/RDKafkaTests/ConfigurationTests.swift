import RDKafka
import Testing

@Suite struct ConfigurationTests {
    @Test func anUnknownPropertyIsNamed() {
        let error = #expect(throws: KafkaError.self) { try Configuration(["no.such.thing": "1"]).validate() }
        #expect(error?.message.contains("no.such.thing") == true)
        #expect(error?.code == .invalidArgument && error?.isRetriable == false)
    }

    @Test func anImpossibleValueIsNamed() {
        let error = #expect(throws: KafkaError.self) {
            _ = try Producer(Configuration(["compression.codec": "rar"]))
        }
        #expect(error?.message.contains("compression.codec") == true)
    }

    @Test func whatDoesNotFitTogetherIsRefused() {
        let error = #expect(throws: KafkaError.self) {
            _ = try Producer(Configuration(["enable.idempotence": "true", "acks": "1"]))
        }
        #expect(error?.message.contains("acks") == true)
    }

    @Test func securityPropertiesPassThrough() throws {
        try Configuration([
            "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-256", "sasl.username": "u",
            "sasl.password": "secret", "ssl.ca.location": "/nowhere",
        ]).validate()
    }

    @Test func theDescriptionHasNoValues() {
        let text = String(describing: Configuration(["sasl.password": "hunter2"]))
        #expect(text.contains("sasl.password") && !text.contains("hunter2"))
    }

    @Test func memoryIsSharedOutToTheLanes() throws {
        let configuration = Configuration.groupConsumer(bootstrapServers: "b:1", group: "g", lanes: 4, memory: 64 << 20)
        #expect(configuration["queued.max.messages.kbytes"] == "16384")
        #expect(configuration["auto.offset.reset"] == "error")
        #expect(configuration.overridden(by: ["fetch.wait.max.ms": "5"])["fetch.wait.max.ms"] == "5")
        #expect(configuration.withDefaults(["fetch.wait.max.ms": "5"])["fetch.wait.max.ms"] == "20")
        try configuration.validate()
    }

    @Test func whatExactlyOnceNeedsCannotBeChanged() {
        let configuration = Configuration.groupConsumer(
            bootstrapServers: "b:1", group: "g",
            properties: ["auto.offset.reset": "latest", "enable.auto.commit": "true", "fetch.wait.max.ms": "5"])
        #expect(configuration["auto.offset.reset"] == "error")
        #expect(configuration["enable.auto.commit"] == "false")
        #expect(configuration["fetch.wait.max.ms"] == "5")
    }

    @Test func propertiesOfThisLibraryAreKnown() {
        #expect(Configuration.isKnown("fetch.wait.max.ms") && !Configuration.isKnown("fetch.no.such"))
    }
}
