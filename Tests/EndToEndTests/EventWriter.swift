import Foundation
import RDKafka
import TestSupport

/// Writes change events as the connector does, without a source.
final class EventWriter {
    private let producer: Producer
    private var position = 1000

    init(_ bootstrapServers: String) throws {
        producer = try Producer(
            Configuration([
                "bootstrap.servers": bootstrapServers, "linger.ms": "5", "enable.idempotence": "true",
                "partitioner": "murmur2_random", "compression.type": "lz4",
            ]))
    }

    /// Inserts accounts, and waits until the broker has them.
    func insert(_ ids: ClosedRange<Int>, documentBytes: Int = 0) throws {
        for id in ids {
            // Not to be compressed to nothing by the table.
            var generator = SeededGenerator(seed: UInt64(id))
            let letters = (0..<documentBytes).map { _ in UInt8.random(in: 97...122, using: &generator) }
            let document = documentBytes == 0 ? "null" : "\"\(String(decoding: letters, as: UTF8.self))\""
            try send(
                key: "{\"id\":\(id)}",
                value: envelope(
                    "accounts",
                    """
                    {"id":\(id),"region":"EU","balance":"\(id).50","note":"n","document":\(document),"data":null,\
                    "updated":"2026-01-01T00:00:00Z"}
                    """))
        }
    }

    /// Inserts an item.
    func insertItem(account: Int, line: Int) throws {
        try send(
            "items", key: "{\"account_id\":\(account),\"line\":\(line)}",
            value: envelope(
                "items", "{\"account_id\":\(account),\"line\":\(line),\"name\":\"i\",\"quantity\":1,\"payload\":null}"))
    }

    private func envelope(_ table: String, _ after: String) -> String {
        position += 8
        return """
            {"before":null,"after":\(after),"source":{"version":"3","connector":"postgresql","name":"e2e",\
            "ts_ms":\(Int(Date.now.timeIntervalSince1970 * 1000)),"snapshot":"false","db":"d",\
            "sequence":"[\\"\(position)\\",\\"\(position)\\"]","schema":"public","table":"\(table)","txId":\(position),\
            "lsn":\(position),"xmin":null},"transaction":null,"op":"c","ts_ms":1}
            """
    }

    /// Writes a message of any content, and waits until the broker has it.
    func send(_ table: String = "accounts", key: String?, value: String) throws {
        try (key.map { Array($0.utf8) } ?? []).withUnsafeBytes { keyBytes in
            try Array(value.utf8).withUnsafeBytes { valueBytes in
                try producer.produce(
                    topic: "e2e.public.\(table)", key: key == nil ? nil : keyBytes, value: valueBytes)
            }
        }
        try producer.flush(timeout: .seconds(20))
    }
}
