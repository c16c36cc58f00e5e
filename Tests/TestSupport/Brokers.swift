public import Sandbox

/// Calls `body` with a broker of its own; topics are made by `createTopic`. Ends it afterwards, also when `body` throws.
///
/// Uses the real broker that `TIDEGATE_KAFKA` names, if set: a test that needs `broker.mock` says so and is skipped there.
public func withBroker<R>(
    topics: [String: Int] = [:], _ body: (EmbeddedBroker) throws -> R
) throws -> R {
    let broker = try EmbeddedBroker()
    defer { try? broker.close() }
    for (name, partitions) in topics { try broker.createTopic(name, partitions: partitions) }
    return try body(broker)
}

/// Calls `body` with a broker of its own; topics are made by `createTopic`. Ends it afterwards, also when `body` throws.
public func withBroker<R>(
    topics: [String: Int] = [:], _ body: (EmbeddedBroker) async throws -> R
) async throws -> R {
    let broker = try EmbeddedBroker()
    defer { try? broker.close() }
    for (name, partitions) in topics { try broker.createTopic(name, partitions: partitions) }
    return try await body(broker)
}
