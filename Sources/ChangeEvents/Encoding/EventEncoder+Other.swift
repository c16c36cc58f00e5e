public import Model

/// Messages of a connector that are no changes of rows.
extension EventBuffer {
    /// A heartbeat of a connector: topic `__debezium-heartbeat.<name>`.
    public func encodeHeartbeat(_ origin: EventOrigin, sentMillis: Int64) {
        start(key: true, value: true)
        keyBytes.append("{\"serverName\":\"")
        keyBytes.append(JSONText.escaped(origin.name))
        keyBytes.append("\"}")
        valueBytes.append("{\"ts_ms\":\(sentMillis)}")
    }

    /// Begin or end of a transaction: topic `<name>.transaction`.
    ///
    /// - Parameters:
    ///   - counts: at the end, how many events each table had; nil at the begin.
    ///   - lsn: where the marker stands.
    public func encodeTransactionMarker(
        transaction: UInt32, lsn: LSN, counts: [(table: TableName, events: Int)]?, commitMillis: Int64
    ) {
        start(key: true, value: true)
        keyBytes.append("{\"id\":\"\(transaction):\(lsn.rawValue)\"}")
        valueBytes.append(
            "{\"status\":\"\(counts == nil ? "BEGIN" : "END")\",\"id\":\"\(transaction):\(lsn.rawValue)\"")
        guard let counts else {
            valueBytes.append(",\"event_count\":null,\"data_collections\":null,\"ts_ms\":\(commitMillis)}")
            return
        }
        valueBytes.append(",\"event_count\":\(counts.reduce(0) { $0 + $1.events }),\"data_collections\":[")
        for (index, count) in counts.enumerated() {
            valueBytes.append(index == 0 ? "{\"data_collection\":\"" : ",{\"data_collection\":\"")
            valueBytes.append(JSONText.escaped(count.table.description))
            valueBytes.append("\",\"event_count\":\(count.events)}")
        }
        valueBytes.append("],\"ts_ms\":\(commitMillis)}")
    }
}
