import Foundation
import Ledger
import LibPQ
import Model
import StreamSupport
import Synchronization
import TestSupport
import Testing

/// The real program, killed by SIGKILL at each of a load's moments, with writes going on.
@Suite(.serialized) struct KilledLoadTests {
    @Test(arguments: [
        "after-flip", "after-settle", "after-plan", "after-take:3", "after-snapshot:2", "after-read:2",
        "before-commit:4", "after-merge:5", "after-seal", "before-live",
    ])
    func aKilledLoadGoesOnWhereItWas(moment: String) throws {
        try withStream(
            tables: HandoverTests.rows(2_000),
            targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, \(HandoverTests.columns))",
            entities: """
                  t:
                    from: public.t
                    into: public.t
                    key: [id]
                    fields: { id: id, region: "upper(region)", version: version, large: large }
                """, waves: HandoverTests.all
        ) { fixture in
            let folder = try FileManager.default.url(
                for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: URL(fileURLWithPath: "/tmp"),
                create: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let playbook = folder.appendingPathComponent("playbook.yaml").path
            try fixture.playbookText.write(toFile: playbook, atomically: true, encoding: .utf8)
            let writes = WriteLoad(fixture.source, writers: 1, keys: 2_500)
            let killed = try Program(["load", "all", "-p", playbook], pausingAt: "load.\(moment)")
            try killed.waitForPause()
            killed.kill()
            let merged = try Status(on: fixture.target.connect()).scopes.first?.chunksMerged ?? 0
            let again = try Program(["load", "all", "-p", playbook, "--json", "--seal-timeout", "60"])
            #expect(try again.waitForEnd() == 0, "\(again.errors)")
            try writes.stop()
            try fixture.drain()
            let differences = try fixture.differences(HandoverTests.query)
            #expect(differences.isEmpty, "\(differences.prefix(8))")
            let status = try Status(on: fixture.target.connect())
            #expect(status.scopes.first?.state == "live")
            #expect((status.scopes.first?.chunks ?? 0) >= merged)
            if moment.hasPrefix("after-read") {
                // B3: the chunk was begun anew, and its rows counted again.
                let attempts = try fixture.target.connect().query("SELECT max(attempt) FROM tidegate.chunk").scalar
                #expect(attempts == "2")
            }
        }
    }
}

/// The program under test, as a process.
private final class Program {
    private let process = Process()
    private let errorPipe = Pipe()
    private let text = Text()

    var errors: String { text.value.withLock { $0 } }

    private final class Text: Sendable {
        let value = Mutex("")
    }

    init(_ arguments: [String], pausingAt moment: String? = nil) throws {
        process.executableURL = URL(fileURLWithPath: try TidegateExecutable.path())
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        environment["TIDEGATE_PAUSE_AT"] = moment
        process.environment = environment
        process.standardError = errorPipe
        process.standardOutput = FileHandle.nullDevice
        errorPipe.fileHandleForReading.readabilityHandler = { [text] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            text.value.withLock { $0 += String(decoding: data, as: UTF8.self) }
        }
        try process.run()
    }

    func waitForPause() throws {
        try waitUntil("the program pauses", within: .seconds(60)) {
            try #require(process.isRunning, "the program ended: \(errors)")
            return errors.contains("paused at")
        }
    }

    /// SIGKILL, which a stopped process obeys too.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func waitForEnd() throws -> Int32 {
        try waitUntil("the program ends", within: .seconds(120)) { !process.isRunning }
        return process.terminationStatus
    }
}
