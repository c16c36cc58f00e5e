import Sandbox

/// Calls `body` with a fresh database, which is dropped afterwards, also when `body` throws.
public func withDatabase<R>(_ body: (TestDatabase) throws -> R) throws -> R {
    let database = try SharedCluster.makeDatabase()
    defer { try? database.cluster.dropDatabase(database.name) }
    return try body(database)
}

/// Calls `body` with a fresh database, which is dropped afterwards, also when `body` throws.
public func withDatabase<R>(_ body: (TestDatabase) async throws -> R) async throws -> R {
    let database = try SharedCluster.makeDatabase()
    defer { try? database.cluster.dropDatabase(database.name) }
    return try await body(database)
}

/// Calls `body` with two fresh databases, source and target, which are dropped afterwards, also when `body` throws.
public func withDatabases<R>(_ body: (_ source: TestDatabase, _ target: TestDatabase) throws -> R) throws -> R {
    try withDatabase { source in try withDatabase { target in try body(source, target) } }
}

/// Calls `body` with two fresh databases, source and target, which are dropped afterwards, also when `body` throws.
public func withDatabases<R>(
    _ body: (_ source: TestDatabase, _ target: TestDatabase) async throws -> R
) async throws -> R {
    try await withDatabase { source in try await withDatabase { target in try await body(source, target) } }
}
