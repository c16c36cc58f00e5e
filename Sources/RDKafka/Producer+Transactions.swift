import CRDKafka

/// Transactions; they need `transactional.id`. An error says by `isRetriable`, `requiresAbort` or `isFatal` what to do next.
extension Producer {
    /// Takes over the transactional id: fences older producers with it and ends their transactions.
    public func initTransactions(timeout: Duration) throws(KafkaError) {
        unsafe try KafkaError.check(
            unsafe rd_kafka_init_transactions(client.pointer, timeout.milliseconds), "starting transactions")
    }

    /// Begins a transaction: what is produced from here belongs to it.
    public func beginTransaction() throws(KafkaError) {
        unsafe try KafkaError.check(unsafe rd_kafka_begin_transaction(client.pointer), "beginning a transaction")
    }

    /// Adds a group's offsets to the transaction, for a loop that reads, changes and writes.
    public func sendOffsets(
        _ places: [TopicPartitionOffset], of consumer: Consumer, timeout: Duration
    ) throws(KafkaError) {
        guard let group = unsafe rd_kafka_consumer_group_metadata(consumer.client.pointer) else {
            throw KafkaError(code: .state, message: "sending offsets: the consumer is in no group")
        }
        defer { unsafe rd_kafka_consumer_group_metadata_destroy(group) }
        let list = TopicPartitionList(places)
        unsafe try KafkaError.check(
            unsafe rd_kafka_send_offsets_to_transaction(client.pointer, list.pointer, group, timeout.milliseconds),
            "sending offsets to the transaction")
    }

    /// Flushes and commits.
    public func commitTransaction(timeout: Duration) throws(KafkaError) {
        unsafe try KafkaError.check(
            unsafe rd_kafka_commit_transaction(client.pointer, timeout.milliseconds), "committing a transaction")
    }

    /// Drops what is queued and aborts.
    public func abortTransaction(timeout: Duration) throws(KafkaError) {
        unsafe try KafkaError.check(
            unsafe rd_kafka_abort_transaction(client.pointer, timeout.milliseconds), "aborting a transaction")
    }
}
