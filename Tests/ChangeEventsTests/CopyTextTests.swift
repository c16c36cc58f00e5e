import ChangeEvents
import LibPQ
import TestSupport
import Testing

/// The batch's bytes are COPY text: PostgreSQL reads from them what the decoder meant.
@Suite struct CopyTextTests {
    @Test func copiedRowsHoldTheDecodedValues() throws {
        let types = ["text", "jsonb", "bytea", "text[]", "bytea[]", "hstore", "interval", "timestamp with time zone"]
        let modes = ConnectorModes()
        let columns = types.enumerated().map { SourceColumn(name: "c\($0)", type: SourceType(postgres: $1)) }
        let codec = RoundTrip(columns: columns, modes: modes)
        let rows = RowBatch(columnCount: columns.count)
        var random = SeededGenerator(seed: 3)
        var expected: [[String?]] = []
        for _ in 0..<500 {
            let values = types.map { type -> String? in
                if Int.random(in: 0..<8, using: &random) == 0 { return nil }
                return type == "text" ? pick(&random) : RandomValue.make(type, modes, using: &random)
            }
            try codec.encode(values)
            _ = try codec.decoder.decode(key: nil, value: codec.buffer.value, into: rows)
            expected.append(values)
        }
        try withDatabase { database in
            let connection = try database.connect()
            defer { connection.close() }
            let list = columns.map { "\($0.name) text" }.joined(separator: ", ")
            try connection.execute("create table t (n serial, \(list))")
            let names = columns.map(\.name).joined(separator: ", ")
            let copied = try connection.copyIn("copy t (\(names)) from stdin") { writer in
                for row in 0..<rows.rowCount {
                    var line: [UInt8] = []
                    for column in columns.indices {
                        if column > 0 { line.append(UInt8(ascii: "\t")) }
                        let span = rows.span(row, column)
                        line += span.presence == .value ? Array(rows.bytes(of: span)) : Array("\\N".utf8)
                    }
                    line.append(UInt8(ascii: "\n"))
                    try line.withUnsafeBytes { try writer.write($0) }
                }
            }
            #expect(copied == expected.count)
            let result = try connection.query("select \(names) from t order by n")
            for (row, values) in expected.enumerated() {
                #expect(columns.indices.map { result[row, $0] } == values)
            }
        }
    }

    /// Texts that COPY could take for something else.
    private func pick(_ random: inout SeededGenerator) -> String {
        let special = ["\\N", "\\.", "\\", "\\\\N", "\t", "\n\\.\n", "\r\n", "", "NULL", "\\x41"]
        return Bool.random(using: &random) ? RandomValue.pick(special, &random) : RandomValue.text(&random)
    }
}
