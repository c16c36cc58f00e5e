/// What `Consumer.poll` found.
public enum ConsumerEvent: Sendable {
    /// The group gives these partitions to this member: call `accept` with the places to start from.
    case assign([TopicPartition])
    /// The group takes these partitions away: let the lanes finish, then call `release`. When `lost`, another member may
    /// already have them, and nothing can be committed any more.
    case revoke([TopicPartition], lost: Bool)
    /// An error of the client as a whole; a fatal one means that the consumer has to be made anew.
    case error(KafkaError)
    /// librdkafka's statistics, as JSON.
    case statistics(String)
    /// A message, or a partition's error, of a partition that is not forwarded to a queue.
    case message(ReceivedMessage)
}
