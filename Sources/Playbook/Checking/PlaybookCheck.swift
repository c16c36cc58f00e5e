public import LibPQ
import Model

/// Everything that `tidegate check` finds: what keeps a playbook from running, and what makes a promise weaker.
public struct PlaybookCheck: Sendable {
    /// What was found, in file order.
    public let findings: [Finding]
    /// The compiled playbook, if nothing keeps it from running.
    public let compiled: CompiledPlaybook?

    /// How many findings are of a severity.
    public func count(_ severity: Finding.Severity) -> Int { findings.count { $0.severity == severity } }

    /// Whether there is an error among the findings.
    public var hasErrors: Bool { count(.error) > 0 }

    /// Checks a playbook against its databases and what it says of the connector. Nothing is left behind in either.
    ///
    /// - Parameters:
    ///   - source: a connection outside a transaction; nil for a source known through its topics alone.
    ///   - target: a connection outside a transaction.
    /// - Throws: `PlaybookError` of code `database` when a database cannot be asked.
    public init(_ playbook: Playbook, source: Connection?, target: Connection) throws(PlaybookError) {
        let compiler = PlaybookCompiler(playbook, source: source, target: target, isThorough: true)
        let compiled = try compiler.compile()
        do {
            try compiler.checkTargetRole()
            try compiler.checkSourceServer()
            try compiler.checkReplicas()
        } catch {
            throw PlaybookError(.database, "a database could not be asked", underlying: error)
        }
        compiler.checkSourceTables()
        compiler.checkAttribution()
        compiler.checkWhatIsNotInForce()
        compiler.checkConnector()
        compiler.checkKafka()
        var found = compiler.findings
        if let compiled, let source, !compiler.hasErrors {
            found += try Self.reverseFindings(compiled, source: source, target: target)
        }
        findings = found.sorted { ($0.location, $0.message) < ($1.location, $1.message) }
        self.compiled = findings.contains { $0.severity == .error } ? nil : compiled
    }

    /// What is found about the way back: a mapping that has none is an error, servers and roles may be made ready later.
    private static func reverseFindings(
        _ forward: CompiledPlaybook, source: Connection, target: Connection
    ) throws(PlaybookError) -> [Finding] {
        guard let reversed = forward.playbook.reversed(from: forward) else { return [] }
        let compiler = PlaybookCompiler(reversed, source: target, target: source, isThorough: false, forward: forward)
        _ = try compiler.compile()
        let mapping = compiler.findings.count
        do {
            try compiler.checkTargetRole()
            try compiler.checkSourceServer()
        } catch {
            throw PlaybookError(.database, "a database could not be asked", underlying: error)
        }
        compiler.checkSourceTables()
        // Notes are about both flows alike.
        return (compiler.findings.prefix(mapping) + compiler.findings.dropFirst(mapping).map(\.asWarning))
            .filter { $0.severity != .note }
    }
}
