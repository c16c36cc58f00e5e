internal import Model
internal import RDKafka

/// Finds the bytes of events that a lane has taken and not yet committed. Looked at only when an event is set aside.
struct MessageSource {
    private let cursors: [MessageCursor]

    init(_ cursors: [MessageCursor]) { self.cursors = cursors }

    /// An event's message; nil when it is not held.
    func bytes(_ partition: Model.TopicPartition, offset: Int64) -> EventBytes? {
        for cursor in cursors {
            for index in 0..<cursor.messages.count {
                let found = cursor.messages.withMessage(at: index) { message -> EventBytes? in
                    guard message.offset == offset, message.partition == partition.partition,
                        message.topic == partition.topic
                    else { return nil }
                    return EventBytes(message)
                }
                if let found { return found }
            }
        }
        return nil
    }
}
