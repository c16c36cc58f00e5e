import ChangeEvents
import LibPQ
import Model
import TestSupport
import Testing

/// A table that is altered while its events are decoded, each with the catalog of its time.
@Suite struct SchemaChangeReplayTests {
    static let fixtures = ["json", "json-schema"].map { Recording(scenario: "pg-schema-change", variant: $0) }

    @Test(arguments: fixtures) func everyEventIsReadWithItsCatalog(fixture: Recording) throws {
        try withDatabase { database in
            let source = try database.connect()
            let copy = try database.connect()
            defer {
                source.close()
                copy.close()
            }
            let name = TableName(schema: "public", name: "product")
            var events = try fixture.events()[...]
            try source.execute("create schema copy")
            try copy.execute("set search_path = copy, public")
            for statement in SourceScript(try fixture.script("setup.sql") + fixture.script("changes.sql")).statements {
                if ["begin;", "commit;"].contains(where: { statement.hasPrefix($0) }) { continue }
                try source.execute(statement)
                guard statement.hasPrefix("insert") || statement.hasPrefix("update") else {
                    try copy.execute(statement)
                    continue
                }
                let next = events.popFirst()
                let event = try #require(next)
                guard event.topic == "src.public.product" else { continue }
                let keys = Set(try ScenarioReplay.tables(of: [event])[name] ?? [])
                let table = try CatalogTable(name, keys: keys, on: source)
                try TableReplay(table, modes: try fixture.modes(), on: source).apply(event)
                let rows = try table.rows(in: "public", on: source).map { $0.map { $0 ?? "null" } }
                let copies = try table.rows(in: "copy", on: source).map { $0.map { $0 ?? "null" } }
                #expect(rows.sorted { $0[0] < $1[0] } == copies.sorted { $0[0] < $1[0] }, "after \(statement)")
            }
            #expect(events.isEmpty)
        }
    }
}
