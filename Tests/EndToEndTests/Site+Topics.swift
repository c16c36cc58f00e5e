import LibPQ
import Sandbox
import TestSupport

/// Calls `body` with a site whose topics a test fills by itself, and removes it afterwards, also when `body` throws.
///
/// - Parameters:
///   - target: the target; nil for a database of the shared cluster.
///   - targetUser: user and password that Tidegate connects to the target with; nil for the superuser.
func withTopics(
    _ topics: [String: Int] = Site.topics, target: TestDatabase? = nil, targetUser: String? = nil,
    _ body: (Site, EmbeddedBroker, EventWriter) throws -> Void
) throws {
    guard let target else {
        return try withDatabase { try withTopics(topics, target: $0, targetUser: targetUser, body) }
    }
    try withDatabase { source in
        try withBroker(topics: topics) { broker in
            let name = targetUser.map { "postgresql://\($0)@127.0.0.1:\(target.cluster.port)/\(target.name)" }
            let site = try Site(
                source: source, target: target, brokers: broker.bootstrapServers, targetName: name,
                properties: ["topic.metadata.refresh.interval.ms": "2000", "reconnect.backoff.max.ms": "1000"])
            try body(site, broker, EventWriter(broker.bootstrapServers))
        }
    }
}

/// Calls `body` with a database of a cluster of its own, to which the superuser `mover` must show a password.
func withPasswordCluster(_ body: (TestDatabase) throws -> Void) throws {
    var configuration = PostgresCluster.Configuration()
    configuration.hostBasedAuthentication = ["host all mover 127.0.0.1/32 scram-sha-256"]
    let cluster = try PostgresCluster(configuration)
    defer { cluster.destroy() }
    try cluster.createDatabase("target")
    let database = TestDatabase(cluster: cluster, name: "target")
    try database.connect().execute("CREATE ROLE mover SUPERUSER LOGIN PASSWORD 'right-secret'")
    try body(database)
}
