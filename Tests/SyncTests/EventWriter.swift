import Foundation
import RDKafka

/// A message as the connector would send it.
struct WrittenEvent {
    let table: String
    let key: String?
    let value: String?
    var headers: [(String, [UInt8])] = []
}

/// Writes change events as the connector does, for tests that need a say in each event's position and transaction.
final class EventWriter {
    private let producer: Producer
    private var lsn = 1000
    private var commit = 900
    private var transaction = 100

    init(_ bootstrapServers: String) throws {
        producer = try Producer(
            Configuration([
                "bootstrap.servers": bootstrapServers, "linger.ms": "5", "enable.idempotence": "true",
                "message.max.bytes": "64000000",
            ]))
    }

    /// The next events are one transaction.
    func begin(transaction: Int? = nil) {
        commit = lsn
        self.transaction = transaction ?? self.transaction + 1
    }

    /// Makes an event without sending it; the parameters are those of `write`.
    func event(
        _ operation: String, _ table: String, key: String?, before: String? = nil, after: String? = nil,
        newKey: String? = nil, oldKey: String? = nil, at position: Int? = nil, snapshot: String = "false",
        millis: Int? = nil
    ) -> WrittenEvent {
        if position == nil { lsn += 8 }
        let place = position ?? lsn
        let value = """
            {"before":\(before ?? "null"),"after":\(after ?? "null"),"source":{"version":"3","connector":"postgresql",\
            "name":"t","ts_ms":\(millis ?? Int(Date.now.timeIntervalSince1970 * 1000)),"snapshot":"\(snapshot)","db":"d",\
            "sequence":"[\\"\(commit)\\",\\"\(place)\\"]","schema":"public","table":"\(table)","txId":\(transaction),\
            "lsn":\(place),"xmin":null},"transaction":null,"op":"\(operation)","ts_ms":1}
            """
        var headers: [(String, [UInt8])] = []
        if let newKey { headers.append(("__debezium.newkey", Array(newKey.utf8))) }
        if let oldKey { headers.append(("__debezium.oldkey", Array(oldKey.utf8))) }
        return WrittenEvent(table: table, key: key, value: value, headers: headers)
    }

    /// Makes both halves of a change of an integer key, which share their position.
    func moving(
        _ table: String, from old: Int, to new: Int, after: String
    ) -> (delete: WrittenEvent, create: WrittenEvent) {
        let (oldKey, newKey) = (#"{"id":\#(old)}"#, #"{"id":\#(new)}"#)
        let delete = event("d", table, key: oldKey, before: oldKey, newKey: newKey)
        return (delete, event("c", table, key: newKey, after: after, oldKey: oldKey, at: lsn))
    }

    /// Writes an event.
    ///
    /// - Parameters:
    ///   - key: JSON of the key; nil for none.
    ///   - after: JSON of the new row, or nil.
    ///   - at: a position to repeat instead of the next one.
    func write(
        _ operation: String, _ table: String, key: String?, before: String? = nil, after: String? = nil,
        newKey: String? = nil, oldKey: String? = nil, partition: Int32? = nil, at position: Int? = nil,
        snapshot: String = "false", millis: Int? = nil
    ) throws {
        let event = event(
            operation, table, key: key, before: before, after: after, newKey: newKey, oldKey: oldKey, at: position,
            snapshot: snapshot, millis: millis)
        try send(table, key: key, value: event.value, headers: event.headers, partition: partition)
    }

    /// Writes a change of an integer key as the connector does: a delete, a tombstone and a create of one position.
    func move(
        _ table: String, from old: Int, to new: Int, after: String, partition: Int32? = nil,
        newPartition: Int32? = nil
    ) throws {
        let (oldKey, newKey) = (#"{"id":\#(old)}"#, #"{"id":\#(new)}"#)
        try write("d", table, key: oldKey, before: oldKey, newKey: newKey, partition: partition)
        try send(table, key: oldKey, value: nil, partition: partition)
        try write("c", table, key: newKey, after: after, oldKey: oldKey, partition: newPartition, at: lsn)
    }

    /// Writes a message of any content.
    func send(
        _ table: String, key: String?, value: String?, headers: [(String, [UInt8])] = [], partition: Int32? = nil
    ) throws {
        let topic = "t.public.\(table)"
        try (key.map { Array($0.utf8) } ?? []).withUnsafeBytes { keyBytes in
            try (value.map { Array($0.utf8) } ?? []).withUnsafeBytes { valueBytes in
                while true {
                    do {
                        try producer.produce(
                            topic: topic, partition: partition, key: key == nil ? nil : keyBytes,
                            value: value == nil ? nil : valueBytes, headers: headers)
                        return
                    } catch let error as KafkaError where error.code == .queueFull {
                        producer.poll(timeout: .milliseconds(10))
                    }
                }
            }
        }
    }

    /// Waits until the broker has everything.
    func flush() throws { try producer.flush(timeout: .seconds(30)) }

    /// The position of the last event.
    var position: Int { lsn }
}
