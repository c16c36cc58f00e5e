import ChangeEvents
import Foundation
import LibPQ
import Model
import TestSupport
import Testing

/// Every recording of a MySQL or MariaDB source, applied event by event to PostgreSQL tables, ends with the rows that
/// `Fixtures/golden` holds. Those files were checked by hand against the scenarios' SQL; what the connector loses is
/// marked there with its reason. `TIDEGATE_GOLDEN=write` writes the rows again.
@Suite struct MySQLReplayTests {
    static let fixtures = Recording.all.filter { !$0.isPostgres && !$0.isAvro }

    @Test(arguments: fixtures) func rowsAreAsExpected(fixture: Recording) throws {
        try withDatabase { database in
            let connection = try database.connect()
            defer { connection.close() }
            let rows = try replay(fixture, on: connection)
            let golden = Golden(fixture)
            if ProcessInfo.processInfo.environment["TIDEGATE_GOLDEN"] == "write" { try golden.write(rows) }
            #expect(try golden.read() == rows)
        }
    }

    private func replay(_ fixture: Recording, on connection: Connection) throws -> [String] {
        let events = try fixture.events()
        let modes = try fixture.modes()
        let keys = try ScenarioReplay.tables(of: events)
        var lines: [String] = []
        var replays: [String: TableReplay] = [:]
        try connection.execute("create schema copy")
        for table in MySQLTable.all(in: try fixture.script("setup.sql") + fixture.script("changes.sql")) {
            let name = TableName(schema: "fixture", name: table.name)
            guard let key = keys[name] else { continue }
            var columns = table.columns
            if fixture.scenario.hasSuffix("schema-change"), table.name == "product" {
                columns += [("stock", "bigint unsigned"), ("status", "varchar(10)"), ("title", "varchar(20)")]
            }
            let catalog = MySQLTable(name: table.name, columns: columns).catalog(keys: key)
            let list = zip(catalog.columns, catalog.types).map { "\(quotedIdentifier($0.name)) \($1)" }
            try connection.execute(
                "create table copy.\(quotedIdentifier(table.name)) (\(list.joined(separator: ", ")))")
            replays[table.name] = TableReplay(catalog, modes: modes, on: connection)
        }
        let router = EventDecoder(columns: [], modes: modes, table: TableName(schema: "", name: ""))
        for event in events {
            let outcome = try router.decode(event, into: RowBatch(columnCount: 0))
            guard case .otherTable(let name) = outcome, let replay = replays[name.name] else { continue }
            do {
                try replay.apply(event)
            } catch let error as DecodeError {
                lines.append("\(name.name) refused: \(error.code.rawValue) \(error.path)")
            } catch let error as PostgresError where error.sqlState?.classCode == "22" {
                lines.append("\(name.name) refused: \(replay.firstKey) \(error.sqlState?.rawValue ?? "")")
            }
        }
        for (name, replay) in replays.sorted(by: { $0.key < $1.key }) {
            let table = replay.table
            let rows = try table.rows(in: "copy", on: connection).sorted {
                ($0[0] ?? "").count < ($1[0] ?? "").count
                    || (($0[0] ?? "").count == ($1[0] ?? "").count && ($0[0] ?? "") < ($1[0] ?? ""))
            }
            for row in rows {
                let values = zip(table.columns, row).map { "\($0.name)=\(Golden.shown($1))" }
                lines.append("\(name): " + values.joined(separator: " | "))
            }
        }
        return lines
    }
}

/// The expected rows of a recording.
private struct Golden {
    let file: URL

    init(_ fixture: Recording) {
        file = Recording.folder.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "golden/\(fixture.scenario)/\(fixture.variant).txt")
    }

    static func shown(_ value: String?) -> String {
        value.map { $0.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\t", with: "\\t") } ?? "∅"
    }

    /// Lines that begin with a number sign are remarks.
    func read() throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init).filter {
            !$0.hasPrefix("#")
        }
    }

    func write(_ rows: [String]) throws {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        let remarks =
            (try? String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("#") }) ?? []
        let lines = remarks.map(String.init) + rows
        try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
    }
}
