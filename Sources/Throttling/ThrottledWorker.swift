import Foundation

/// One of the workers that a monitor holds back, with what it has done last.
public struct ThrottledWorker {
    private let monitor: ThrottleMonitor?
    private let number: Int
    private let count: Int
    private var worked = (took: Duration.zero, ended: ContinuousClock.now)

    /// - Parameters:
    ///   - monitor: nil for a worker that nothing holds back.
    ///   - number: from 0. The ones behind are held back first.
    public init(_ monitor: ThrottleMonitor?, number: Int, of count: Int) {
        self.monitor = monitor
        self.number = number
        self.count = count
    }

    /// Blocks until the next piece of work may begin, or until it is to stop. Nothing may be held meanwhile.
    public func wait(shouldStop: () -> Bool) {
        guard let monitor else { return }
        while !shouldStop(), !monitor.admits(worker: number, of: count, worked: worked, at: .now) {
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// Does a piece of work, which is to be short: nothing holds it back while it is under way.
    public mutating func work<Outcome>(_ body: () throws -> Outcome) rethrows -> Outcome {
        let begun = ContinuousClock.now
        defer { worked = (begun.duration(to: .now), .now) }
        return try body()
    }
}
