import Model

/// The transaction whose changes are being sent.
struct TransactionContext {
    /// Microseconds from 1970 to PostgreSQL's own epoch, 2000-01-01.
    static let epoch: Int64 = 946_684_800_000_000

    /// The low 32 bits of its number.
    var id: UInt32 = 0
    /// When it was committed, in microseconds since 1970.
    var commitMicros: Int64 = 0
    /// Where its stream begins, which is what a BEGIN marker shows.
    var start = LSN(rawValue: 0)
    /// The replication origin of the session that made it.
    var origin: (name: String, lsn: LSN)?
    /// Whether it is open.
    var isOpen = false
    /// Whether its BEGIN marker has been sent.
    var isAnnounced = false
    /// Events so far.
    private(set) var events = 0
    /// Events by table, in the order of first appearance.
    private(set) var tables: [(table: TableName, events: Int)] = []

    /// A transaction that begins.
    mutating func begin(_ id: UInt32, at start: LSN, commitMicros: Int64) {
        self.id = id
        self.start = start
        self.commitMicros = commitMicros
        origin = nil
        isOpen = true
        isAnnounced = false
        events = 0
        tables.removeAll(keepingCapacity: true)
    }

    /// Counts an event of a table.
    ///
    /// - Returns: its number among all and among those of the table, from 1.
    mutating func count(_ table: TableName) -> (total: Int, table: Int) {
        events += 1
        if let place = tables.firstIndex(where: { $0.table == table }) {
            tables[place].events += 1
            return (events, tables[place].events)
        }
        tables.append((table, 1))
        return (events, 1)
    }
}
