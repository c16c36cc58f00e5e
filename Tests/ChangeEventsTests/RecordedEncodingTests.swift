import ChangeEvents
import Foundation
import LibPQ
import Model
import TestSupport
import Testing

/// The encoder writes what Debezium wrote for the same values, read from a real server.
@Suite struct RecordedEncodingTests {
    static let fixtures = Recording.all.filter { $0.scenario == "pg-types" && !$0.isAvro }

    /// Where Debezium loses a value and the encoder keeps or marks it, per table and column.
    static let kept: Set<String> = [
        // A time's zone, and 24:00.
        "zoo_time.ttz", "zoo_time_24.ttz", "zoo_time_24.t", "zoo_time_24.t0",
        // NaN in precise decimals, time stamps and intervals out of range: the placeholder instead of null or a wrong number.
        "zoo_nan.n", "zoo_nan.n10_2", "zoo_time_far.ts", "zoo_time_far.ts3", "zoo_time_bc.ts", "zoo_time_bc.ts3",
        "zoo_time.ts", "zoo_time.ts0", "zoo_time.ts3",
        // The name type, the declaration of an XML document.
        "zoo_text.n", "zoo_doc.x",
        // Arrays of several dimensions, with bounds, of enumerations with nulls.
        "zoo_array_2d.i2", "zoo_array_2d.t2", "zoo_array_2d.lb", "zoo_array.ma",
        // Java writes the numbers of geometric types its own way.
        "zoo_misc.ph", "zoo_misc.pg", "zoo_misc.sg", "zoo_misc.ci", "zoo_misc.bx", "zoo_misc.ln",
    ]

    @Test(arguments: fixtures) func valuesAreAsRecorded(fixture: Recording) throws {
        try withDatabase { database in
            let connection = try database.connect()
            defer { connection.close() }
            try SourceScript(try fixture.script("setup.sql")).run(on: connection)
            try SourceScript(try fixture.script("changes.sql")).run(on: connection)
            let events = try fixture.events()
            let modes = try fixture.modes()
            var checked = 0
            for (name, keys) in try ScenarioReplay.tables(of: events) {
                let table = try CatalogTable(name, keys: keys, on: connection)
                let codec = RoundTrip(columns: table.columns, modes: modes)
                let recorded = try Self.images(of: name, in: events)
                for row in try table.rows(in: "public", on: connection, cast: false) {
                    guard let image = recorded[row[0] ?? ""] else { continue }
                    try codec.encode(row)
                    let encoded = try Self.after(codec.buffer.valueArray)
                    for (column, value) in image where value as? NSObject != encoded[column] as? NSObject {
                        let place = "\(name.name).\(column)"
                        let isSameFloat =
                            (value as? NSNumber).map { $0.floatValue == (encoded[column] as? NSNumber)?.floatValue }
                            ?? false
                        #expect(Self.kept.contains(place) || isSameFloat, "\(place) of \(row[0] ?? "") in \(fixture)")
                    }
                    checked += 1
                }
            }
            #expect(checked > 0)
        }
    }

    private static func after(_ value: [UInt8]?) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(value ?? [])) as? [String: Any] ?? [:]
        return (object["payload"] as? [String: Any] ?? object)["after"] as? [String: Any] ?? [:]
    }

    /// The rows that the stream created, by their key.
    private static func images(of table: TableName, in events: [RecordedEvent]) throws -> [String: [String: Any]] {
        var images: [String: [String: Any]] = [:]
        for event in events where event.topic == "src.\(table)" {
            guard let value = event.value, String(decoding: value, as: UTF8.self).contains(#""op":"c""#) else {
                continue
            }
            let image = try after(value)
            images["\(image["id"] ?? "")"] = image
        }
        return images
    }
}
