public import LibPQ
public import Model

extension CompiledPlaybook {
    /// Checks a playbook against its databases and makes SQL of it. Nothing is left behind in either.
    ///
    /// - Parameters:
    ///   - source: a connection to the source, outside a transaction; nil for a source known through its topics alone,
    ///     whose entities must then name their `columns`.
    ///   - target: a connection to the target, outside a transaction.
    ///   - pinned: source tables as they were when their contracts were pinned: they count instead of the source's own.
    /// - Throws: `PlaybookError` of code `mismatch` with everything that does not fit, or of code `database`.
    public static func compile(
        _ playbook: Playbook, source: Connection?, target: Connection, pinned: [EntityName: CatalogTable] = [:]
    ) throws(PlaybookError) -> CompiledPlaybook {
        let compiler = PlaybookCompiler(playbook, source: source, target: target, isThorough: false, pinned: pinned)
        return try compiler.compileOrExplain()
    }

    /// Compiles a playbook whose waves are still to be planned: a foreign key that a wave cuts is no error but returned.
    ///
    /// - Parameters:
    ///   - source: as of `compile`.
    ///   - target: as of `compile`.
    ///   - asksRows: whether the source's rows are asked what a wave cuts, each time for at most 15 seconds; what was not
    ///     found out is among the playbook's findings. Else only parents that no wave takes are found.
    /// - Throws: `PlaybookError` as `compile` does.
    public static func survey(
        _ playbook: Playbook, source: Connection?, target: Connection, asksRows: Bool
    ) throws(PlaybookError) -> (playbook: CompiledPlaybook, cuts: [WaveCut]) {
        let compiler = PlaybookCompiler(playbook, source: source, target: target, isThorough: asksRows, isSurvey: true)
        return (try compiler.compileOrExplain(), compiler.cuts)
    }

    /// The reverse flow's playbook: from the target to the source, of the entities of which the target may own anything.
    ///
    /// - Parameters:
    ///   - source: a connection to the source of the migration, outside a transaction.
    ///   - target: one to its target.
    /// - Returns: nil when nothing flows back.
    /// - Throws: `PlaybookError` as `compile` does, in the words of the flow, whose source is the target.
    public func reversed(source: Connection, target: Connection) throws(PlaybookError) -> CompiledPlaybook? {
        guard let reversed = playbook.reversed(from: self) else { return nil }
        let compiler = PlaybookCompiler(reversed, source: target, target: source, isThorough: false, forward: self)
        return try compiler.compileOrExplain()
    }
}

extension PlaybookCompiler {
    fileprivate func compileOrExplain() throws(PlaybookError) -> CompiledPlaybook {
        if let compiled = try compile() { return compiled }
        let errors = findings.filter { $0.severity == .error }.sorted { $0.location < $1.location }
        throw PlaybookError(
            .mismatch,
            "the playbook \(playbook.file) does not fit its databases in \(errors.count) "
                + (errors.count == 1 ? "place" : "places"),
            findings: errors + findings.filter { $0.severity != .error })
    }
}
