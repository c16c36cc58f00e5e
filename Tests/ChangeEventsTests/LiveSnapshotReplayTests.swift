import ChangeEvents
import Foundation
import LibPQ
import Model
import TestSupport
import Testing

/// A snapshot taken while the source was written to, which no second run repeats: the rows must be those that a fold
/// over the JSON itself comes to.
@Suite struct LiveSnapshotReplayTests {
    static let fixtures = ["json", "json-lock-free-parallel"].map {
        Recording(scenario: "pg-snapshot-live", variant: $0)
    }

    @Test(arguments: fixtures) func rowsAreThoseOfTheJSON(fixture: Recording) throws {
        try withDatabase { database in
            let connection = try database.connect()
            defer { connection.close() }
            try SourceScript(try fixture.script("setup.sql")).run(on: connection)
            try connection.execute("create schema copy")
            let events = try fixture.events()
            for (table, columns) in [("counter", ["id", "n"]), ("journal", ["id", "counter", "n"])] {
                let name = TableName(schema: "public", name: table)
                try connection.execute("create table copy.\(table) as select * from public.\(table) with no data")
                let replay = TableReplay(
                    try CatalogTable(name, keys: ["id"], on: connection), modes: try fixture.modes(), on: connection)
                let ours = events.filter { $0.topic == "src.public.\(table)" }
                for event in ours { try replay.apply(event) }
                let rows = try connection.query(
                    "select \(columns.joined(separator: ", ")) from copy.\(table) order by id"
                ).rows.map { row in columns.indices.map { row[$0] ?? "null" } }
                #expect(rows.count > 9)
                #expect(rows == (try Self.fold(ours, columns)), "\(table)")
            }
        }
    }

    /// The last `after` of each key that has not been deleted since, in the order of the keys.
    private static func fold(_ events: [RecordedEvent], _ columns: [String]) throws -> [[String]] {
        var rows: [Int: [String]] = [:]
        for event in events {
            guard let value = event.value,
                let envelope = try JSONSerialization.jsonObject(with: Data(value)) as? [String: Any],
                let image = (envelope["after"] ?? nil) as? [String: Any] ?? envelope["before"] as? [String: Any],
                let key = image["id"] as? Int
            else { continue }
            let isDelete = envelope["op"] as? String == "d"
            rows[key] = isDelete ? nil : columns.map { (image[$0] as? Int).map(String.init) ?? "null" }
        }
        return rows.sorted { $0.key < $1.key }.map(\.value)
    }
}
