import Sandbox

/// The two PostgreSQL clusters, which all rounds share. They end with this object.
final class Clusters {
    let source: PostgresCluster
    let target: PostgresCluster

    init() throws {
        source = try PostgresCluster()
        target = try PostgresCluster()
    }
}
