import CRDKafka
import Synchronization

/// A queue that partitions are forwarded to, and that one lane reads.
///
/// Reading is for one thread at a time; `wake` and `count` are for any.
@safe public final class MessageQueue: Sendable {
    private let client: ClientHandle
    nonisolated(unsafe) let pointer: OpaquePointer
    /// Says that a wake has not been seen yet; librdkafka's own flag is also cleared by a read that does not wait.
    private let woken = Atomic<Bool>(false)

    init(_ client: ClientHandle) {
        self.client = client
        unsafe pointer = rd_kafka_queue_new(client.pointer)
    }

    deinit { unsafe rd_kafka_queue_destroy(pointer) }

    /// Messages that are ready to be read.
    public var count: Int { unsafe rd_kafka_queue_length(pointer) }

    /// Waits up to `timeout` for a first message, then takes what is there, up to `max`, without waiting.
    ///
    /// With a `linger` it waits that long for more once the first has come. Returns an empty batch after the timeout or a
    /// `wake`. What has been revoked, paused or sought away from in the meantime does not come out any more.
    public func consumeBatch(max: Int, timeout: Duration, linger: Duration = .zero) throws(KafkaError) -> MessageBatch {
        precondition(max > 0, "a batch of at least one message")
        let messages = UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>.allocate(capacity: max)
        do throws(KafkaError) {
            var count = unsafe try read(messages, max, 0)
            if count == 0 && !woken.exchange(false, ordering: .sequentiallyConsistent) {
                count = unsafe try read(messages, 1, timeout.milliseconds)
            }
            if count > 0 && count < max {
                do throws(KafkaError) {
                    count += unsafe try read(messages + count, max - count, linger.milliseconds)
                } catch {
                    // What was read is valid; the error comes again with the next read.
                }
            }
            if count == 0 { woken.store(false, ordering: .sequentiallyConsistent) }
            return unsafe MessageBatch(client: client, messages: messages, count: count)
        } catch {
            unsafe messages.deallocate()
            throw error
        }
    }

    /// Makes the reader that waits now, or else the next one, return at once.
    public func wake() {
        woken.store(true, ordering: .sequentiallyConsistent)
        unsafe rd_kafka_queue_yield(pointer)
    }

    private func read(
        _ messages: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>, _ capacity: Int,
        _ milliseconds: Int32
    ) throws(KafkaError) -> Int {
        let count = unsafe rd_kafka_consume_batch_queue(pointer, milliseconds, messages, capacity)
        guard count >= 0 else { throw KafkaError(rd_kafka_last_error(), "reading a queue") }
        return count
    }
}
