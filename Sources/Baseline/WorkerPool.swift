import Foundation
import Ledger
import LibPQ
import Model
import Synchronization

/// The load threads of one process. Each takes chunks until none is left, together with those of other processes.
final class WorkerPool: Sendable {
    private let options: LoadOptions
    private let entities: [LoadingEntity]
    private let count: Int
    private let failure = Mutex<(any Error)?>(nil)
    private static let mostFailures = 8

    init(options: LoadOptions, entities: [LoadingEntity], count: Int) {
        self.options = options
        self.entities = entities
        self.count = count
    }

    /// Runs them until every chunk is merged.
    ///
    /// - Throws: the first error of a worker that is not worth another try; the others stop at their next chunk.
    func run() throws {
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            let thread = Thread { [self] in
                defer { group.leave() }
                do {
                    try work("tidegate load \(ProcessInfo.processInfo.processIdentifier)/\(number)")
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
            thread.name = "load-\(number)"
            thread.start()
        }
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private var shouldStop: Bool { options.shouldStop() || failure.withLock { $0 != nil } }

    /// One worker: opens its sessions again when they break, a growing while apart.
    private func work(_ name: String) throws {
        var failures = 0
        while true {
            do {
                let loader = try makeLoader(name)
                try loadAll(loader) { failures = 0 }
                return
            } catch let error as LedgerError where error.code == .chunkLost {
                continue
            } catch let error as PostgresError where error.isRetriable && failures < Self.mostFailures {
                failures += 1
                options.report(.waiting(for: "another try after: \(error)"))
                Thread.sleep(forTimeInterval: min(10, 0.1 * Double(1 << failures)))
                if shouldStop { throw error }
            }
        }
    }

    private func makeLoader(_ name: String) throws -> any ChunkSource {
        if let string = options.source, options.origin == .source {
            return try ChunkLoader(options, source: string, name: name)
        }
        return try FileLoader(options, name: name)
    }

    private func loadAll(_ loader: any ChunkSource, _ progressed: () -> Void) throws {
        var open = entities[...]
        while !open.isEmpty {
            var took = false
            for entity in open {
                while true {
                    if shouldStop { throw BaselineError(.stopped, "stopped; running the load again goes on from here") }
                    guard try loader.loadNext(entity) else { break }
                    took = true
                    progressed()
                }
                // With foreign keys in force the rows that others point at have to be there first.
                if !loader.isReplica, try !loader.isComplete(entity) { break }
            }
            while let first = open.first, try loader.isComplete(first) { open.removeFirst() }
            if !took, !open.isEmpty { try loader.waitABit() }
        }
    }
}
