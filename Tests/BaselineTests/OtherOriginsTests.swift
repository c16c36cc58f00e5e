import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import StreamSupport
import TestSupport
import Testing

/// Baselines of sources that cannot be read directly.
@Suite(.serialized) struct OtherOriginsTests {
    /// Everything running; rows were written, changed, and skipped by the stream as pending.
    private func withSkippedChanges(_ body: (StreamedFixture, Connection) throws -> Void) throws {
        try withStream(
            tables: "CREATE TABLE t (id bigint PRIMARY KEY, \(HandoverTests.columns))",
            targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, \(HandoverTests.columns))",
            entities: HandoverTests.entity, waves: HandoverTests.all
        ) { fixture in
            let source = try Connection(fixture.source, applicationName: "test")
            try source.execute("INSERT INTO t SELECT i, 'EU', 0, repeat('x', i) FROM generate_series(1, 300) i")
            try fixture.drain()
            try body(fixture, source)
            try fixture.drain()
            let differences = try fixture.differences(HandoverTests.query)
            #expect(differences.isEmpty, "\(differences.prefix(8))")
            #expect(try Status(on: fixture.target.connect()).scopes.first?.state == "live")
        }
    }

    @Test func exportedFilesMeetAStreamThatWasAheadOfThem() throws {
        try withSkippedChanges { fixture, source in
            let folder = try FileManager.default.url(
                for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: URL(fileURLWithPath: "/tmp"),
                create: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            var file = Data()
            try source.copyOut("COPY (SELECT large, id, region, version FROM t) TO STDOUT (FORMAT csv, HEADER)") {
                file.append(contentsOf: $0)
            }
            try file.write(to: folder.appendingPathComponent("t.csv"))
            // Skipped by the stream, and not in the file.
            try source.execute("DELETE FROM t WHERE id % 7 = 0; UPDATE t SET version = 1 WHERE id % 5 = 0")
            try fixture.drain()
            try fixture.load("all") { options in
                options.source = nil
                options.origin = .csv
                options.folder = folder.path
            }
            let status = try Status(on: fixture.target.connect())
            #expect(status.scopes.first?.origin == "csv" && status.scopes.first?.rows == 300)
        }
    }

    @Test func aFileWithoutTheKeyIsRefusedByName() throws {
        try withSkippedChanges { fixture, _ in
            let folder = try FileManager.default.url(
                for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: URL(fileURLWithPath: "/tmp"),
                create: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let path = folder.appendingPathComponent("t.csv")
            try Data("region,colour\nEU,red\n".utf8).write(to: path)
            let error = #expect(throws: BaselineError.self) {
                try fixture.load("all") { options in
                    options.source = nil
                    options.origin = .csv
                    options.folder = folder.path
                }
            }
            #expect(error?.code == .file)
            #expect(error?.message.contains("1 of its 2 fields is unknown, at position 2") == true)
            #expect(error?.message.contains("expected are names out of id, ") == true)
            // A file without a header has a row in the first line, which is nobody's business.
            #expect(error?.message.contains("colour") == false)
            try Data("id,region,version,large\n".utf8).write(to: path)
            try fixture.load("all") { options in
                options.source = nil
                options.origin = .csv
                options.folder = folder.path
            }
        }
    }

    @Test func theTopicAloneBringsEverythingThatItHolds() throws {
        try withSkippedChanges { fixture, source in
            try source.execute("DELETE FROM t WHERE id % 7 = 0; UPDATE t SET id = id + 1000 WHERE id % 5 = 0")
            try fixture.drain()
            try fixture.load("all") { options in
                options.source = nil
                options.origin = .topic
            }
        }
    }
}
