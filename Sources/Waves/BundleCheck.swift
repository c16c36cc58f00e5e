import Crypto
import Foundation

/// Checks a wave's bundle, with nothing but the public key of who signed it.
public struct BundleCheck {
    /// What a bundle that holds says.
    public struct Verdict: Sendable, Codable, Hashable {
        public let wave: String
        /// SHA-256 of the evidence, in hexadecimal.
        public let evidence: String
        /// What the wave's verification came to; nil when there was none.
        public let outcome: String?
        /// Who has signed that evidence off.
        public let signedOffBy: [String]
        /// Lines of the audit trail, each of which follows from the one before.
        public let auditLines: Int
    }

    private let folder: URL
    private let key: Curve25519.Signing.PublicKey

    /// Checks a file.
    ///
    /// - Parameter publicKey: the file of the public key that it must be signed by.
    /// - Throws: `BundleError` that says what does not hold.
    public static func run(_ file: String, publicKey: String) throws -> Verdict {
        let key = try SigningKey.verifying(publicKey)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bundle-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try Archive.unpack(file, into: folder)
        return try BundleCheck(folder: folder, key: key).check()
    }

    private func check() throws -> Verdict {
        let sums = try read(WaveBundle.sums)
        guard try key.isValidSignature(read(WaveBundle.signature), for: sums) else {
            throw BundleError(
                .signature, "the signature does not hold: the bundle was changed, or signed with another key")
        }
        try checkFiles(String(decoding: sums, as: UTF8.self))
        let evidence = try read(WaveBundle.evidence)
        let hash = SHA256.hash(data: evidence).hexadecimal
        let found = try JSONDecoder().decode(Found.self, from: evidence)
        let signOffs = try lines(WaveBundle.signOffs, of: SignedOff.self).filter { $0.evidence == hash }
        return Verdict(
            wave: found.wave, evidence: hash, outcome: found.verification?.outcome, signedOffBy: signOffs.map(\.by),
            auditLines: try checkTrail())
    }

    private func checkFiles(_ sums: String) throws {
        var named: Set<String> = [WaveBundle.sums, WaveBundle.signature]
        for line in sums.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard parts.count == 2 else { throw BundleError(.content, "\(WaveBundle.sums) has a line of another form") }
            let name = parts[1].trimmingCharacters(in: .whitespaces)
            guard try SHA256.hash(data: read(name)).hexadecimal == parts[0] else {
                throw BundleError(.content, "\(name) is not the file that was signed")
            }
            named.insert(name)
        }
        let there = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        if let more = there.first(where: { !named.contains($0) }) {
            throw BundleError(.content, "\(more) is in the bundle and was not signed")
        }
    }

    /// Computes every line's hash again: SHA-256 over the hash of the line before and the line's text.
    private func checkTrail() throws -> Int {
        let trail = try lines(WaveBundle.audit, of: AuditLine.self)
        for (before, line) in zip(trail, trail.dropFirst()) {
            let bytes = Self.bytes(before.hash) + Array(line.text.utf8)
            guard line.seq == before.seq + 1, SHA256.hash(data: bytes).hexadecimal == line.hash else {
                throw BundleError(.content, "the audit trail does not hold at line \(line.seq)")
            }
        }
        return trail.count
    }

    private struct Found: Decodable {
        struct Verification: Decodable { let outcome: String? }
        let wave: String
        let verification: Verification?
    }

    private struct SignedOff: Decodable {
        let evidence: String
        let by: String
    }

    private struct AuditLine: Decodable {
        let seq: Int64
        let text: String
        let hash: String
    }

    private func lines<Line: Decodable>(_ name: String, of type: Line.Type) throws -> [Line] {
        let decoder = JSONDecoder()
        return try read(name).split(separator: UInt8(ascii: "\n")).map { try decoder.decode(type, from: Data($0)) }
    }

    private func read(_ name: String) throws -> Data {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent(name)) else {
            throw BundleError(.content, "\(name) is not in the bundle")
        }
        return data
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }
}
