extension Configuration {
    /// A group consumer whose prefetched messages stay within about `memory` bytes, whatever the backlog.
    ///
    /// How librdkafka bounds it, and what follows:
    /// - `queued.max.messages.kbytes` (default 64 MiB) is compared with the length of the queue that a partition is forwarded
    ///   to, so it is a limit *per lane queue*: it gets `memory / lanes`. So is `queued.min.messages`, how many messages
    ///   librdkafka tries to keep ready.
    /// - A queue below its limit may be overshot by what one fetch brings: `fetch.message.max.bytes` for each partition,
    ///   `fetch.max.bytes` for a response in all. Both count compressed bytes, and JSON expands 5 to 15 times; hence 2 MiB
    ///   in all rather than the default of 50 MiB. A larger single batch is still delivered.
    ///
    /// A batch that a lane holds is not counted, and keeps the decompressed producer batches it points into. Nor is what
    /// librdkafka needs per message: with messages of 800 bytes, full queues were seen to take twice `memory`.
    ///
    /// It asks for the statistics that `BrokerOutages` reads.
    ///
    /// It also sets what exactly-once needs, which no property of the caller's can change: no automatic commits or offset
    /// store, no jump on an expired offset, and nothing of a
    /// transaction that is not committed.
    ///
    /// - Parameter properties: the caller's, which win over what is set here for speed and memory.
    public static func groupConsumer(
        bootstrapServers: String, group: String, lanes: Int = 1, memory: Int = 24 << 20,
        properties: [String: String] = [:]
    ) -> Configuration {
        let share = max(memory / max(lanes, 1) / 1024, 512)
        var configuration = Configuration([
            "bootstrap.servers": bootstrapServers,
            "group.id": group,
            "queued.max.messages.kbytes": String(share),
            "queued.min.messages": "20000",
            "fetch.message.max.bytes": "1048576",
            "fetch.max.bytes": "2097152",
            "fetch.wait.max.ms": "20",
            "statistics.interval.ms": String(BrokerOutages.interval.components.seconds * 1000),
        ])
        if isKnown(queueBackoff) { configuration[queueBackoff] = "10" }
        return configuration.overridden(by: properties).overridden(by: [
            "enable.auto.commit": "false", "enable.auto.offset.store": "false", "auto.offset.reset": "error",
            "isolation.level": "read_committed",
        ])
    }

    /// How long librdkafka waits before it looks again at a full queue; known from version 2.2 on.
    static let queueBackoff = "fetch.queue.backoff.ms"
}
