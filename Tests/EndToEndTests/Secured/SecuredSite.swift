import Foundation
import LibPQ
import Sandbox
import TestSupport

/// A site whose databases take Tidegate's user `mover` over TLS only, with a password that stands in a file, and whose broker
/// may be behind TLS and SASL.
final class SecuredSite {
    let kit: CertificateKit
    let cluster: PostgresCluster
    let broker: BrokerProcess
    let gateway: KafkaGateway
    let site: Site
    /// Where the secrets stand that are referred to.
    let secrets: String

    /// What the parts begin with.
    struct Settings {
        var password = "first-pg-secret"
        var kafkaPassword = "first-kafka-secret"
        var mechanism = "PLAIN"
        /// Of the kit, for the broker.
        var brokerCertificate: (CertificateKit) -> String = { $0.server }
        /// Of the kit, what Tidegate trusts.
        var databaseAuthority: (CertificateKit) -> String = { $0.authority }
        var brokerAuthority: (CertificateKit) -> String = { $0.authority }
        /// How the playbook refers to the target's password; nil for the file.
        var targetPassword: String?
        var accounts = "fields: same"
        var sections = ""
    }

    init(_ settings: Settings = Settings()) throws {
        kit = try CertificateKit.kit()
        cluster = try PostgresCluster(.secured(kit, certificate: kit.server))
        for name in ["source", "target"] { try cluster.createDatabase(name) }
        try Connection(cluster.connectionString(), applicationName: "test")
            .execute("CREATE ROLE mover SUPERUSER LOGIN PASSWORD '\(settings.password)'")
        broker = try BrokerProcess(
            executable: TidegateExecutable.path(),
            topics: Site.topics.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        gateway = try KafkaGateway(
            broker: broker.bootstrapServers, certificate: settings.brokerCertificate(kit), kit: kit,
            users: ["tide": settings.kafkaPassword])
        secrets =
            FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-secrets.\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: secrets, withIntermediateDirectories: true)
        let (port, authority, folder) = (cluster.port, settings.databaseAuthority(kit), secrets)
        func name(_ database: String, _ password: String?) -> String {
            "host=localhost hostaddr=127.0.0.1 port=\(port) dbname=\(database) user=mover sslmode=verify-full "
                + "sslrootcert=\(authority) password=\(password ?? "${file:\(folder)/postgres}")"
        }
        site = try Site(
            source: TestDatabase(cluster: cluster, name: "source"),
            target: TestDatabase(cluster: cluster, name: "target"),
            brokers: broker.bootstrapServers, sourceName: name("source", nil),
            targetName: name("target", settings.targetPassword), brokersName: gateway.bootstrapServers,
            properties: [
                "security.protocol": "SASL_SSL", "ssl.ca.location": settings.brokerAuthority(kit),
                "sasl.mechanism": settings.mechanism, "sasl.username": "tide",
                "sasl.password": "${file:\(folder)/kafka}", "reconnect.backoff.max.ms": "500",
            ], accounts: settings.accounts, sections: settings.sections)
        try write("postgres", settings.password)
        try write("kafka", settings.kafkaPassword)
    }

    deinit {
        cluster.destroy()
        broker.stop()
        try? FileManager.default.removeItem(atPath: secrets)
    }

    /// Writes a secret where it is referred to.
    func write(_ name: String, _ secret: String) throws {
        try "\(secret)\n".write(toFile: "\(secrets)/\(name)", atomically: true, encoding: .utf8)
    }

    /// Gives `mover` another password in the server, and ends its sessions.
    func changePassword(to password: String) throws {
        try Connection(cluster.connectionString(), applicationName: "test").execute(
            """
            ALTER ROLE mover PASSWORD '\(password)';
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mover'
            """)
    }

    /// Gives the broker's user another password, and ends all connections.
    func changeKafkaPassword(to password: String) throws {
        try gateway.setUsers(["tide": password])
        try gateway.cut()
    }
}
