internal import CLibPQ

/// Takes the data of a COPY FROM STDIN, in pieces of any size: their borders mean nothing to the server.
@safe public struct CopyInWriter {
    private let handle: OpaquePointer
    /// Larger pieces go in parts, so that libpq's buffer stays small.
    private static let part = 64 * 1024

    init(_ handle: OpaquePointer) { unsafe self.handle = unsafe handle }

    /// Sends bytes.
    ///
    /// - Throws: `.connection` when the connection broke. What the server thinks of the data comes when it has ended.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        let count = bytes.count
        var start = 0
        while start < count {
            let end = min(start + CopyInWriter.part, count)
            let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            let sent = unsafe PQputCopyData(
                handle, piece.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(end - start))
            guard sent == 1 else {
                throw PostgresError(.connection, unsafe String(cString: PQerrorMessage(handle)))
            }
            start = end
        }
    }

    /// Sends bytes.
    public mutating func write(_ bytes: [UInt8]) throws(PostgresError) {
        try unsafe bytes.span.bytes.withUnsafeBytes { (buffer) throws(PostgresError) in try unsafe write(buffer) }
    }

    /// Sends a text.
    public mutating func write(_ text: String) throws(PostgresError) { try write(Array(text.utf8)) }
}
