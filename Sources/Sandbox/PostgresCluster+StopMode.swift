extension PostgresCluster {
    /// How a server is stopped.
    public enum StopMode: String, Sendable {
        /// Sessions are ended, everything is written out.
        case fast
        /// As a crash would: the next start recovers from the log.
        case immediate
    }
}
