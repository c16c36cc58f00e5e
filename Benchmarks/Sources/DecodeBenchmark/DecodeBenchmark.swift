import ChangeEvents
import Glibc

/// Decodes and encodes rows of about 120 bytes over and over on one core and prints nanoseconds per event.
///
///     swift run -c release --package-path Benchmarks DecodeBenchmark
@main struct DecodeBenchmark {
    static let columns = [
        SourceColumn(name: "id", type: SourceType(postgres: "bigint"), isKey: true),
        SourceColumn(name: "customer_id", type: SourceType(postgres: "bigint")),
        SourceColumn(name: "status", type: SourceType(postgres: "text")),
        SourceColumn(name: "amount", type: SourceType(postgres: "numeric(12,2)")),
        SourceColumn(name: "note", type: SourceType(postgres: "text")),
        SourceColumn(name: "placed_at", type: SourceType(postgres: "timestamp with time zone")),
        SourceColumn(name: "due", type: SourceType(postgres: "date")),
    ]
    static let key = #"{"id":123456}"#
    static let image =
        #"{"id":123456,"customer_id":7890,"status":"shipped","amount":"BBo=","note":"leave it with the neighbour, second floor left","placed_at":"2024-02-29T10:34:56.123456Z","due":19782}"#
    static let source =
        #"{"version":"3.6.3.Final","connector":"postgresql","name":"src","ts_ms":1795358938520,"snapshot":"false","db":"shop","sequence":"[\"667537192\",\"667537440\"]","ts_us":1795358938520782,"ts_ns":1795358938520782000,"schema":"public","table":"orders","txId":4817,"lsn":667537440,"xmin":null,"origin":null,"origin_lsn":null}"#
    static let tail =
        #""transaction":null,"op":"u","ts_ms":1795358938710,"ts_us":1795358938710750,"ts_ns":1795358938710750231}"#

    static func main() throws {
        let value = "{\"before\":null,\"after\":\(image),\"source\":\(source),\(tail)"
        try decode("update, schemas off", value)
        let schema =
            #"{"type":"struct","fields":[{"type":"struct","fields":["#
            + columns.map { #"{"type":"\#(types[$0.name] ?? "string")","optional":true,"field":"\#($0.name)"}"# }
            .joined(separator: ",") + #"],"optional":true,"name":"v","field":"after"}],"optional":false,"name":"e"}"#
        try decode("update, schemas on", "{\"schema\":\(schema),\"payload\":\(value)}")
        let deleted = "{\"before\":\(image),\"after\":null,\"source\":\(source),\(tail)"
        try decode("delete", deleted.replacing(#""op":"u""#, with: #""op":"d""#))
        try encode()
    }

    static let types = ["id": "int64", "customer_id": "int64", "amount": "string", "due": "int32"]

    /// Processor time of this process: the machine does other work too.
    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// Five rounds, the best of them.
    static func best(_ name: String, _ bytes: Int, _ body: (Int) throws -> Void) rethrows {
        let count = 200_000
        try body(10_000)
        var best = Double.infinity
        for _ in 0..<5 {
            let start = now()
            try body(count)
            best = min(best, now() - start)
        }
        print("\(name): \(Int(best / Double(count))) ns an event (\(bytes) bytes)")
    }

    static func decode(_ name: String, _ value: String) throws {
        let decoder = EventDecoder(
            columns: columns,
            modes: try ConnectorModes(properties: ["decimal.handling.mode": name.hasSuffix("on") ? "string" : "precise"]
            ))
        let batch = RowBatch(columnCount: columns.count)
        let value = name.hasSuffix("on") ? value.replacing(#""BBo=""#, with: #""10.50""#) : value
        try Array(key.utf8).withUnsafeBytes { key in
            try Array(value.utf8).withUnsafeBytes { value in
                try best(name, value.count) { count in
                    for number in 0..<count {
                        if number % 20_000 == 0 { batch.removeAll() }
                        _ = try decoder.decode(key: key, value: value, into: batch, offset: Int64(number))
                    }
                }
            }
        }
    }

    static func encode() throws {
        let encoder = EventEncoder(
            table: .init(schema: "public", name: "orders"), columns: columns, modes: ConnectorModes(),
            origin: EventOrigin(name: "src", database: "shop"))
        let texts = [
            "123456", "7890", "shipped", "10.50", "leave it with the neighbour, second floor left",
            "2024-02-29 10:34:56.123456+00", "2024-02-29",
        ]
        var bytes: [UInt8] = []
        var spans: [ValueSpan] = []
        for text in texts {
            spans.append(ValueSpan(offset: bytes.count, length: Int32(text.utf8.count)))
            bytes += Array(text.utf8)
        }
        let buffer = EventBuffer()
        let stamp = ChangeStamp(
            operation: .update, lastCommit: .init(rawValue: 667_537_192), lsn: .init(rawValue: 667_537_440),
            transaction: 4817, commitMicroseconds: 1_795_358_938_520_782, sentMicroseconds: 1_795_358_938_710_750)
        try bytes.withUnsafeBytes { bytes in
            let row = SourceRow(bytes: bytes, spans: spans)
            try best("encode", bytes.count) { count in
                for _ in 0..<count { try encoder.encode(stamp, before: nil, after: row, into: buffer) }
            }
        }
    }
}
