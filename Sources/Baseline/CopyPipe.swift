import LibPQ

/// Rows on their way from one server's COPY to another's, in buffers of many rows; nothing is parsed.
struct CopyPipe {
    /// What passed.
    struct Passed {
        var rows = 0
        var bytes = 0
        var digest = RowDigest()
    }

    /// Copies what `select` gives on `source` into `table` (`table (columns)`) on `target`.
    ///
    /// - Throws: `BaselineError` of code `mismatch` when the two servers counted differently.
    static func copy(
        _ select: String, on source: Connection, into table: String, on target: Connection
    ) throws -> Passed {
        var passed = Passed()
        var sent = 0
        let arrived = try target.copyIn("COPY \(table) FROM STDIN") { writer in
            var buffer = RowBuffer()
            sent = try source.copyOut("COPY (\(select)) TO STDOUT") { row in
                passed.rows += 1
                passed.bytes += row.count
                passed.digest.add(row)
                if buffer.append(row) { return }
                try buffer.flush { try writer.write($0) }
                if !buffer.append(row) { try writer.write(row) }
            }
            try buffer.flush { try writer.write($0) }
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
