import ChangeEvents
import Foundation
import LibPQ
import Model
import TestSupport

/// Runs a scenario's SQL on a real server, applies the recorded events to copies of the tables, and compares.
struct ScenarioReplay {
    let fixture: Recording
    let connection: Connection

    /// A column of a row whose copy is not what the source holds.
    struct Difference: Hashable, CustomStringConvertible {
        let table: String
        let column: String
        let key: String
        let source: String
        let copy: String
        var description: String { "\(table)[\(key)].\(column): source \(source), copy \(copy)" }

        func isExcused(by loss: KnownLoss, in recording: Recording) -> Bool {
            loss.excuses(column, of: table, key: key, in: recording)
        }
    }

    func run() throws -> [Difference] {
        try SourceScript(try fixture.script("setup.sql")).run(on: connection)
        let events = try fixture.events()
        let tables = try Self.tables(of: events)
        let seeds = try seedRows(tables)
        try SourceScript(try fixture.script("changes.sql")).run(on: connection)
        try connection.execute("create schema copy")
        let modes = try fixture.modes()
        var replays: [TableName: TableReplay] = [:]
        var refused: [Difference] = []
        for (name, keys) in tables {
            guard try connection.query("select to_regclass($1)::text", [.text(name.quoted)]).scalar != nil else {
                continue
            }
            let table = try CatalogTable(name, keys: unique(keys, in: name), on: connection)
            try connection.execute(
                "create table copy.\(quotedIdentifier(name.name)) as select * from \(name.quoted) with no data")
            replays[name] = TableReplay(table, modes: modes, on: connection)
        }
        for seed in seeds { try connection.query(seed.sql, seed.parameters) }
        let router = EventDecoder(columns: [], modes: modes, table: TableName(schema: "", name: ""))
        for event in events {
            let outcome = try router.decode(event, into: RowBatch(columnCount: 0))
            guard case .otherTable(let name) = outcome, let replay = replays[name] else { continue }
            do {
                try replay.apply(event)
            } catch let error as PostgresError where error.sqlState?.classCode == "22" {
                refused.append(
                    Difference(
                        table: name.name, column: "*", key: replay.firstKey, source: "a row",
                        copy: "refused with \(error.sqlState?.rawValue ?? "")"))
            }
        }
        let found = try replays.values.flatMap { try differences($0.table) }
        let rows = Set(refused.map { $0.table + $0.key })
        return refused + found.filter { !rows.contains($0.table + $0.key) }.sorted { $0.description < $1.description }
    }

    /// The key's names when they are unique; a key made by `message.key.columns` need not be.
    private func unique(_ keys: Set<String>, in name: TableName) throws -> Set<String> {
        let indexes = try connection.query(
            """
            select (select string_agg(a.attname, ',') from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey))
            from pg_index i where i.indisunique and i.indrelid = $1::text::regclass
            """, [.text(name.quoted)])
        return indexes.rows.contains { Set(($0[0] ?? "").split(separator: ",").map(String.init)) == keys } ? keys : []
    }

    /// Without a snapshot among the events the copy begins with what the setup left.
    private func seedRows(
        _ tables: [TableName: Set<String>]
    ) throws -> [(sql: String, parameters: [Parameter])] {
        guard try fixture.properties()["snapshot.mode"] == "no_data" else { return [] }
        var seeds: [(sql: String, parameters: [Parameter])] = []
        for (name, keys) in tables {
            guard try connection.query("select to_regclass($1)::text", [.text(name.quoted)]).scalar != nil else {
                continue
            }
            let table = try CatalogTable(name, keys: keys, on: connection)
            for row in try table.rows(in: name.schema, on: connection) {
                let names = table.columns.map { quotedIdentifier($0.name) }.joined(separator: ", ")
                let values = table.types.enumerated().map { "$\($0 + 1)::\($1)" }.joined(separator: ", ")
                let copy = TableName(schema: "copy", name: name.name).quoted
                seeds.append(
                    ("insert into \(copy) (\(names)) values (\(values))", row.map { $0.map { .text($0) } ?? .null }))
            }
        }
        return seeds
    }

    /// The tables that events name, with the names of their key's columns.
    static func tables(of events: [RecordedEvent]) throws -> [TableName: Set<String>] {
        var tables: [TableName: Set<String>] = [:]
        for event in events {
            guard let value = event.value,
                var object = try JSONSerialization.jsonObject(with: Data(value)) as? [String: Any]
            else { continue }
            object = object["payload"] as? [String: Any] ?? object
            guard let source = object["source"] as? [String: Any], let table = source["table"] as? String,
                !table.isEmpty,
                object["op"] != nil
            else { continue }
            let schema = source["schema"] as? String ?? source["db"] as? String ?? ""
            var key: [String: Any] = [:]
            if let bytes = event.key {
                key = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
                key = key["payload"] as? [String: Any] ?? key
            }
            tables[TableName(schema: schema, name: table), default: []].formUnion(key.keys)
        }
        return tables
    }

    private func differences(_ table: CatalogTable) throws -> [Difference] {
        let keys = table.columns.indices.filter { table.columns[$0].isKey }
        func keyed(_ rows: [[String?]]) -> [String: [[String?]]] {
            Dictionary(grouping: rows) { row in
                (keys.isEmpty ? Array(row.indices) : keys).map { row[$0] ?? "null" }.joined(separator: ",")
            }
        }
        let source = keyed(try table.rows(in: table.name.schema, on: connection))
        let copy = keyed(try table.rows(in: "copy", on: connection))
        var found: [Difference] = []
        for key in Set(source.keys).union(copy.keys) {
            let (left, right) = (source[key] ?? [], copy[key] ?? [])
            guard left.count == right.count else {
                found.append(
                    Difference(
                        table: table.name.name, column: "*", key: key, source: "\(left.count) rows",
                        copy: "\(right.count) rows"))
                continue
            }
            for (one, two) in zip(left, right) {
                for column in table.columns.indices where one[column] != two[column] {
                    found.append(
                        Difference(
                            table: table.name.name, column: table.columns[column].name, key: key,
                            source: one[column] ?? "null", copy: two[column] ?? "null"))
                }
            }
        }
        return found
    }
}
