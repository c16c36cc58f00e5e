public import Model

/// A contract as the ledger holds it: what an entity's events are judged by until a person accepts another one.
public struct PinnedContract: Sendable {
    /// Counts from 1 for each entity.
    public let version: Int
    /// SHA-256 of the contract's canonical text, in hexadecimal.
    public let fingerprint: String
    public let contract: SourceContract
    /// The table as the source's catalog had it: playbooks are compiled against it. nil for a source without a connection.
    public let catalog: CatalogTable?
    /// The end of the source's log before its catalog was read: older events may have an older shape. nil where the source
    /// has no log that could be asked.
    public let position: LSN?
    /// The end of the source's log at the last time that the catalog was found to keep to the contract.
    public let confirmed: LSN?

    /// A contract that is pinned.
    public init(
        version: Int, fingerprint: String, contract: SourceContract, catalog: CatalogTable?, position: LSN?,
        confirmed: LSN?
    ) {
        self.version = version
        self.fingerprint = fingerprint
        self.contract = contract
        self.catalog = catalog
        self.position = position
        self.confirmed = confirmed
    }
}
