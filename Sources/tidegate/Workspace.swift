import Ledger
import LibPQ
import Model
import Playbook
import Sync

/// A playbook with its databases open, as a command works with it.
struct Workspace {
    let playbook: CompiledPlaybook
    let target: ConnectionString
    /// nil for a source that is known through its topics alone.
    let source: ConnectionString?
    let targetConnection: Connection
    let sourceConnection: Connection?
    /// The contracts with the source that are in force: the playbook was compiled against them.
    let contracts: [EntityName: PinnedContract]
    /// What the ledger said of playbook and contracts in force when they were read.
    let edition: String

    /// Opens the databases, compiles the playbook, sets the ledger up and pins playbook and contracts in it.
    ///
    /// A playbook that is in force is compiled against the contracts in force, whatever the source has become since: what
    /// differs is for `sync` to notice, not for a restart to take up.
    ///
    /// - Parameter activating: whether a playbook that differs from the one in force replaces it.
    /// - Throws: what is wrong with the playbook or the databases.
    init(_ playbook: Playbook, command: String, activating: Bool) throws {
        target = try playbook.target.postgres.connectionString()
        source = try playbook.source.postgres?.connectionString()
        targetConnection = try Connection(target, applicationName: "tidegate \(command)")
        sourceConnection = try source.map { source throws(PostgresError) in
            try Connection(source, applicationName: "tidegate \(command)")
        }
        let position = try sourceConnection.map(SourceLog.init)?.end()
        self.playbook = try CompiledPlaybook.compile(
            playbook, source: sourceConnection, target: targetConnection,
            pinned: try Self.pinned(playbook, on: targetConnection))
        try Migrations().apply(on: targetConnection)
        try Audit.identify(Actor.current, on: targetConnection)
        _ = try Entities(on: targetConnection).register(self.playbook.entities.map(\.name))
        let isNew = try Self.pin(self.playbook, activating, on: targetConnection)
        let ledger = Contracts(on: targetConnection)
        try ledger.pin(self.playbook, at: position, onlyNew: !isNew)
        // Read before the contracts: one that is put in force in between is noticed.
        edition = try ledger.edition(of: playbook.name)
        contracts = try ledger.inForce()
    }

    /// The reverse flow's playbook, with its ledger set up in the source.
    ///
    /// - Throws: when nothing flows back, and why.
    func reverse() throws -> CompiledPlaybook {
        guard let sourceConnection else {
            throw CommandFailure("the playbook has no source.postgres: there is nowhere for changes to flow back to")
        }
        guard let reversed = try playbook.reversed(source: sourceConnection, target: targetConnection) else {
            throw CommandFailure(
                "nothing flows back: no rule of the playbook's ownership gives the target anything, and reverse.entities "
                    + "names nothing")
        }
        try Migrations().apply(on: sourceConnection)
        try Audit.identify(Actor.current, on: sourceConnection)
        _ = try Entities(on: sourceConnection).register(reversed.entities.map(\.name))
        return reversed
    }

    /// The source's tables as the contracts in force have them, if the playbook is the one in force.
    private static func pinned(_ playbook: Playbook, on target: Connection) throws -> [EntityName: CatalogTable] {
        guard try Migrations().isApplied(on: target),
            try Playbooks(on: target).active(playbook.name) == playbook.hash(on: target)
        else { return [:] }
        return try Contracts(on: target).inForce().compactMapValues(\.catalog)
    }

    /// - Returns: whether the playbook was not in force before.
    private static func pin(_ playbook: CompiledPlaybook, _ activating: Bool, on target: Connection) throws -> Bool {
        let playbooks = Playbooks(on: target)
        let active = try playbooks.active(playbook.name)
        if active == playbook.hash { return false }
        guard active == nil || activating else {
            throw CommandFailure(
                """
                \(playbook.playbook.file) is not the playbook that is in force for \(playbook.name); compare them with \
                `tidegate playbook diff`, then put it in force: `tidegate playbook activate`, or run sync or load with --activate
                """)
        }
        try playbooks.activate(playbook.name, hash: playbook.hash, content: playbook.playbook.textWithoutSecrets)
        return true
    }
}
