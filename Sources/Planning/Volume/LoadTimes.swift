import Ledger
import LibPQ
import Model
import Playbook

/// What is known of how long the entities' rows take to load: of earlier loads, else measured on a sample.
struct LoadTimes {
    /// How many chunks are loaded at once.
    let workers: Int
    /// What could not be measured.
    private(set) var notes: [String] = []

    private let chunkBytes: Int
    private var rates: [EntityName: LoadRate] = [:]
    private var samples: [EntityName: RateSample] = [:]

    init(_ playbook: CompiledPlaybook, reader: BoundedReader?, target: Connection) throws {
        workers = max(1, min(playbook.limits.loadWorkers, playbook.limits.sourceConnections))
        chunkBytes = playbook.limits.chunkBytes
        if try Migrations().isApplied(on: target) { rates = try LoadRate.read(on: target) }
        let unknown = playbook.entities.filter { rates[$0.name] == nil }
        guard let reader, !unknown.isEmpty else { return }
        try playbook.prepare(target)
        for entity in unknown {
            samples[entity.name] = try RateSample.measure(entity, from: reader, on: target)
            if samples[entity.name] == nil {
                notes.append("entity \(entity.name): its rate is unknown until a first load")
            }
        }
    }

    /// The work of loading so much of an entity; nil while nothing is known.
    func work(of entity: EntityName, _ volume: ScopeVolume) -> LoadWork? {
        if let rate = rates[entity] { return LoadWork(volume, rate, chunkBytes: chunkBytes) }
        return samples[entity].map { LoadWork(volume, $0, chunkBytes: chunkBytes) }
    }
}
