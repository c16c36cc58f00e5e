import Foundation
import Synchronization

/// Certificates for the tests of this process, made with openssl at the first use and deleted at exit. All are PEM files.
public struct CertificateKit: Sendable {
    private static let shared = Mutex<Swift.Result<CertificateKit, any Error>?>(nil)

    /// The one kit.
    ///
    /// - Throws: why it cannot be made, the same for every test.
    public static func kit() throws -> CertificateKit {
        try shared.withLock { shared in
            let kit = shared ?? Swift.Result { try CertificateKit() }
            shared = kit
            return try kit.get()
        }
    }

    private let folder: String

    /// The authority that has signed the others.
    public var authority: String { "\(folder)/ca.pem" }
    /// An authority that has signed none of them.
    public var otherAuthority: String { "\(folder)/other.pem" }
    /// A server's certificate for 127.0.0.1 and localhost.
    public var server: String { "\(folder)/server.pem" }
    /// The same, for elsewhere.example.
    public var elsewhere: String { "\(folder)/elsewhere.pem" }
    /// The same as `server`, but it ended yesterday.
    public var expired: String { "\(folder)/expired.pem" }
    /// The key of all three.
    public var serverKey: String { "\(folder)/server.key" }
    /// A client's certificate, for the user `mover`.
    public var client: String { "\(folder)/client.pem" }
    /// Its key.
    public var clientKey: String { "\(folder)/client.key" }

    /// The contents of one of the files.
    public func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private static let script = """
        set -e
        cd "$1"
        new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        openssl req -x509 $new -keyout ca.key -out ca.pem -days 2 -subj "/CN=test authority"
        openssl req -x509 $new -keyout other.key -out other.pem -days 2 -subj "/CN=another authority"
        openssl req $new -keyout server.key -out server.csr -subj "/CN=test server"
        openssl req $new -keyout client.key -out client.csr -subj "/CN=mover"
        sign() { openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$2" -out "$3.pem" $4; }
        echo "subjectAltName=IP:127.0.0.1,DNS:localhost" >here.ext
        echo "subjectAltName=DNS:elsewhere.example" >elsewhere.ext
        sign server 2 server "-extfile here.ext"
        sign server -1 expired "-extfile here.ext"
        sign server 2 elsewhere "-extfile elsewhere.ext"
        sign client 2 client
        chmod 600 ./*.key
        """

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-tls.\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sh", "-c", Self.script, "sh", folder]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw NotMade(description: "openssl makes no certificates: \(said)")
        }
        atexit {
            if case .success(let kit) = CertificateKit.shared.withLock({ $0 }) {
                try? FileManager.default.removeItem(atPath: kit.folder)
            }
        }
    }

    /// Why there is none.
    public struct NotMade: Error, CustomStringConvertible {
        public let description: String
    }
}
