import ChangeEvents
import Model
import TestSupport
import Testing

/// What a decoder tells of the fields that rows come with, and of tables that a connector announces.
@Suite struct LayoutTests {
    private let columns = [
        SourceColumn(name: "id", type: SourceType(postgres: "integer"), isKey: true),
        SourceColumn(name: "name", type: SourceType(postgres: "text")),
    ]

    private func layouts(of recording: Recording) throws -> [Int: EventLayout] {
        let decoder = EventDecoder(
            columns: columns, modes: try recording.modes(), table: TableName(schema: "public", name: "product"))
        let batch = RowBatch(columnCount: columns.count)
        var found: [Int: EventLayout] = [:]
        for event in try recording.events() where event.topic == "src.public.product" {
            guard case .row = try decoder.decode(event, into: batch) else { continue }
            if decoder.layout > 0 { found[decoder.layout] = decoder.layout(decoder.layout) }
        }
        return found
    }

    @Test func eachSetOfFieldsIsOneLayout() throws {
        let found = try layouts(of: Recording(scenario: "pg-schema-change", variant: "json"))
        #expect(
            found.sorted { $0.key < $1.key }.map { $0.value.fields.joined(separator: " ") } == [
                "id name price old", "id name price old stock", "id name price old stock status",
                "id name price stock status", "id title price stock status", "id title price stock status extra",
                "id title price stock status extra code",
            ])
        #expect(found.values.allSatisfy { $0.schema == nil })
    }

    @Test func anotherSchemaIsAnotherLayout() throws {
        let found = try layouts(of: Recording(scenario: "pg-schema-change", variant: "json-schema"))
        let stock = found.sorted { $0.key < $1.key }.compactMap { $0.value.schema?["stock"] }
        #expect(stock.first == "int32?" && stock.contains("int64?") && stock.last == "string?")
    }

    @Test func theOrderOfFieldsDoesNotMatterAndDeletesHaveNone() throws {
        let decoder = EventDecoder(columns: columns)
        let batch = RowBatch(columnCount: columns.count)
        func layout(_ operation: String, _ images: String) throws -> Int {
            let text = #"{"op":"\#(operation)",\#(images),"source":{"db":"d","schema":"s","table":"t"}}"#
            try Array(text.utf8).withUnsafeBytes { value in
                try Array(#"{"id":1}"#.utf8).withUnsafeBytes { key in
                    _ = try decoder.decode(key: key, value: value, into: batch)
                }
            }
            return decoder.layout
        }
        #expect(try layout("c", #""after":{"id":1,"name":"a"}"#) == 1)
        #expect(try layout("u", #""after":{"name":"b","id":1}"#) == 1)
        #expect(try layout("c", #""after":{"id":1,"name":"a","x":2}"#) == 2)
        #expect(try layout("d", #""before":{"id":1,"name":"a","x":2},"after":null"#) == 0)
        #expect(try layout("c", #""after":{"id":1}"#) == 3)
    }

    @Test func announcedTablesAreRead() throws {
        let reader = SchemaChangeReader()
        let tables = try Recording(scenario: "my-schema-change", variant: "json").events()
            .filter { $0.topic == "src" }.flatMap { event in
                try (event.value ?? []).withUnsafeBytes { try reader.tables(in: $0) }
            }
        let products = tables.filter { $0.table == TableName(schema: "fixture", name: "product") }
        #expect(
            products.map { $0.shape?.columns.map(\.name).joined(separator: " ") } == [
                nil, "id name price old", "id name stock price old", "status id name stock price old",
                "status id title stock price", "status id title stock price", "status id title stock price",
            ])
        #expect(products.last?.shape?.column("price")?.type == "numeric(12,4)")
        #expect(products.last?.shape?.column("status")?.isNotNull == true)
        #expect(products.last?.shape?.key == ["id"])
        #expect(products.last?.position == SourcePosition(major: 1, minor: 3139))
        #expect(tables.last?.table.name == "product3" && tables.last?.shape == nil)
    }
}
