import Ledger
import LibPQ
import Playbook

/// A playbook with its databases open, as a command works with it.
struct Workspace {
    let playbook: CompiledPlaybook
    let target: ConnectionString
    /// nil for a source that is known through its topics alone.
    let source: ConnectionString?
    let targetConnection: Connection
    let sourceConnection: Connection?

    /// Opens the databases, compiles the playbook, sets the ledger up and pins the playbook in it.
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
        self.playbook = try CompiledPlaybook.compile(playbook, source: sourceConnection, target: targetConnection)
        try Migrations().apply(on: targetConnection)
        try Audit.identify(Actor.current, on: targetConnection)
        _ = try Entities(on: targetConnection).register(self.playbook.entities.map(\.name))
        try pin(activating)
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

    private func pin(_ activating: Bool) throws {
        let playbooks = Playbooks(on: targetConnection)
        let active = try playbooks.active(playbook.name)
        if active == playbook.hash { return }
        guard active == nil || activating else {
            throw CommandFailure(
                """
                \(playbook.playbook.file) is not the playbook that is in force for \(playbook.name); \
                check it, then put it in force: run sync or load with --activate
                """)
        }
        try playbooks.activate(playbook.name, hash: playbook.hash, content: playbook.playbook.textWithoutSecrets)
    }
}
