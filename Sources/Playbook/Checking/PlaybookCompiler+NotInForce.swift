import Model

extension PlaybookCompiler {
    /// Names what the playbook asks for and this version does in part.
    func checkWhatIsNotInForce() {
        guard playbook.source.postgres == nil else { return }
        let owners = (playbook.ownership?.rules.map(\.owner) ?? []) + [playbook.ownership?.defaultOwner ?? .source]
        if let ownership = playbook.ownership, owners.contains(.target) {
            note(
                .notInForce, at: ownership.location,
                "without a connection to the source, what the target owns does not flow back to it",
                advice: "add source: { postgres: ... } if the database can be reached")
        }
        for scope in playbook.waves.flatMap(\.scopes) {
            guard case .via(let parent, _) = scope.rows else { continue }
            note(
                .notInForce, at: scope.location,
                "without a connection to the source, a change of \(scope.entity.value) that comes ahead of its row of "
                    + "\(parent.value), which is on another partition, is skipped as pending",
                advice: "add source: { postgres: ... }, or use all or SQL")
        }
    }
}
