/// What has been decided about ownership since the playbook was written: part of the ledger, moved in one transaction.
public struct OwnershipEpoch: Hashable, Sendable {
    /// Grows with each transfer; 0 is the playbook alone.
    public let number: Int64
    /// The waves whose rules (`from: wave eu`) are in force.
    public let waves: Set<WaveName>
    /// Transfers of entities and fields, oldest first. They come after the playbook's rules, so they win.
    public let transfers: [OwnershipTransfer]
    /// Where the log of each side ended when it began: a side's changes below were made under another epoch.
    public let began: [Side: LSN]

    /// An epoch from its parts.
    public init(
        number: Int64 = 0, waves: Set<WaveName> = [], transfers: [OwnershipTransfer] = [], began: [Side: LSN] = [:]
    ) {
        self.number = number
        self.waves = waves
        self.transfers = transfers
        self.began = began
    }
}

/// The ownership of an entity or of some of its fields, given to one side for all rows.
public struct OwnershipTransfer: Hashable, Sendable {
    public let entity: EntityName
    /// The target columns; empty for all.
    public let fields: [String]
    /// Who owns them from then on.
    public let owner: Side

    /// A transfer.
    public init(entity: EntityName, fields: [String], owner: Side) {
        self.entity = entity
        self.fields = fields
        self.owner = owner
    }

    /// Whether it is about a field.
    public func takes(_ field: String, of entity: EntityName) -> Bool {
        self.entity == entity && (fields.isEmpty || fields.contains(field))
    }
}
