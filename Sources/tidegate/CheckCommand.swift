import ArgumentParser
import Foundation
import LibPQ
import Model
import Playbook
import RDKafka

/// `tidegate check`: finds what is wrong with a playbook before anything runs.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a playbook against its file, both databases and the connector's settings.",
        discussion: """
            Reads both catalogs, has the target plan every expression, and writes nothing in either database. Each \
            finding names file, line and column, what was expected and what to do.

            \(
                ExitStatus.help(
                    "there are no errors (there may be warnings)", problems: "errors were found",
                    cannot: "the check could not be made (the file cannot be read, a server cannot be reached)"))
            """)

    @Option(name: [.short, .customLong("playbook")], help: "The playbook.")
    var playbook = "playbook.yaml"

    @Flag(help: "Print the findings as JSON.")
    var json = false

    func run() throws {
        do {
            let playbook = try Playbook(contentsOf: self.playbook)
            let check = try CheckRun(playbook).findings()
            try finish(check)
        } catch let error as PlaybookError where !error.findings.isEmpty {
            try finish(error.findings)
        } catch let error as ExitCode {
            throw error
        } catch {
            FileHandle.standardError.write(Data("tidegate check: \(error)\n".utf8))
            throw ExitStatus.cannotRun
        }
    }

    private func finish(_ findings: [Finding]) throws {
        let report = FindingsReport(findings, playbook: playbook)
        print(json ? try report.json() : report.text)
        if findings.contains(where: { $0.severity == .error }) { throw ExitStatus.foundProblems }
    }
}

/// What a check looks at besides the file.
private struct CheckRun {
    let playbook: Playbook

    init(_ playbook: Playbook) { self.playbook = playbook }

    func findings() throws -> [Finding] {
        var findings: [Finding] = []
        let source = try collect(&findings) { () throws(PlaybookError) -> ConnectionString? in
            try playbook.source.postgres?.connectionString()
        }
        let target = try collect(&findings) { () throws(PlaybookError) -> ConnectionString? in
            try playbook.target.postgres.connectionString()
        }
        _ = try collect(&findings) { () throws(PlaybookError) in try CompiledPlaybook.sessionSettings(of: playbook) }
        let refused = try collect(&findings) { () throws(PlaybookError) -> [Finding]? in try refusedProperties() }
        findings += refused ?? []
        guard let target, !findings.contains(where: { $0.severity == .error }) else {
            return playbook.findings + findings
        }
        let check = try PlaybookCheck(
            playbook, source: source.map { try Connection($0, applicationName: "tidegate check") },
            target: Connection(target, applicationName: "tidegate check"))
        return check.findings + findings
    }

    /// Takes what a missing secret or a malformed text says among the findings, and goes on.
    private func collect<Value>(
        _ findings: inout [Finding], _ body: () throws(PlaybookError) -> Value?
    ) throws(PlaybookError) -> Value? {
        do {
            return try body()
        } catch {
            guard !error.findings.isEmpty else { throw error }
            findings += error.findings
            return nil
        }
    }

    private func refusedProperties() throws(PlaybookError) -> [Finding] {
        guard !playbook.kafka.brokers.isEmpty else { return [] }
        var findings: [Finding] = []
        let properties = try playbook.kafka.resolvedProperties().reveal()
        for (name, value) in properties {
            do {
                try Configuration([name: value]).validate()
            } catch {
                let place = playbook.kafka.properties[name]?.location ?? playbook.kafka.location
                findings.append(
                    Finding(
                        .error, .kafka, at: place, "librdkafka refuses the property \(name)",
                        expected: "a property of librdkafka with a value that it takes",
                        advice: "see librdkafka's CONFIGURATION.md"))
            }
        }
        return findings
    }
}
