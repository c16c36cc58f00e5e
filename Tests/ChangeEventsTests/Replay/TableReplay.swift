import ChangeEvents
import LibPQ
import Model

/// Applies the decoded events of one table, one by one, to a copy of the table in schema `copy`.
final class TableReplay {
    let table: CatalogTable
    let decoder: EventDecoder
    let batch: RowBatch
    private let connection: Connection
    private let target: String

    init(_ table: CatalogTable, modes: ConnectorModes, on connection: Connection) {
        self.table = table
        self.connection = connection
        decoder = EventDecoder(columns: table.columns, modes: modes, table: table.name)
        batch = RowBatch(columnCount: table.columns.count, keepsBefore: true)
        target = TableName(schema: "copy", name: table.name.name).quoted
    }

    private var keys: [Int] { table.columns.indices.filter { table.columns[$0].isKey } }

    /// The first column of the last decoded row.
    var firstKey: String { batch.text(of: batch.span(0, 0)) ?? "null" }

    func apply(_ event: RecordedEvent) throws {
        batch.removeAll()
        switch try decoder.decode(event, into: batch) {
        case .row: try apply()
        case .truncate: try connection.execute("delete from \(target)")
        default: break
        }
    }

    private func apply() throws {
        let header = batch.header(0)
        let image = table.columns.indices.map { batch.span(0, $0) }
        let before = table.columns.indices.map { batch.beforeSpan(0, $0) }
        let other = table.columns.indices.map { batch.otherKeySpan(0, $0) }
        switch header.operation {
        case .delete:
            // The row of a key change is moved when its other half comes.
            if header.keyChange == .none || keys.isEmpty {
                try delete(image, keys.isEmpty ? Array(image.indices) : keys)
            }
        case .update:
            let hasBefore = before.contains { $0.presence != .absent }
            let identity = keys.isEmpty ? Array(image.indices) : keys
            try update(image, where: hasBefore ? before : image, identity)
        default:
            if header.keyChange == .movedFrom, !keys.isEmpty {
                try update(image, where: other, keys)
            } else {
                if !keys.isEmpty { try delete(image, keys) }
                try insert(image)
            }
        }
    }

    private func value(_ span: ValueSpan, _ column: Int, _ parameters: inout [Parameter]) -> String {
        guard let text = batch.text(of: span) else { return "null" }
        parameters.append(.text(text))
        return "$\(parameters.count)::\(table.types[column])"
    }

    private func insert(_ image: [ValueSpan]) throws {
        var parameters: [Parameter] = []
        let present = image.indices.filter { image[$0].presence == .value || image[$0].presence == .null }
        let names = present.map { quotedIdentifier(table.columns[$0].name) }.joined(separator: ", ")
        let values = present.map { value(image[$0], $0, &parameters) }.joined(separator: ", ")
        try connection.query("insert into \(target) (\(names)) values (\(values))", parameters)
    }

    private func update(_ image: [ValueSpan], where identity: [ValueSpan], _ columns: [Int]) throws {
        var parameters: [Parameter] = []
        let present = image.indices.filter { image[$0].presence == .value || image[$0].presence == .null }
        let changes = present.map {
            "\(quotedIdentifier(table.columns[$0].name)) = \(value(image[$0], $0, &parameters))"
        }
        let place = condition(identity, columns, &parameters)
        try connection.query(
            "update \(target) set \(changes.joined(separator: ", ")) where ctid = (select min(ctid) from \(target) where \(place))",
            parameters)
    }

    private func delete(_ identity: [ValueSpan], _ columns: [Int]) throws {
        var parameters: [Parameter] = []
        let place = condition(identity, columns, &parameters)
        let one = keys.isEmpty ? "ctid = (select min(ctid) from \(target) where \(place))" : place
        try connection.query("delete from \(target) where \(one)", parameters)
    }

    private func condition(_ identity: [ValueSpan], _ columns: [Int], _ parameters: inout [Parameter]) -> String {
        columns.filter { identity[$0].presence == .value || identity[$0].presence == .null }.map {
            let value = value(identity[$0], $0, &parameters)
            let cast = value == "null" ? value : "(\(value))::text"
            // A numeric key is the same number whatever its zeros, a float whatever its sign of zero.
            let isNumber = ["numeric", "float8"].contains(table.columns[$0].type.name) && value != "null"
            let name = quotedIdentifier(table.columns[$0].name)
            return isNumber ? "\(name) = \(value)" : "\(name)::text is not distinct from \(cast)"
        }.joined(separator: " and ")
    }
}
