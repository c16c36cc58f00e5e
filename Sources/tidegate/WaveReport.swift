import Foundation
import Ledger
import LibPQ
import Model

/// What there is to know of one wave.
struct WaveReport: Encodable {
    let wave: WaveRecord
    let entities: [ManifestCount]
    let signOffs: [SignOff]

    init(_ name: WaveName, on ledger: Connection) throws {
        wave = try Waves(on: ledger).find(name)
        entities = try Manifest(on: ledger).counts(of: name)
        signOffs = try Waves(on: ledger).signOffs(name)
    }

    var text: String {
        var text = "wave \(wave.name): \(wave.phase.rawValue)\(wave.since.isEmpty ? "" : " since \(wave.since)")\n"
        if let by = wave.requestedBy { text += "run by: \(by)\n" }
        if let by = wave.pausedBy { text += "paused by \(by): \(wave.pauseReason ?? "")\n" }
        if let hash = wave.evidenceHash { text += "evidence: \(hash)\n" }
        for one in signOffs { text += "signed off by \(one.signedBy) at \(one.at): \(one.reason)\n" }
        guard !entities.isEmpty else { return text }
        var columns = TextColumns(
            ["entity", "scope", "chunks", "written", "overwritten", "deleted", "set aside"], numeric: [2, 3, 4, 5, 6])
        for entity in entities {
            columns.add([
                entity.entity, entity.state, "\(entity.chunks)", "\(entity.written)", "\(entity.overwritten)",
                "\(entity.deleted)", "\(entity.setAside)",
            ])
        }
        return text + "\n" + columns.text
    }
}
