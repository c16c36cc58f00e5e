public import LibPQ

/// Rows on their way from one server's COPY to another's, in buffers of many rows; nothing is parsed.
public struct CopyPipe {
    /// What passed.
    public struct Passed {
        public var rows = 0
        public var bytes = 0
        var digest = RowDigest()
    }

    /// Copies what `select` gives on `source` into `table` (`table (columns)`) on `target`.
    ///
    /// The rows are counted where they are read, where they are written, and by both servers; those that are written are
    /// digested once more, from the memory that they are sent from.
    ///
    /// - Parameter passing: shown each row, as COPY text, as it was read.
    /// - Throws: `BaselineError` of code `mismatch` when what arrived is not what was read.
    public static func copy(
        _ select: String, on source: Connection, into table: String, on target: Connection,
        passing: (UnsafeRawBufferPointer) -> Void = { _ in }
    ) throws -> Passed {
        var passed = Passed()
        var written = RowDigest()
        var sent = 0
        let arrived = try target.copyIn("COPY \(table) FROM STDIN") { writer in
            var buffer = RowBuffer()
            func write(_ rows: UnsafeRawBufferPointer) throws {
                written.add(rows: rows)
                try writer.write(rows)
            }
            sent = try source.copyOut("COPY (\(select)) TO STDOUT") { row in
                passed.rows += 1
                passed.bytes += row.count
                passed.digest.add(row)
                passing(row)
                if buffer.append(row) { return }
                try buffer.flush(write)
                if !buffer.append(row) { try write(row) }
            }
            try buffer.flush(write)
        }
        guard passed.digest.value == written.value else {
            throw BaselineError(.mismatch, "rows were changed on their way: their digest is not what was read")
        }
        guard sent == passed.rows, arrived == sent else {
            throw BaselineError(.mismatch, "the source sent \(sent) rows, \(passed.rows) passed, \(arrived) arrived")
        }
        return passed
    }

    /// Rows collected to be written at once.
    private struct RowBuffer: ~Copyable {
        private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        private var count = 0

        deinit { memory.deallocate() }

        /// Takes a row, unless there is no room for it.
        mutating func append(_ row: UnsafeRawBufferPointer) -> Bool {
            guard count + row.count <= memory.count else { return false }
            UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: row)
            count += row.count
            return true
        }

        mutating func flush(_ write: (UnsafeRawBufferPointer) throws -> Void) rethrows {
            guard count > 0 else { return }
            try write(UnsafeRawBufferPointer(rebasing: memory[..<count]))
            count = 0
        }
    }
}
