import Foundation
import Synchronization

/// A server on 127.0.0.1 that answers as HashiCorp Vault's KV engine does to those who read.
///
/// It has the engine in version 2 at `secret` and in version 1 at `kv`. Nothing under `private` may be read.
public final class VaultServer: Sendable {
    /// What it holds.
    public struct State: Encodable, Sendable {
        /// Whether it is sealed.
        public var sealed = false
        /// The tokens that are valid.
        public var tokens: [String]
        /// Fields by path, without `data` after the mount, with the namespace before it.
        public var secrets: [String: [String: String]]
        let mounts = ["secret": 2, "kv": 1]

        private enum CodingKeys: String, CodingKey { case sealed, tokens, secrets, mounts }
    }

    /// What goes into `VAULT_ADDR`.
    public let address: String
    private let server: ScriptedServer
    private let path: String
    private let state: Mutex<State>

    /// Starts one.
    ///
    /// - Parameter certificate: of the kit, for TLS; nil for plain HTTP.
    public init(token: String, secrets: [String: [String: String]], certificate: String? = nil) throws {
        let state = State(tokens: [token], secrets: secrets)
        self.state = Mutex(state)
        path = FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-vault.\(UUID().uuidString)").path
        try JSONEncoder().encode(state).write(to: URL(fileURLWithPath: path))
        var arguments = [path]
        if let certificate { arguments += [certificate, try CertificateKit.kit().serverKey] }
        server = try ScriptedServer(script: PackageResources.vault_server_py, arguments)
        address = "\(certificate == nil ? "http" : "https")://127.0.0.1:\(server.port)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Changes what it holds.
    public func change(_ change: (inout State) -> Void) throws {
        try state.withLock { state in
            change(&state)
            try JSONEncoder().encode(state).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
    }
}
