import Foundation
import RDKafka
import Synchronization
import Testing

@Suite struct MessageQueueTests {
    @Test func aPartialBatchDoesNotWaitForTheTimeout() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try producer(cluster)
        for number in 0..<3 { try producer.send("t", value: "\(number)") }
        try producer.flush(timeout: .seconds(10))
        let consumer = try consumer(cluster)
        let queue = consumer.makeQueue()
        try consumer.forward("t", 0, to: queue)
        try consumer.assign([TopicPartitionOffset("t", 0, 0)])
        let clock = ContinuousClock()
        let took = try clock.measure {
            let batch = try queue.consumeBatch(max: 1000, timeout: .seconds(30))
            let count = batch.count
            #expect(count > 0)
        }
        #expect(took < .seconds(15))
    }

    @Test func anEmptyQueueTimesOut() throws {
        let cluster = try MockCluster()
        let queue = try consumer(cluster).makeQueue()
        let batch = try queue.consumeBatch(max: 5, timeout: .milliseconds(30))
        let count = batch.count
        #expect(count == 0 && queue.count == 0)
    }

    @Test func wakeEndsTheWaitOfAReaderNowOrLater() throws {
        let cluster = try MockCluster()
        let queue = try consumer(cluster).makeQueue()
        queue.wake()
        let clock = ContinuousClock()
        let early = try clock.measure { _ = try queue.consumeBatch(max: 5, timeout: .seconds(30)).count }
        #expect(early < .seconds(10))

        let done = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            started.signal()
            _ = try? queue.consumeBatch(max: 5, timeout: .seconds(30)).count
            done.signal()
        }
        started.wait()
        queue.wake()
        #expect(done.wait(timeout: .now() + 10) == .success)
        // The wake is used up.
        let late = try clock.measure { _ = try queue.consumeBatch(max: 5, timeout: .milliseconds(50)).count }
        #expect(late >= .milliseconds(40))
    }

    @Test func aBatchOutlivesItsConsumer() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try producer(cluster)
        try producer.send("t", value: "still here")
        try producer.flush(timeout: .seconds(10))
        func lastBatch() throws -> MessageBatch {
            let consumer = try consumer(cluster)
            let queue = consumer.makeQueue()
            try consumer.forward("t", 0, to: queue)
            try consumer.assign([TopicPartitionOffset("t", 0, 0)])
            return try queue.consumeBatch(max: 10, timeout: .seconds(20))
        }
        let batch = try lastBatch()
        let count = batch.count
        try #require(count == 1)
        batch.withMessage(at: 0) { message in
            #expect(message.value.map { String(decoding: $0, as: UTF8.self) } == "still here")
        }
    }
}
