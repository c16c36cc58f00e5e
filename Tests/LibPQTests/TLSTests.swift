import LibPQ
import Sandbox
import TestSupport
import Testing

/// Connections over TLS to a real server with certificates of the tests' own.
@Suite struct TLSTests {
    /// A cluster that takes `mover` over TLS only, with a password, and `holder` with a client certificate only.
    private func withTLSCluster(certificate: String, _ body: (PostgresCluster, CertificateKit) throws -> Void) throws {
        let kit = try CertificateKit.kit()
        let cluster = try PostgresCluster(.secured(kit, certificate: certificate))
        defer { cluster.destroy() }
        try Connection(cluster.connectionString(), applicationName: "test").execute(
            "CREATE ROLE mover SUPERUSER LOGIN PASSWORD '\(Self.password)'; CREATE ROLE holder LOGIN")
        try body(cluster, kit)
    }

    private static let password = "planted-password"

    private func string(
        _ cluster: PostgresCluster, host: String = "127.0.0.1", user: String = "mover", _ parameters: [String: String]
    ) throws -> ConnectionString {
        try ConnectionString(
            "host=\(host) hostaddr=127.0.0.1 port=\(cluster.port) dbname=postgres user=\(user) password=\(Self.password)"
        ).with(parameters: parameters)
    }

    /// What connecting fails with; it must not show the password.
    private func failure(_ string: ConnectionString) throws -> String {
        let error = try #require(throws: PostgresError.self) { try Connection(string, applicationName: "test") }
        #expect(error.code == .connection)
        for text in ["\(error)", String(reflecting: error)] { #expect(!text.contains(Self.password), "\(text)") }
        return "\(error)"
    }

    @Test func verifyFullTrustsTheRightCertificateOnly() throws {
        try withTLSCluster(certificate: CertificateKit.kit().server) { cluster, kit throws in
            let full = ["sslmode": "verify-full", "sslrootcert": kit.authority]
            for host in ["127.0.0.1", "localhost"] {
                let connection = try Connection(string(cluster, host: host, full), applicationName: "test")
                let used = try connection.execute(
                    "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl")
                #expect(used.scalar?.hasPrefix("TLSv1") == true)
            }
            let replication = try ReplicationConnection(string(cluster, full), applicationName: "test")
            #expect(try replication.identifySystem().database == "postgres")

            let stranger = try failure(
                string(cluster, ["sslmode": "verify-full", "sslrootcert": kit.otherAuthority]))
            #expect(
                stranger.contains("certificate verify failed") && stranger.contains(kit.otherAuthority), "\(stranger)")
            let otherHost = try failure(string(cluster, host: "db.example", full))
            #expect(otherHost.contains("does not match host name") && otherHost.contains("hostaddr"), "\(otherHost)")
            let noFile = try failure(string(cluster, ["sslmode": "verify-full", "sslrootcert": "/nowhere/ca.pem"]))
            #expect(noFile.contains("/nowhere/ca.pem"), "\(noFile)")
            let plain = try failure(string(cluster, ["sslmode": "disable"]))
            #expect(plain.contains("no encryption"), "\(plain)")
        }
    }

    @Test func certificateThatHasExpiredIsRefused() throws {
        try withTLSCluster(certificate: CertificateKit.kit().expired) { cluster, kit throws in
            let expired = try failure(string(cluster, ["sslmode": "verify-full", "sslrootcert": kit.authority]))
            #expect(expired.contains("certificate verify failed") && expired.contains("expired"), "\(expired)")
        }
    }

    @Test func serverWithoutTLSIsRefused() throws {
        let kit = try CertificateKit.kit()
        let cluster = try SharedCluster.cluster()
        let refused = try failure(string(cluster, ["sslmode": "verify-full", "sslrootcert": kit.authority]))
        #expect(refused.contains("does not support SSL") && refused.contains("ssl = on"), "\(refused)")
    }

    @Test func clientCertificateLetsIn() throws {
        try withTLSCluster(certificate: CertificateKit.kit().server) { cluster, kit throws in
            var parameters = [
                "sslmode": "verify-full", "sslrootcert": kit.authority, "sslcert": kit.client, "sslkey": kit.clientKey,
            ]
            let connection = try Connection(string(cluster, user: "holder", parameters), applicationName: "test")
            #expect(try connection.execute("SELECT current_user").scalar == "holder")
            parameters["sslcert"] = ""
            parameters["sslkey"] = ""
            let refused = try failure(string(cluster, user: "holder", parameters))
            #expect(refused.contains("certificate"), "\(refused)")
        }
    }
}
