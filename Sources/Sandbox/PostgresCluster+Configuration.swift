extension PostgresCluster {
    /// How a throwaway cluster is to be.
    public struct Configuration: Sendable {
        /// Whether commits reach the disk. Off, a crash of the machine loses the cluster; a crash of the server does not.
        public var isDurable = false
        /// Further server settings; they win over the cluster's own.
        public var settings: [String: String] = [:]
        /// Lines put in front of `pg_hba.conf`, whose rule is otherwise to trust everybody on 127.0.0.1.
        public var hostBasedAuthentication: [String] = []
        /// Files by name that are to lie in the server's data folder, readable for the server alone: certificates and keys.
        public var files: [String: String] = [:]
        /// The folder to make the cluster's own folder in.
        public var scratch = "/tmp"

        /// A cluster for tests: fast, not durable.
        public init() {}

        /// The contents of the part of `postgresql.conf` that the cluster adds.
        func settingsFile(port: Int) -> String {
            var all = [
                "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": String(port),
                "wal_level": "logical", "max_wal_senders": "60", "max_replication_slots": "60",
                "max_prepared_transactions": "60", "max_connections": "200", "shared_buffers": "256MB",
                "max_wal_size": "2GB", "jit": "off", "log_line_prefix": "%m [%p] %a ", "timezone": "UTC",
                "lc_messages": "C",
            ]
            if !isDurable { all.merge(["fsync": "off", "full_page_writes": "off"]) { $1 } }
            all.merge(settings) { $1 }
            return all.sorted { $0.key < $1.key }
                .map {
                    "\($0.key) = '\($0.value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'\n"
                }
                .joined()
        }
    }
}
