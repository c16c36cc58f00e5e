import CRDKafka

extension Consumer {
    /// Whether a full queue must be looked at again by `lookAgain`, because this librdkafka has no property for it.
    public static let forgetsFullQueues = !Configuration.isKnown(Configuration.queueBackoff)

    /// Makes the thread that fetches from the partition's leader look now whether its queues have room again.
    ///
    /// Before version 2.2 librdkafka stops fetching when a queue is full, and looks again when the thread next wakes, up to
    /// a second later: a reader that empties queues faster than that waits most of its time (it was seen to wait 60 % of
    /// it). Any request to that broker wakes the thread, and asking for a watermark is the cheapest. Whether it succeeds
    /// does not matter; it takes `timeout` at most.
    public func lookAgain(_ topic: String, _ partition: Int32, timeout: Duration) {
        guard Self.forgetsFullQueues else { return }
        _ = try? client.watermarks(topic, partition, timeout: timeout)
    }
}
