internal import Ledger

/// An event on its way into the quarantine, with its bytes.
struct SetAside {
    /// The place of its partition among the lane's.
    let partitionIndex: Int
    let offset: Int64
    /// The place of its entity in the playbook.
    let entity: Int
    /// The source key, where it could be read.
    let key: [String]?
    /// A word: undecodable, rejected, behind.
    let reason: String
    let sqlState: String?
    /// What is wrong, without row values.
    let message: String
    /// The message; nil when it is no longer held.
    let bytes: EventBytes?
    /// What would let it be applied, as far as that is known.
    var obstacle: QuarantinedEvent.Obstacle?

    /// The ledger's form of it.
    func quarantined(in checkpoint: Checkpoint, entity id: EntityID) -> QuarantinedEvent {
        var event = QuarantinedEvent(
            flow: checkpoint.flow, entity: id, partition: checkpoint.partition, offset: offset, key: key,
            reason: reason, sqlState: sqlState, message: message, eventKey: bytes?.key, eventValue: bytes?.value,
            headers: bytes?.headers)
        event.obstacle = obstacle
        event.allHeaders = bytes?.allHeaders
        return event
    }
}
