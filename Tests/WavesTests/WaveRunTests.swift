import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import StreamSupport
import TestSupport
import Testing
import Verification
import Waves

/// A wave from its load to its bundle, beside a running capture and sync.
@Suite struct WaveRunTests {
    private static let table = "CREATE TABLE t (id int PRIMARY KEY, name text)"

    private func withWave(_ body: (StreamedFixture) throws -> Void) throws {
        try withStream(
            tables: Self.table + "; INSERT INTO t SELECT i, 'n' || i FROM generate_series(1, 500) i",
            targetTables: Self.table, entities: "  t: { from: public.t, into: public.t, key: [id], fields: same }",
            waves: "{ all: { t: all } }", body)
    }

    private func run(_ fixture: StreamedFixture, as actor: String, again: Bool = false) throws -> WaveRun.Outcome {
        var verify = VerifyOptions(source: fixture.source, target: try fixture.target.connectionString) {
            fixture.playbook.kafka.topic(of: $0)
        }
        let load = try fixture.options()
        verify.slots = load.slots
        verify.logEnds = load.logEnds
        verify.workers = 2
        return try WaveRun(
            fixture.playbook, wave: "all", load: load, verify: verify, actor: actor, again: again
        ).run()
    }

    @Test func aWaveIsLoadedVerifiedSignedOffByAnotherAndLive() throws {
        try withWave { fixture in
            let first = try run(fixture, as: "ann")
            #expect(first.phase == .verified && first.verification?.verdict == .equal)
            let hash = try #require(first.evidence)
            #expect(first.reasons.first?.contains("0 of 1") == true)

            let ledger = try fixture.target.connect()
            let waves = Waves(on: ledger)
            #expect(throws: LedgerError.self) { try waves.sign("all", evidence: hash, by: "ann", reason: "mine") }
            #expect(throws: LedgerError.self) { try waves.sign("all", evidence: "other", by: "bob", reason: "?") }
            try waves.sign("all", evidence: hash, by: "bob", reason: "looked at it")
            #expect(try run(fixture, as: "bob").phase == .live)
            #expect(try waves.find("all").requestedBy == "ann")
            #expect(try Audit(on: ledger).verify() != .changed(seq: 0))
            let phases = try Audit(on: ledger).entries(action: AuditAction.wavePhase.rawValue).map(\.detail)
            #expect(phases.count == 5)
        }
    }

    @Test func aWaveThatDiffersGoesNoFurtherAndASignOffOfOtherEvidenceCountsForNothing() throws {
        try withWave { fixture in
            try fixture.load("all")
            try fixture.target.connect().execute("UPDATE t SET name = 'x' WHERE id = 7")
            let found = try run(fixture, as: "ann")
            #expect(found.phase == .loaded && found.verification?.verdict == .drift)
            #expect(found.reasons.first?.contains("1 rows differ") == true)

            try fixture.target.connect().execute("UPDATE t SET name = 'n7' WHERE id = 7")
            let clean = try run(fixture, as: "ann")
            let waves = Waves(on: try fixture.target.connect())
            try waves.sign("all", evidence: #require(clean.evidence), by: "bob", reason: "good")
            let again = try run(fixture, as: "ann", again: true)
            #expect(again.phase == .verified && again.evidence != clean.evidence)
            #expect(try waves.signOffs("all").isEmpty)
        }
    }

    @Test func aBundleHoldsElsewhereUntilABitOfItIsChanged() throws {
        try withWave { fixture in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let (key, other) = (try keys("a", in: folder), try keys("b", in: folder))
            let file = folder.appendingPathComponent("all.tar.gz").path
            let ledger = try fixture.target.connect()
            #expect(throws: BundleError.self) {
                try WaveBundle(of: "all", on: ledger).write(to: file, signingKey: key.signing, keys: false)
            }

            let found = try run(fixture, as: "ann")
            try Waves(on: ledger).sign("all", evidence: #require(found.evidence), by: "bob", reason: "good")
            try WaveBundle(of: "all", on: ledger).write(to: file, signingKey: key.signing, keys: true)
            let verdict = try BundleCheck.run(file, publicKey: key.verifying)
            #expect(verdict.wave == "all" && verdict.outcome == "equal" && verdict.signedOffBy == ["bob"])
            #expect(verdict.evidence == found.evidence && verdict.auditLines > 3)
            #expect(throws: BundleError.self) { try BundleCheck.run(file, publicKey: other.verifying) }

            for name in ["evidence.json", "audit.jsonl", "SHA256SUMS"] {
                let error = try #require(throws: BundleError.self) {
                    try BundleCheck.run(tampered(file, name, in: folder), publicKey: key.verifying)
                }
                #expect([.signature, .content].contains(error.code))
            }
        }
    }

    private func keys(_ name: String, in folder: URL) throws -> (signing: String, verifying: String) {
        let (signing, verifying) = ("\(folder.path)/\(name).pem", "\(folder.path)/\(name).pub")
        try shell(
            "openssl genpkey -algorithm ed25519 -out '\(signing)' && openssl pkey -in '\(signing)' -pubout -out '\(verifying)'"
        )
        return (signing, verifying)
    }

    /// A copy of the bundle in which one byte of a file is another.
    private func tampered(_ file: String, _ name: String, in folder: URL) throws -> String {
        let copy = "\(folder.path)/tampered-\(name)"
        try shell(
            """
            mkdir '\(copy)' && tar -xzf '\(file)' -C '\(copy)' && sed -i '1s/a/b/' '\(copy)/\(name)' \
            && tar -czf '\(copy).tar.gz' -C '\(copy)' $(ls '\(copy)')
            """)
        return "\(copy).tar.gz"
    }

    private func shell(_ script: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}
