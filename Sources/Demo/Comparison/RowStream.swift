import LibPQ

/// The rows of a query in order, some at a time, through a cursor.
struct RowStream {
    struct Row: Equatable {
        let key: String
        let text: String
    }

    private let connection: Connection
    private var page: Result?
    private var next = 0

    /// Opens a cursor; the connection must be in a transaction.
    init(_ connection: Connection, _ query: String) throws {
        self.connection = connection
        try connection.execute("DECLARE compared NO SCROLL CURSOR FOR \(query)")
    }

    /// The next row, nil after the last.
    mutating func nextRow() throws -> Row? {
        if page == nil || next == page?.rowCount {
            page = try connection.execute("FETCH 2000 FROM compared")
            next = 0
        }
        guard let page, next < page.rowCount else { return nil }
        defer { next += 1 }
        return Row(key: page[next, 0] ?? "", text: page[next, 1] ?? "")
    }

    func close() throws { try connection.execute("CLOSE compared") }
}
