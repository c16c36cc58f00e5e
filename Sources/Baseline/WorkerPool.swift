import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import Synchronization
import Throttling

/// The load threads of one process. Each takes chunks until none is left, together with those of other processes.
final class WorkerPool: Sendable {
    private let options: LoadOptions
    private let playbook: Playbook
    private let entities: [LoadingEntity]
    /// For each entity, those whose chunks must all be merged before one of its own is begun.
    private let predecessors: [EntityName: Set<EntityName>]
    private let count: Int
    private let failure = Mutex<(any Error)?>(nil)

    init(
        options: LoadOptions, playbook: CompiledPlaybook, entities: [LoadingEntity], count: Int
    ) {
        self.options = options
        self.playbook = playbook.playbook
        self.entities = entities
        self.count = count
        predecessors = Dictionary(
            uniqueKeysWithValues: entities.map { entity in
                (entity.name, Self.predecessors(of: entity, among: entities, playbook))
            })
    }

    /// What a row's parents decide must find them there: with foreign keys in force whether it can be written at all,
    /// else what its lookups give; and, for a file, whether it is in a scope by parent. In a circle nobody can be first.
    private static func predecessors(
        of entity: LoadingEntity, among entities: [LoadingEntity], _ playbook: CompiledPlaybook
    ) -> Set<EntityName> {
        let circle = playbook.cycles.first { $0.contains(entity.name) } ?? []
        let hasKeys = playbook.playbook.target.references == .wait
        var names = Set(hasKeys ? entity.entity.parents : entity.entity.lookups).subtracting(circle)
        if entity.origin == .csv, let parent = entity.sql.scope.parent { names.insert(parent) }
        return names.intersection(entities.map(\.name))
    }

    /// Runs them until every chunk is merged.
    ///
    /// - Throws: the first error of a worker that is not worth another try; the others stop at their next chunk.
    func run() throws {
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            let thread = Thread { [self] in
                defer { group.leave() }
                do {
                    try work(number)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
            thread.name = "load-\(number)"
            thread.start()
        }
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private var shouldStop: Bool { options.shouldStop() || failure.withLock { $0 != nil } }

    /// One worker: opens its sessions again when they break, a growing while apart.
    private func work(_ number: Int) throws {
        let name = "tidegate load \(ProcessInfo.processInfo.processIdentifier)/\(number)"
        var turn = ThrottledWorker(options.throttle, number: number, of: count)
        var patience = Patience()
        while true {
            do {
                let loader = try makeLoader(name)
                try loadAll(loader, &turn) { patience.succeed() }
                return
            } catch let error as LedgerError where error.code == .chunkLost {
                continue
            } catch let error as PostgresError where patience.allows(error) {
                options.report(.waiting(for: "another try after: \(error)"))
                guard patience.pause(unless: { shouldStop }) else { throw error }
            } catch let error as BaselineError where error.code == .referenced && patience.allowsAnother() {
                options.report(.waiting(for: "the stream: \(error)"))
                guard patience.pause(unless: { shouldStop }) else { throw error }
            }
        }
    }

    private func makeLoader(_ name: String) throws -> any ChunkSource {
        if let string = options.source, options.origin == .source {
            return try ChunkLoader(options, source: string, for: playbook, name: name)
        }
        return try FileLoader(options, for: playbook, name: name)
    }

    private func loadAll(
        _ loader: any ChunkSource, _ turn: inout ThrottledWorker, _ progressed: () -> Void
    ) throws {
        var open = entities
        while !open.isEmpty {
            var took = false
            for entity in open where !isBehind(entity, open) {
                while try !loader.isComplete(entity) {
                    try loader.waitWhilePaused(entity.wave) { shouldStop }
                    turn.wait { shouldStop }
                    if shouldStop { throw BaselineError(.stopped, "stopped; running the load again goes on from here") }
                    guard try turn.work({ try loader.loadNext(entity) }) else { break }
                    took = true
                    progressed()
                }
            }
            try open.removeAll { try loader.isComplete($0) }
            if !took, !open.isEmpty { try loader.waitABit() }
        }
    }

    /// Whether an entity has to wait for one that is not complete.
    private func isBehind(_ entity: LoadingEntity, _ open: [LoadingEntity]) -> Bool {
        guard let names = predecessors[entity.name], !names.isEmpty else { return false }
        return open.contains { names.contains($0.name) }
    }
}
