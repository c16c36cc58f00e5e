import Crypto
import Foundation
import Ledger
public import LibPQ
public import Model

/// Everything that shows what was done in a wave and what was found of it, in one signed archive: to be checked on another
/// machine, years later, without a database.
///
/// `SHA256SUMS` names every file with its digest, in the form of `sha256sum`; `SHA256SUMS.sig` is an Ed25519 signature of
/// it. Without `keys` the rows are in it by the digests of their keys alone.
public struct WaveBundle {
    static let sums = "SHA256SUMS"
    static let signature = "SHA256SUMS.sig"
    static let evidence = "evidence.json"
    static let signOffs = "sign-offs.jsonl"
    static let audit = "audit.jsonl"

    private let wave: WaveName
    private let ledger: Connection

    /// The bundle of a wave in the ledger that `ledger` reaches.
    public init(of wave: WaveName, on ledger: Connection) {
        self.wave = wave
        self.ledger = ledger
    }

    /// Writes it.
    ///
    /// - Parameters:
    ///   - keys: whether the keys of the rows are in it.
    ///   - signingKey: the file of an Ed25519 private key.
    /// - Throws: `BundleError`, `PostgresError`.
    public func write(to file: String, signingKey: String, keys: Bool) throws {
        let key = try SigningKey.signing(signingKey)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bundle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try ledger.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") { try contents(keys) }
        var sums = ""
        for (name, text) in files {
            let data = Data(text.utf8)
            try data.write(to: folder.appendingPathComponent(name))
            sums += "\(SHA256.hash(data: data).hexadecimal)  \(name)\n"
        }
        try Data(sums.utf8).write(to: folder.appendingPathComponent(Self.sums))
        try key.signature(for: Data(sums.utf8)).write(to: folder.appendingPathComponent(Self.signature))
        try Archive.pack(folder, into: file)
    }

    private func contents(_ keys: Bool) throws -> [(name: String, text: String)] {
        guard let evidence = try Waves(on: ledger).evidence(of: wave) else {
            throw BundleError(.evidence, "nothing was found of wave \(wave) yet; run it, so that it is verified")
        }
        return [
            (Self.audit, try lines(PackageResources.bundle_audit_sql)),
            ("certificates.jsonl", try lines(PackageResources.bundle_certificates_sql)),
            (Self.evidence, evidence.text),
            ("manifest.jsonl", try lines(PackageResources.bundle_manifest_sql, .text(keys ? "true" : "false"))),
            (Self.signOffs, try lines(PackageResources.bundle_signoffs_sql)),
        ]
    }

    private func lines(_ sql: [UInt8], _ more: Parameter...) throws -> String {
        try ledger.query(String(decoding: sql, as: UTF8.self), [.text(wave.rawValue)] + more).rows.map {
            ($0[0] ?? "") + "\n"
        }.joined()
    }
}

extension Sequence<UInt8> {
    var hexadecimal: String { map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined() }
}
