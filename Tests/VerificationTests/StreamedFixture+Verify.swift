import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import StreamSupport
import Synchronization
import TestSupport
import Verification

extension StreamedFixture {
    /// Options of a verification.
    func verifyOptions() throws -> VerifyOptions {
        let playbook = playbook
        let load = try options()
        var options = VerifyOptions(source: source, target: try target.connectionString) {
            playbook.kafka.topic(of: $0)
        }
        options.slots = [slot]
        options.logEnds = load.logEnds
        options.workers = 2
        return options
    }

    /// Compares both sides.
    func verify(_ change: (inout VerifyOptions) -> Void = { _ in }) throws -> VerifyOutcome {
        var options = try verifyOptions()
        change(&options)
        return try Verifier(playbook, options: options).run()
    }
}

extension VerifyOutcome {
    /// Keys by kind, of the only entity or of one.
    func keys(_ entity: Int = 0) -> [DriftedRow.Kind: Set<String>] {
        var keys: [DriftedRow.Kind: Set<String>] = [:]
        for row in entities[entity].rows { keys[row.kind, default: []].insert(row.key.joined(separator: "/")) }
        return keys
    }
}

/// About so many updates a second of a few keys, until it is stopped.
final class HotKeys: Sendable {
    private let stopping = Atomic<Bool>(false)
    private let ended = DispatchGroup()
    private let failure = Mutex<(any Error)?>(nil)
    private let count = Atomic<Int>(0)
    private let begun = ContinuousClock.now

    /// - Parameter statement: the update of a key, in which `#` stands for its number and `%` for one that grows.
    init(_ source: ConnectionString, keys: Int, rate: Int, _ statement: String) {
        for writer in 0..<2 {
            ended.enter()
            let thread = Thread { [self] in
                defer { ended.leave() }
                do {
                    let connection = try Connection(source, applicationName: "writer")
                    var number = writer
                    var next = ContinuousClock.now
                    while !stopping.load(ordering: .relaxed) {
                        let sql = statement.replacing("#", with: "\(number % keys)").replacing("%", with: "\(number)")
                        try connection.execute(sql)
                        count.add(1, ordering: .relaxed)
                        number += 2
                        next += .microseconds(2_000_000 / rate)
                        let pause = next - ContinuousClock.now
                        if pause > .zero { Thread.sleep(forTimeInterval: pause / .seconds(1)) }
                    }
                } catch { failure.withLock { $0 = error } }
            }
            thread.start()
        }
    }

    var updates: Int { count.load(ordering: .relaxed) }
    /// Updates a second so far.
    var rate: Double { Double(updates) / ((ContinuousClock.now - begun) / .seconds(1)) }

    func stop() throws {
        stopping.store(true, ordering: .relaxed)
        ended.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
