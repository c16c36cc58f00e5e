extension Configuration {
    /// A group consumer whose prefetched messages stay within about `memory` bytes, whatever the backlog.
    ///
    /// How librdkafka bounds it, and what follows:
    /// - `queued.max.messages.kbytes` (default 64 MiB) is compared with the length of the queue that a partition is forwarded
    ///   to, so it is a limit *per lane queue*: it gets `memory / lanes`.
    /// - A queue below its limit may be overshot by what one fetch brings: `fetch.message.max.bytes` for each partition,
    ///   `fetch.max.bytes` for a response in all. Both count compressed bytes, and JSON expands 5 to 15 times; hence 8 MiB
    ///   in all rather than the default of 50 MiB. A larger single batch is still delivered.
    /// - `queued.min.messages` is how many messages librdkafka tries to keep ready per queue: two batches of 20,000.
    ///
    /// A batch that a lane holds is not counted, and keeps the decompressed producer batches it points into. Nor is what
    /// librdkafka needs per message: with messages of 800 bytes, full queues were seen to take twice `memory`.
    ///
    /// It also sets what exactly-once needs: no automatic commits or offset store, no jump on an expired offset.
    public static func groupConsumer(
        bootstrapServers: String, group: String, lanes: Int = 1, memory: Int = 32 << 20
    ) -> Configuration {
        let share = max(memory / max(lanes, 1) / 1024, 512)
        return Configuration([
            "bootstrap.servers": bootstrapServers,
            "group.id": group,
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "auto.offset.reset": "error",
            "queued.max.messages.kbytes": String(share),
            "queued.min.messages": "40000",
            "fetch.message.max.bytes": "1048576",
            "fetch.max.bytes": "8388608",
            "fetch.wait.max.ms": "20",
        ])
    }
}
