internal import Model
internal import RDKafka

/// Finds the bytes of events that a lane has taken and not yet committed. Looked at only when an event is set aside.
struct MessageSource {
    private let cursors: [MessageCursor]

    init(_ cursors: [MessageCursor]) { self.cursors = cursors }

    /// The key and value of an event; nil when it is not held.
    func bytes(_ partition: Model.TopicPartition, offset: Int64) -> (key: [UInt8]?, value: [UInt8]?)? {
        for cursor in cursors {
            for index in 0..<cursor.messages.count {
                let found = cursor.messages.withMessage(at: index) { message -> (key: [UInt8]?, value: [UInt8]?)? in
                    guard message.offset == offset, message.partition == partition.partition,
                        message.topic == partition.topic
                    else { return nil }
                    return (message.key.map(Array.init), message.value.map(Array.init))
                }
                if let found { return found }
            }
        }
        return nil
    }
}
