internal import CLibPQ

/// What a statement gave back: rows in text form, or a command's tag. Immutable, so it may cross threads.
@safe public final class Result: Sendable {
    // A PGresult is read-only once libpq has returned it, and its readers are thread-safe:
    // https://www.postgresql.org/docs/15/libpq-threading.html
    private nonisolated(unsafe) let pointer: OpaquePointer

    /// Takes over `pointer` and clears it at the end.
    init(_ pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    deinit { unsafe PQclear(pointer) }

    var status: ExecStatusType { unsafe PQresultStatus(pointer) }

    /// A field of an error report, by its code letter.
    func errorField(_ code: Unicode.Scalar) -> String? {
        unsafe PQresultErrorField(pointer, Int32(code.value)).map { unsafe String(cString: $0) }
    }

    /// The whole error report as libpq formats it, for errors without a primary message.
    var errorMessage: String { unsafe PQresultErrorMessage(pointer).map { unsafe String(cString: $0) } ?? "" }

    /// The number of rows.
    public var rowCount: Int { Int(unsafe PQntuples(pointer)) }
    /// The number of columns.
    public var columnCount: Int { Int(unsafe PQnfields(pointer)) }

    /// The name of a column, counted from 0.
    public func columnName(_ column: Int) -> String {
        unsafe PQfname(pointer, Int32(column)).map { unsafe String(cString: $0) } ?? ""
    }

    /// The place of the first column of this name, or nil. Unlike in SQL, case matters.
    public func columnIndex(_ name: String) -> Int? {
        (0..<columnCount).first { columnName($0) == name }
    }

    /// The OID of a column's type.
    public func columnType(_ column: Int) -> UInt32 { unsafe PQftype(pointer, Int32(column)) }
    /// The type modifier of a column, or -1.
    public func columnModifier(_ column: Int) -> Int32 { unsafe PQfmod(pointer, Int32(column)) }

    /// The rows that an INSERT, UPDATE, DELETE, MERGE, COPY or SELECT says it affected or returned, else 0.
    public var affectedRows: Int {
        unsafe PQcmdTuples(pointer).flatMap { unsafe Int(String(cString: $0)) } ?? 0
    }

    /// The command's tag, such as `INSERT 0 3`.
    public var commandTag: String { unsafe PQcmdStatus(pointer).map { unsafe String(cString: $0) } ?? "" }

    /// Whether a value is NULL.
    public func isNull(_ row: Int, _ column: Int) -> Bool {
        check(row, column)
        return unsafe PQgetisnull(pointer, Int32(row), Int32(column)) != 0
    }

    /// A value's text, or nil for NULL.
    public subscript(row: Int, column: Int) -> String? {
        unsafe withBytes(row, column) { bytes in
            unsafe bytes.map { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Calls `body` with a value's bytes, valid during the call, or nil for NULL.
    public func withBytes<R, E>(
        _ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer?) throws(E) -> R
    ) throws(E) -> R {
        if isNull(row, column) { return try body(nil) }
        let length = Int(unsafe PQgetlength(pointer, Int32(row), Int32(column)))
        let bytes = unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(pointer, Int32(row), Int32(column)), count: length)
        return try unsafe body(bytes)
    }

    /// The rows in order.
    public var rows: Rows { Rows(result: self) }

    /// The value in the first row's first column; nil when it is NULL or there is no row.
    public var scalar: String? { rowCount > 0 && columnCount > 0 ? self[0, 0] : nil }

    private func check(_ row: Int, _ column: Int) {
        precondition(row >= 0 && row < rowCount && column >= 0 && column < columnCount, "no such row or column")
    }
}
