import Foundation

/// SASL_SSL in front of the embedded broker, which speaks neither: it terminates TLS, checks names and passwords (PLAIN and
/// SCRAM-SHA-256), and stands in for the broker.
public final class KafkaGateway: Sendable {
    private let server: ScriptedServer
    private let folder: String

    /// Starts one.
    ///
    /// - Parameters:
    ///   - broker: the embedded broker's address.
    ///   - certificate: the certificate that it shows; its key is the kit's server key.
    ///   - users: names and passwords.
    public init(
        broker: String, certificate: String, kit: CertificateKit, users: [String: String]
    ) throws {
        guard let port = broker.split(separator: ":").last else {
            throw ScriptedServer.NotStarted(description: "\(broker) is no address of one broker")
        }
        folder =
            FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-sasl.\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.write(users, folder)
        server = try ScriptedServer(
            script: PackageResources.kafka_gateway_py,
            [String(port), certificate, kit.serverKey, "\(folder)/users", "127.0.0.1"])
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// What goes into `bootstrap.servers`.
    public var bootstrapServers: String { "127.0.0.1:\(server.port)" }

    /// Changes names and passwords; who is connected stays so.
    public func setUsers(_ users: [String: String]) throws { try Self.write(users, folder) }

    /// Ends all connections.
    public func cut() throws { try server.say("cut") }

    private static func write(_ users: [String: String], _ folder: String) throws {
        try users.map { "\($0.key) \($0.value)\n" }.joined()
            .write(toFile: "\(folder)/users", atomically: true, encoding: .utf8)
    }
}
