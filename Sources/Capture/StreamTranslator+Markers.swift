import ChangeEvents
import Foundation
import Model

/// Events that are no rows: transactions' ends, logical messages, heartbeats.
extension StreamTranslator {
    /// Sends the begin (without counts) or the end of the transaction.
    func sendMarker(counts: [(table: TableName, events: Int)]?, at position: LSN) throws {
        event.encodeTransactionMarker(
            transaction: transaction.id, lsn: position, counts: counts, commitMillis: transaction.commitMicros / 1_000)
        try producer.send(
            to: try producer.topic("\(configuration.prefix).transaction"), key: event.key, value: event.value)
    }

    /// Sends a heartbeat.
    func sendHeartbeat() throws {
        event.encodeHeartbeat(origin, sentMillis: now / 1_000)
        try producer.send(
            to: try producer.topic("__debezium-heartbeat.\(configuration.prefix)"), partition: 0, key: event.key,
            value: event.value)
    }

    /// Sends a logical message (`pg_logical_emit_message`). One that is not transactional comes at once, between
    /// transactions, whatever becomes of the one it was made in; it has no commit time but the present.
    func message(_ reader: inout MessageReader) throws {
        let isTransactional = try reader.byte() & 1 != 0
        let position = try reader.uint64()
        let prefix = jsonString(try reader.string())
        let content = Data(try reader.block(Int(try reader.uint32()))).base64EncodedString()
        let micros = isTransactional ? transaction.commitMicros : now
        let value = """
            {"op":"m","ts_ms":\(now / 1_000),"source":{"version":\(jsonString(origin.version)),"connector":"postgresql",\
            "name":\(jsonString(origin.name)),"ts_ms":\(micros / 1_000),"snapshot":"false",\
            "db":\(jsonString(origin.database)),"sequence":"[\\"\(lastCommit.rawValue)\\",\\"\(position)\\"]",\
            "ts_us":\(micros),"ts_ns":\(micros)000,"schema":"","table":"",\
            "txId":\(isTransactional ? String(transaction.id) : "null"),"lsn":\(position),"xmin":null,"origin":null,\
            "origin_lsn":null},"transaction":null,"message":{"prefix":\(prefix),"content":"\(content)"}}
            """
        try Array("{\"prefix\":\(prefix)}".utf8).withUnsafeBytes { key in
            try Array(value.utf8).withUnsafeBytes { value in
                try producer.send(
                    to: try producer.topic("\(configuration.prefix).message"), key: key, value: value)
            }
        }
    }

    private func jsonString(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
