import ChangeEvents
import Model

/// Decodes single values: an event with one column.
struct OneColumn {
    let decoder: EventDecoder
    let batch = RowBatch(columnCount: 1)

    init(_ type: SourceType, _ properties: [String: String] = [:]) throws {
        decoder = EventDecoder(
            columns: [SourceColumn(name: "v", type: type)], modes: try ConnectorModes(properties: properties))
    }

    init(_ type: String, _ properties: [String: String] = [:]) throws {
        try self.init(SourceType(postgres: type), properties)
    }

    static let source = #""source":{"sequence":"[null,\"5\"]","txId":9,"ts_ms":1,"snapshot":"false"}"#

    /// The text of a JSON value; its presence when it is none.
    func callAsFunction(_ json: String) throws -> String {
        let span = try span(json)
        return batch.text(of: span) ?? "\(span.presence)"
    }

    func span(_ json: String) throws -> ValueSpan {
        batch.removeAll()
        _ = try decoder.decode(value: #"{"after":{"v":\#(json)},\#(Self.source),"op":"c"}"#, into: batch)
        return batch.span(0, 0)
    }
}
