import Foundation
import LibPQ
import Synchronization

/// Changes one row of the source again and again, and sees how long each change takes to arrive in the target.
///
/// It measures what a user would: from the commit in the source to the row being visible in the target, whatever the way.
final class LagProbe: Sendable {
    private let samples = Mutex<[Duration]>([])
    private let failure = Mutex<(any Error)?>(nil)
    private let stopping = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    init(source: ConnectionString, target: ConnectionString) throws {
        nonisolated(unsafe) let ends = (
            try Connection(source, applicationName: "probe"), try Connection(target, applicationName: "probe")
        )
        Thread { [self] in measure(ends.0, ends.1) }.start()
    }

    /// Ends the probe. Returns the times that the changes took, sorted.
    func stop() throws -> [Duration] {
        stopping.store(true, ordering: .sequentiallyConsistent)
        ended.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
        return samples.withLock { $0.sorted() }
    }

    private func measure(_ source: Connection, _ target: Connection) {
        defer { ended.signal() }
        let clock = ContinuousClock()
        do {
            try target.prepare("see", "SELECT number FROM crm.probe WHERE id = 1")
            while !stopping.load(ordering: .sequentiallyConsistent) {
                let number = try source.execute(
                    "UPDATE shop.probe SET number = number + 1 WHERE id = 1 RETURNING number")
                let committed = clock.now
                let wanted = number.scalar.flatMap(Int.init) ?? 0
                // One that is still under way when the probe ends is waited for too: it counts.
                while true {
                    let seen = try target.executePrepared("see").scalar.flatMap(Int.init) ?? -1
                    if seen >= wanted { break }
                    if clock.now - committed > .seconds(60) {
                        throw DemoError("a change of shop.probe did not arrive within 60 seconds")
                    }
                    Thread.sleep(forTimeInterval: 0.001)
                }
                let took = clock.now - committed
                samples.withLock { $0.append(took) }
                Thread.sleep(forTimeInterval: 0.05)
            }
        } catch {
            failure.withLock { $0 = error }
        }
    }
}
