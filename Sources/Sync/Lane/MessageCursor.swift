internal import RDKafka

/// A batch of messages and how far it has been taken.
final class MessageCursor {
    let messages: MessageBatch
    var next = 0
    var isExhausted: Bool { next >= messages.count }

    init(_ messages: consuming MessageBatch) { self.messages = messages }
}
