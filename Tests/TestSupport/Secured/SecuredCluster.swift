public import Sandbox

extension PostgresCluster.Configuration {
    /// A cluster with TLS: `mover` is let in over it by a password, for replication too, `holder` by a client certificate for
    /// the user `mover`; neither without it.
    ///
    /// - Parameter certificate: the server's, of the kit.
    public static func secured(_ kit: CertificateKit, certificate: String) throws -> PostgresCluster.Configuration {
        var configuration = PostgresCluster.Configuration()
        configuration.files = [
            "server.crt": try kit.text(certificate), "server.key": try kit.text(kit.serverKey),
            "ca.crt": try kit.text(kit.authority), "pg_ident.conf": "certificates mover holder\n",
        ]
        configuration.settings = ["ssl": "on", "ssl_ca_file": "ca.crt"]
        configuration.hostBasedAuthentication = [
            "hostssl all mover 127.0.0.1/32 scram-sha-256", "hostssl replication mover 127.0.0.1/32 scram-sha-256",
            "hostssl all holder 127.0.0.1/32 cert map=certificates", "host all mover,holder 127.0.0.1/32 reject",
            "host replication mover,holder 127.0.0.1/32 reject",
        ]
        return configuration
    }
}
