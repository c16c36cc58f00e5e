internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// A lane's way to the databases: the target session it applies in, opened anew when it broke, and the source.
final class LaneConnections {
    private let target: ConnectionString
    let source: ConnectionString?
    private let flow: Flow
    private var session: TargetSession?
    /// What sessions must have set, looked up once: unlike a password, a masking key that has changed is not to be taken up
    /// by the next connection, while others use the old one.
    private var settings: [(name: String, value: Redacted<String>)]?
    /// Whether the keys with events in quarantine were read since they may last have changed elsewhere.
    private(set) var knowsParked = false

    init(target: ConnectionString, source: ConnectionString?, flow: Flow) {
        self.target = target
        self.source = source
        self.flow = flow
    }

    /// The ledger, if there is a session.
    var ledger: Connection? { session?.connection }

    /// Whether there is a session that works.
    var isAlive: Bool { session?.connection.isAlive ?? false }

    /// Opens a session and makes an applier in it.
    func makeApplier(_ playbook: CompiledPlaybook, number: Int) throws -> BatchApplier {
        close()
        let settings = try settings ?? playbook.sessionSettings()
        self.settings = settings
        let fresh = try TargetSession(
            target, playbook: playbook, settings: settings, applicationName: "tidegate lane \(number)")
        let ids = try Entities(on: fresh.connection).register(playbook.entities.map(\.name))
        session = fresh
        knowsParked = false
        return try BatchApplier(playbook, ids: ids, session: fresh, reader: source.map(SourceReader.init))
    }

    /// The keys with events in quarantine, by entity in the playbook's order; nil when nothing can have changed.
    func readParked(_ playbook: CompiledPlaybook) throws -> [Set<[String]>]? {
        guard !knowsParked, let connection = session?.connection else { return nil }
        let ids = try Entities(on: connection).find()
        let quarantine = Quarantine(on: connection)
        let parked = try playbook.entities.map { try ids[$0.name].map(quarantine.parkedKeys) ?? [] }
        knowsParked = true
        return parked
    }

    /// Says in the ledger what keeps partitions from going on, or that they go on; what goes wrong is only not shown.
    func show(_ stall: Stall?, of checkpoints: [Checkpoint]) {
        guard let connection = session?.connection, connection.isAlive, !checkpoints.isEmpty else { return }
        if let stall {
            try? Stalls(on: connection).note(stall, of: checkpoints)
        } else {
            try? Stalls(on: connection).clear(checkpoints.map(\.partition), of: flow)
        }
    }

    /// The waves of an entity whose rows are applied; none while the ledger cannot be asked.
    func startedWaves(of entity: EntityName) -> [WaveName] {
        guard let connection = session?.connection, connection.isAlive,
            let id = try? Entities(on: connection).find()[entity]
        else { return [] }
        return (try? Scopes(on: connection).read(id).started) ?? []
    }

    /// Other lanes may have set keys aside: read them again.
    func forgetParked() { knowsParked = false }

    /// What the ledger holds of some partitions.
    func checkpoints(of partitions: [TopicPartition]) throws -> [TopicPartition: Checkpoint] {
        guard let connection = session?.connection else { return [:] }
        var found: [TopicPartition: Checkpoint] = [:]
        for topic in Set(partitions.map(\.topic)) {
            found.merge(try Checkpoints(on: connection).find(flow: flow, topic: topic)) { first, _ in first }
        }
        return found
    }

    /// Ends the session.
    func close() {
        session?.connection.close()
        session = nil
    }
}
