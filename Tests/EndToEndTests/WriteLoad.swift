import Foundation
import LibPQ
import Synchronization
import TestSupport

/// Several connections that write to a site's source until they are stopped.
final class WriteLoad: Sendable {
    /// What was written.
    struct Tally {
        var transactions = 0
        var refused = 0
    }

    private let stopping = Atomic<Bool>(false)
    private let ended = DispatchGroup()
    private let tally = Mutex(Tally())
    private let failure = Mutex<(any Error)?>(nil)

    /// Starts.
    ///
    /// - Parameter pause: what a writer rests between two transactions; the load is to be steady, not as fast as can be.
    init(_ site: Site, writers: Int, seed: UInt64, pause: Double = 0.012) throws {
        for writer in 0..<writers {
            nonisolated(unsafe) let connection = try site.connect(site.source)
            ended.enter()
            Thread { [self] in
                defer { ended.leave() }
                var generator = SeededGenerator(seed: seed &+ UInt64(writer))
                while !stopping.load(ordering: .sequentiallyConsistent) {
                    do {
                        try write(connection, &generator)
                    } catch {
                        failure.withLock { $0 = error }
                        return
                    }
                    Thread.sleep(forTimeInterval: pause)
                }
            }.start()
        }
    }

    deinit { stopping.store(true, ordering: .sequentiallyConsistent) }

    /// Ends the writers and waits for them.
    ///
    /// - Throws: what kept one from going on.
    @discardableResult
    func stop() throws -> Tally {
        stopping.store(true, ordering: .sequentiallyConsistent)
        ended.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
        return tally.withLock { $0 }
    }

    private func write(_ connection: Connection, _ generator: inout SeededGenerator) throws {
        let action = WriteAction.random(using: &generator)
        do {
            try action.run(on: connection, &generator)
            tally.withLock { $0.transactions += 1 }
        } catch let error as PostgresError where Self.isCollision(error) {
            // Two writers met: a deadlock, a key that is taken, a parent that has gone.
            if connection.transactionStatus != .idle { try connection.execute("ROLLBACK") }
            tally.withLock { $0.refused += 1 }
        }
    }

    private static func isCollision(_ error: PostgresError) -> Bool {
        error.isRetriable || error.sqlState?.classCode == "23"
    }
}
