import Crypto
import Foundation

/// Ed25519 keys in the PEM files that `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write.
///
/// The structure around such a key is always the same bytes (RFC 8410), so it is compared, not parsed.
enum SigningKey {
    private static let privateHead: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]
    private static let publicHead: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]

    /// The private key of a file.
    static func signing(_ path: String) throws -> Curve25519.Signing.PrivateKey {
        let bytes = try read(path, label: "PRIVATE KEY", head: privateHead)
        return try Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
    }

    /// The public key of a file.
    static func verifying(_ path: String) throws -> Curve25519.Signing.PublicKey {
        let bytes = try read(path, label: "PUBLIC KEY", head: publicHead)
        return try Curve25519.Signing.PublicKey(rawRepresentation: bytes)
    }

    private static func read(_ path: String, label: String, head: [UInt8]) throws -> Data {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw BundleError(.key, "\(path) cannot be read; expected an Ed25519 key in PEM form")
        }
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        guard lines.first == "-----BEGIN \(label)-----", lines.last == "-----END \(label)-----",
            let bytes = Data(base64Encoded: lines.dropFirst().dropLast().joined()), bytes.starts(with: head),
            bytes.count == head.count + 32
        else {
            throw BundleError(
                .key,
                """
                \(path) is not an Ed25519 \(label.lowercased()) in PEM form; openssl genpkey -algorithm ed25519 -out KEY makes \
                one, openssl pkey -in KEY -pubout gives its public half
                """)
        }
        return bytes.suffix(32)
    }
}
