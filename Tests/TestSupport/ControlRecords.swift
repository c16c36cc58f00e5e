import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// Writes what no client can: the marks that a broker puts into a partition at the end of a transaction. The embedded broker
/// knows transactions and writes no marks, so a test that needs them appends them by Kafka's protocol.
public enum ControlRecords {
    /// Appends marks of a committed transaction; readers are shown none of them, and each takes an offset.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - address: `host:port` of the partition's leader, a numeric address.
    public static func append(_ count: Int = 1, to topic: String, _ partition: Int32 = 0, at address: String) throws {
        let batch = batch(count)
        var body = Data()
        body.put(Int16(-1))  // no transactional id
        body.put(Int16(-1))  // acknowledged by all
        body.put(Int32(10_000))
        body.put(Int32(1))
        body.put(topic)
        body.put(Int32(1))
        body.put(partition)
        body.put(Int32(batch.count))
        body += batch
        var request = Data()
        request.put(Int16(0))  // Produce
        request.put(Int16(7))
        request.put(Int32(1))
        request.put("test")
        request += body
        try exchange(request, address)
    }

    private static func batch(_ count: Int) -> Data {
        var records = Data()
        for number in 0..<count {
            // attributes, time, offset, key of four bytes (version 0, type 1: commit), value of six, no headers
            let record: [UInt8] = [0, 0, UInt8(number * 2), 8, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0, 0, 0]
            records += [UInt8(record.count * 2)] + record
        }
        var rest = Data()
        rest.put(Int32(0))  // leader epoch
        rest.append(2)  // format
        rest.put(Int32(0))  // checksum, which nobody checks
        rest.put(Int16(0x30))  // transactional, control
        rest.put(Int32(count - 1))
        rest.put(Int64(1_700_000_000_000))
        rest.put(Int64(1_700_000_000_000))
        rest.put(Int64(1))  // producer
        rest.put(Int16(0))
        rest.put(Int32(-1))
        rest.put(Int32(count))
        rest += records
        var batch = Data()
        batch.put(Int64(0))
        batch.put(Int32(rest.count))
        return batch + rest
    }

    private static func exchange(_ request: Data, _ address: String) throws {
        let parts = address.split(separator: ":")
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(UInt16(parts.last ?? "") ?? 0).bigEndian
        inet_pton(AF_INET, String(parts.first ?? ""), &place.sin_addr)
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(handle) }
        let connected = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw POSIXError(.ECONNREFUSED) }
        var message = Data()
        message.put(Int32(request.count))
        message += request
        let sent = message.withUnsafeBytes { write(handle, $0.baseAddress, $0.count) }
        var answer = [UInt8](repeating: 0, count: 512)
        let received = read(handle, &answer, answer.count)
        guard sent == message.count, received > 4 else { throw POSIXError(.EIO) }
    }
}

extension Data {
    fileprivate mutating func put(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func put(_ text: String) {
        put(Int16(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
