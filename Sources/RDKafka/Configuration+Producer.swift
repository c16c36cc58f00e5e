extension Configuration {
    /// These properties without those that are for consumers: a playbook's are one list for all clients, and librdkafka
    /// complains of each that a producer has no use for.
    public func withoutConsumerProperties() -> Configuration {
        Configuration(properties.filter { name, _ in !Self.ofConsumers.contains { name.hasPrefix($0) } })
    }

    private static let ofConsumers = [
        "fetch.", "group.", "auto.", "enable.auto.", "max.poll.", "session.timeout.ms", "heartbeat.interval.ms",
        "queued.", "isolation.level", "partition.assignment.strategy", "check.crcs", "allow.auto.create.topics",
        "enable.partition.eof", "max.partition.fetch.bytes", "coordinator.query.interval.ms",
    ]
}
