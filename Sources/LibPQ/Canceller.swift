internal import CLibPQ

/// Interrupts the statement that a connection is running, from any thread.
@safe public final class Canceller: Sendable {
    // PQcancel is safe on any thread, as it only reads the PGcancel, a copy of its own:
    // https://www.postgresql.org/docs/15/libpq-cancel.html
    private nonisolated(unsafe) let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    deinit { unsafe PQfreeCancel(pointer) }

    /// Asks the server to cancel. The statement, if one is still running, then fails with SQLSTATE 57014.
    ///
    /// - Throws: `.connection` when the request could not be sent.
    public func cancel() throws(PostgresError) {
        var message = [CChar](repeating: 0, count: 256)
        let sent = unsafe message.withUnsafeMutableBufferPointer { buffer in
            unsafe PQcancel(pointer, buffer.baseAddress, Int32(buffer.count))
        }
        guard sent == 1 else {
            let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw PostgresError(.connection, text)
        }
    }
}
