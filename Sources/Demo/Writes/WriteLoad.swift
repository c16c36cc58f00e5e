import Foundation
package import LibPQ
import Synchronization

/// People using a system while it is moved: several connections that write at a steady rate, each on its own thread.
package final class WriteLoad: Sendable {
    /// What the writers have done.
    package struct Tally: Sendable {
        package var committed = 0
        /// Refused by the server itself: deadlocks, rows that somebody else has just deleted. They leave rolled-back work in
        /// the log, as in life.
        package var refused = 0

        package static func + (left: Tally, right: Tally) -> Tally {
            Tally(committed: left.committed + right.committed, refused: left.refused + right.refused)
        }
    }

    private struct State {
        var tally = Tally()
        var running = 0
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let database: ConnectionString
    private let reconnects: Bool
    private let action: @Sendable () -> String
    private let stopping = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the writers.
    ///
    /// - Parameters:
    ///   - reconnects: whether a writer whose connection is lost opens another, as an application would; without it that is
    ///     a failure.
    ///   - action: makes the SQL of one transaction.
    package init(
        _ database: ConnectionString, writers: Int, transactionsPerSecond: Int, reconnects: Bool = false,
        action: @escaping @Sendable () -> String
    ) throws {
        self.database = database
        self.reconnects = reconnects
        self.action = action
        let pause = Double(writers) / Double(max(transactionsPerSecond, 1))
        for number in 0..<writers {
            let connection = try Connection(database, applicationName: "writer-\(number)")
            state.withLock { $0.running += 1 }
            // The connection is handed over to the thread and used by nobody else.
            nonisolated(unsafe) let own = connection
            let thread = Thread { [self] in write(own, every: pause) }
            thread.name = "writer-\(number)"
            thread.start()
        }
    }

    /// What was done so far.
    var tally: Tally { state.withLock { $0.tally } }

    /// Ends the writers and waits for their last commits.
    ///
    /// - Throws: what ended one of them before.
    package func stop() throws -> Tally {
        stopping.store(true, ordering: .sequentiallyConsistent)
        for _ in 0..<state.withLock({ $0.running }) { ended.wait() }
        return try state.withLock { state in
            state.running = 0
            if let failure = state.failure { throw failure }
            return state.tally
        }
    }

    private func write(_ first: Connection, every pause: Double) {
        defer { ended.signal() }
        var connection = first
        var next = Date()
        while !stopping.load(ordering: .sequentiallyConsistent) {
            do {
                try connection.execute(action())
                state.withLock { $0.tally.committed += 1 }
            } catch let error where error.sqlState?.classCode == "40" || error.sqlState?.classCode == "23" {
                state.withLock { $0.tally.refused += 1 }
            } catch let error where reconnects && error.isRetriable {
                // Tried again at the next turn.
                if let fresh = try? Connection(database, applicationName: "writer") { connection = fresh }
            } catch {
                state.withLock { $0.failure = error }
                return
            }
            next += pause
            let left = next.timeIntervalSinceNow
            if left > 0 { Thread.sleep(forTimeInterval: left) } else if left < -1 { next = Date() }
        }
    }
}
