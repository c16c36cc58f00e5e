import ChangeEvents
import Ledger
import LibPQ
import Model
import Playbook
import TestSupport

@testable import Sync

/// A lane that is given its events one by one, so that a test decides which of several is ahead.
final class HandFedLane {
    let batch: LaneBatch
    let applier: BatchApplier
    private let connections: LaneConnections
    private var clock = LaneClock()
    private var offset: Int64 = 0

    /// A lane with one partition of a table's topic.
    init(_ sync: SyncFixture, _ table: String, partition: Int32 = 0, hasSource: Bool = true) throws {
        let modes = try ConnectorModes(properties: sync.playbook.playbook.source.connectorProperties)
        batch = LaneBatch(sync.playbook, modes: modes, lanes: 1)
        connections = LaneConnections(
            target: try sync.target.connectionString, source: hasSource ? try sync.source.connectionString : nil,
            flow: .forward)
        applier = try connections.makeApplier(sync.playbook, number: Int(partition))
        let place = TopicPartition(topic: "t.public.\(table)", partition: partition)
        let claimed = try Checkpoints(on: sync.targetSession).claim(flow: .forward, partitions: [place], owner: "test")
        guard let checkpoint = claimed[place] else { throw SyncError(.missingTopic, "\(place)") }
        batch.partitions = [PartitionProgress(checkpoint)]
    }

    deinit { connections.close() }

    /// Takes an event; applies what was taken before where the event needs it.
    func take(_ event: WrittenEvent) throws {
        guard let index = batch.entities.firstIndex(where: { $0.entity.source.name == event.table }) else { return }
        let entity = batch.entities[index]
        while true {
            let outcome = try lend(event.key) { key in
                try lend(event.value) { value in
                    try lend(event.headers.first { $0.0 == EventHeaders.newKeyName }?.1) { newKey in
                        try lend(event.headers.first { $0.0 == EventHeaders.oldKeyName }?.1) { oldKey in
                            try entity.decoder.decode(
                                key: key, value: value, headers: EventHeaders(newKey: newKey, oldKey: oldKey),
                                into: entity.rows, partitionIndex: 0, offset: offset)
                        }
                    }
                }
            }
            guard case .row(let row) = outcome else { return }
            let header = entity.rows.header(row)
            if entity.reduce(row) == .barrier {
                try apply()
                continue
            }
            batch.partitions[0]?.take(
                RecordMark(offset: offset, timestamp: nil, keyBytes: nil, valueBytes: nil), position: header.position)
            batch.count(bytes: event.value?.utf8.count ?? 0)
            offset += 1
            return
        }
    }

    /// Applies what was taken.
    @discardableResult
    func apply(isPatient: Bool = false) throws -> BatchApplier.Applied {
        let applied = try applier.apply(batch, events: MessageSource([]), isPatient: isPatient, clock: &clock)
        batch.committed()
        return applied
    }

    /// Takes events and applies them.
    func apply(_ events: WrittenEvent...) throws {
        for event in events { try take(event) }
        try apply()
    }

    private func lend<Outcome>(
        _ text: String?, _ body: (UnsafeRawBufferPointer?) throws -> Outcome
    ) throws -> Outcome {
        try lend(text.map { Array($0.utf8) }, body)
    }

    private func lend<Outcome>(
        _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws -> Outcome
    ) throws -> Outcome {
        guard let bytes else { return try body(nil) }
        return try bytes.withUnsafeBytes { try body($0) }
    }
}
