public import LibPQ

extension CompiledPlaybook {
    /// Checks a playbook against its databases and makes SQL of it. Nothing is left behind in either.
    ///
    /// - Parameters:
    ///   - source: a connection to the source, outside a transaction; nil for a source known through its topics alone,
    ///     whose entities must then name their `columns`.
    ///   - target: a connection to the target, outside a transaction.
    /// - Throws: `PlaybookError` of code `mismatch` with everything that does not fit, or of code `database`.
    public static func compile(
        _ playbook: Playbook, source: Connection?, target: Connection
    ) throws(PlaybookError) -> CompiledPlaybook {
        let compiler = PlaybookCompiler(playbook, source: source, target: target, isThorough: false)
        if let compiled = try compiler.compile() { return compiled }
        let errors = compiler.findings.filter { $0.severity == .error }.sorted { $0.location < $1.location }
        throw PlaybookError(
            .mismatch,
            "the playbook \(playbook.file) does not fit its databases in \(errors.count) "
                + (errors.count == 1 ? "place" : "places"),
            findings: errors + compiler.findings.filter { $0.severity != .error })
    }
}
