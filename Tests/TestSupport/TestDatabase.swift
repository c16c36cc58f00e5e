public import LibPQ
public import Sandbox

/// A database of its own for one test.
public struct TestDatabase: Sendable {
    /// The cluster that it is in, shared by all tests of the process.
    public let cluster: PostgresCluster
    /// Its name.
    public let name: String

    /// A database of a cluster that the test started itself.
    public init(cluster: PostgresCluster, name: String) {
        self.cluster = cluster
        self.name = name
    }

    /// How to connect to it.
    public var connectionString: ConnectionString {
        get throws(PostgresError) { try cluster.connectionString(database: name) }
    }

    /// The same as text.
    public var dataSourceName: String { cluster.dataSourceName(database: name) }

    /// A new connection to it.
    public func connect() throws(PostgresError) -> Connection {
        try Connection(connectionString, applicationName: "test")
    }
}
