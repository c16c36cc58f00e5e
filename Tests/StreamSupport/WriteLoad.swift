import Foundation
public import LibPQ
import Model
import Synchronization

/// Random transactions on `t (id bigint, region text, version int, large text)`: inserts, updates that leave the large
/// column alone, changes of the region, deletes, key changes.
public final class WriteLoad: Sendable {
    private let stopping = Atomic<Bool>(false)
    private let ended = DispatchGroup()
    private let failure = Mutex<(any Error)?>(nil)
    private let count = Atomic<Int>(0)

    /// Starts `writers` threads.
    ///
    /// - Parameter key: SQL that makes a key of a number, given as `#`.
    public init(_ source: ConnectionString, writers: Int = 2, keys: Int, key: String = "#", seed: UInt64 = 1) {
        for writer in 0..<writers {
            ended.enter()
            let thread = Thread { [self] in
                defer { ended.leave() }
                do {
                    var random = Generator(state: seed &+ UInt64(writer) &* 7919)
                    let connection = try Connection(source, applicationName: "writer")
                    while !stopping.load(ordering: .relaxed) {
                        try transact(connection, &random, keys, key)
                        count.add(1, ordering: .relaxed)
                        Thread.sleep(forTimeInterval: 0.001)
                    }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
            thread.start()
        }
    }

    /// Transactions so far.
    public var transactions: Int { count.load(ordering: .relaxed) }

    /// Ends it.
    public func stop() throws {
        stopping.store(true, ordering: .relaxed)
        ended.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func transact(_ connection: Connection, _ random: inout Generator, _ keys: Int, _ key: String) throws {
        let parts = 1 + random.below(3)
        do {
            try connection.transaction {
                // One order of keys in all writers: no deadlocks.
                for number in (0..<parts).map({ _ in random.below(keys) }).sorted() {
                    try connection.execute(statement(number, &random, keys, key))
                }
            }
        } catch let error as PostgresError where error.isRetriable || error.sqlState == .uniqueViolation {
            return
        }
    }

    private func statement(_ number: Int, _ random: inout Generator, _ keys: Int, _ key: String) -> String {
        func name(_ number: Int) -> String { key.replacing("#", with: String(number)) }
        let region = ["EU", "US", "AP"][random.below(3)]
        let id = name(number)
        switch random.below(10) {
        case 0, 1: return "DELETE FROM t WHERE id = \(id)"
        case 2, 3, 4:
            return """
                INSERT INTO t VALUES (\(id), '\(region)', 1, (SELECT string_agg(md5(i::text || random()), '')
                FROM generate_series(1, \(random.below(2) == 0 ? 1 : 120)) i)) ON CONFLICT DO NOTHING
                """
        case 5: return "UPDATE t SET region = '\(region)', version = version + 1 WHERE id = \(id)"
        case 6: return "UPDATE t SET id = \(name(number + keys)), version = version + 1 WHERE id = \(id)"
        case 7: return "UPDATE t SET id = \(id), version = version + 1 WHERE id = \(name(number + keys))"
        default: return "UPDATE t SET version = version + 1 WHERE id = \(id)"
        }
    }

    private struct Generator {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
    }
}
