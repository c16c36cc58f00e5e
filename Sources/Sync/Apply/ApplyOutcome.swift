internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// What applying a batch came to, beyond what was written.
struct ApplyOutcome {
    /// A key that the target rejects.
    struct Rejection {
        let entity: Int
        /// The rows of the batch that bear the key, in order; the last is the final image.
        let rows: [Int]
        let error: any Error
    }

    /// Final images that were taken out of the stage.
    var skipped: [SkippedImages] = []
    /// What the target rejects.
    private(set) var rejections: [Rejection] = []
    /// The rows of all rejections, by entity.
    private(set) var rejected: [Int: Set<Int>] = [:]

    /// What was not written because the target owns it, by entity and field.
    private(set) var suppressed: [Int: [String: SuppressedCount]] = [:]
    /// Events that changed what the other side owns, by entity.
    private(set) var violations: [Int: [Violation]] = [:]
    /// Known defects of the images, by entity.
    private(set) var defects: [Int: [FoundDefect: Int]] = [:]

    /// Takes in what staging came to.
    mutating func add(_ staged: StageOutcome, of entity: Int, _ batch: EntityBatch) {
        skipped += staged.skipped
        for (image, error) in staged.refused { reject(image, of: entity, batch, error) }
        for (field, count) in staged.suppressed {
            suppressed[entity, default: [:]][field, default: SuppressedCount()].writes += count.writes
        }
        if !staged.defects.isEmpty { defects[entity, default: [:]].merge(staged.defects, uniquingKeysWith: +) }
        for violation in staged.violations {
            violations[entity, default: []].append(violation)
            for field in violation.fields {
                suppressed[entity, default: [:]][field, default: SuppressedCount()].violations += 1
            }
        }
    }

    /// Notes that a final image was rejected, and with it the rows that it superseded.
    mutating func reject(_ image: Int, of entity: Int, _ batch: EntityBatch, _ error: any Error) {
        let rows = batch.rowsOfKey(of: image)
        rejections.append(Rejection(entity: entity, rows: rows, error: error))
        rejected[entity, default: []].formUnion(rows)
    }

    /// The rejected events, with their bytes.
    func rejections(of batch: LaneBatch, _ events: MessageSource) -> [SetAside] {
        rejections.flatMap { rejection in
            rejection.rows.compactMap { row in
                let entity = batch.entities[rejection.entity]
                let header = entity.rows.header(row)
                let place = Int(header.partitionIndex)
                guard let partition = batch.partitions[place]?.checkpoint.partition else { return nil }
                return SetAside(
                    partitionIndex: place, offset: header.offset, entity: rejection.entity, key: entity.key(of: row),
                    reason: reason(of: rejection.error),
                    sqlState: sqlState(of: rejection.error)?.rawValue, message: "\(rejection.error)",
                    bytes: events.bytes(partition, offset: header.offset),
                    obstacle: obstacle(of: rejection.error))
            }
        }
    }
}

/// Final images of one partition that the state of the target or the ledger took out of the stage.
struct SkippedImages {
    let partitionIndex: Int
    let reason: SkipReason
    let count: Int
}
