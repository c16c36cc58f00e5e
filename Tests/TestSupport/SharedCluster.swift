import Foundation
public import Sandbox
import Synchronization

/// The one cluster of this test process: made at the first use, destroyed at exit.
public enum SharedCluster {
    private struct State {
        var cluster: PostgresCluster?
        var failure: (any Error)?
        var databases = 0
    }

    private static let state = Mutex(State())

    /// The cluster.
    ///
    /// - Throws: why it cannot be had, the same for every test.
    public static func cluster() throws -> PostgresCluster {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            if let cluster = state.cluster { return cluster }
            do {
                let cluster = try PostgresCluster()
                state.cluster = cluster
                atexit { SharedCluster.destroy() }
                return cluster
            } catch {
                state.failure = error
                throw error
            }
        }
    }

    /// A fresh database.
    public static func makeDatabase() throws -> TestDatabase {
        let cluster = try cluster()
        let number = state.withLock { state in
            state.databases += 1
            return state.databases
        }
        let name = "test_\(number)"
        try cluster.createDatabase(name)
        return TestDatabase(cluster: cluster, name: name)
    }

    private static func destroy() {
        let cluster = state.withLock { state in
            defer { state.cluster = nil }
            return state.cluster
        }
        cluster?.destroy()
    }
}
