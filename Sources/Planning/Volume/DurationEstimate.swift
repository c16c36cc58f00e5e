import Ledger
import Model

/// How long a load is predicted to take.
public struct DurationEstimate: Hashable, Sendable, Encodable {
    /// Where the rates come from.
    public enum Basis: String, Hashable, Sendable, Encodable {
        /// Chunks that were loaded before.
        case ledger
        /// A few thousand rows that went through the mapping and were written nowhere.
        case sample
    }

    /// Seconds, when all goes well.
    public let low: Double
    /// Seconds, when it does not.
    public let high: Double
    public let basis: Basis
    /// What the time is spent on, or what keeps more of it from being done at once.
    public let limit: String
}

/// One scope's work, for one worker.
struct LoadWork: Hashable, Sendable {
    /// Seconds at the good rate and at the bad one.
    let low: Double
    let high: Double
    let basis: DurationEstimate.Basis
    /// The part of the work that takes the longest.
    let bottleneck: String
    let chunks: Int

    /// From chunks that were loaded before.
    init(_ volume: ScopeVolume, _ rate: LoadRate, chunkBytes: Int) {
        low = Double(volume.rows) / max(rate.fast, 0.001)
        high = Double(volume.rows) / max(rate.slow, 0.001)
        basis = .ledger
        bottleneck = ""
        chunks = Self.chunks(volume, chunkBytes)
    }

    /// From a sample: good, if reading and writing overlap; bad, if a row takes three times as long with the log, foreign
    /// keys and triggers.
    init(_ volume: ScopeVolume, _ sample: RateSample, chunkBytes: Int) {
        let rows = Double(volume.rows)
        let parts = [
            ("reading from the source", sample.reading), ("staging on the target", sample.staging),
            ("mapping and writing on the target", sample.writing),
        ]
        let longest = parts.max { $0.1 < $1.1 } ?? parts[0]
        low = rows * max(sample.reading, sample.staging + sample.writing)
        high = rows * (sample.reading + 3 * (sample.staging + sample.writing))
        basis = .sample
        bottleneck = longest.0
        chunks = Self.chunks(volume, chunkBytes)
    }

    private static func chunks(_ volume: ScopeVolume, _ chunkBytes: Int) -> Int {
        volume.rows == 0 ? 0 : (volume.bytes ?? 0) / max(chunkBytes, 1) + 1
    }
}

extension DurationEstimate {
    /// The time that works take together on so many workers; nil without any work.
    ///
    /// Chunks are shared among the workers, so the work is divided by them, or by the chunks if there are fewer; with a
    /// sample's rates the bad case is that of workers that hinder each other so much that half of them gain nothing.
    init?(_ works: [LoadWork], workers: Int) {
        guard !works.isEmpty else { return nil }
        let chunks = works.reduce(0) { $0 + $1.chunks }
        let atOnce = Double(max(1, min(workers, chunks)))
        let isSampled = works.contains { $0.basis == .sample }
        low = works.reduce(0) { $0 + $1.low } / atOnce
        high = works.reduce(0) { $0 + $1.high } / (isSampled ? max(1, (atOnce / 2).rounded(.up)) : atOnce)
        basis = isSampled ? .sample : .ledger
        let heaviest = works.max { $0.high < $1.high }
        let part = heaviest.map(\.bottleneck).flatMap { $0.isEmpty ? nil : ", mostly \($0)" } ?? ""
        if chunks < workers {
            limit = "\(max(chunks, 1)) \(chunks == 1 ? "chunk" : "chunks") for \(workers) workers\(part)"
        } else {
            limit = "\(workers) \(workers == 1 ? "worker" : "workers")\(part)"
        }
    }
}
