import Model

/// What an event's `source` says.
struct SourceBlock {
    var position: SourcePosition?
    var transaction: UInt32?
    var millis: Int64 = 0
    var snapshot = SnapshotMark.none
    /// Whether a session of this program made the change, as its replication origin tells.
    var isApplied = false
    /// Tokens of the schema (PostgreSQL) or database (MySQL) and of the table; 0 without one.
    var schema = 0
    var database = 0
    var table = 0

    /// Reads the block, whatever the order of its fields.
    init(_ tokens: JSONTokens, _ block: Int) {
        var sequence = 0
        var file = 0
        var pos: Int64?
        var row: Int64 = 0
        var index = block + 1
        let end = tokens.end(block)
        while index < end {
            let key = tokens.key(index)
            switch key.count {
            case 2 where key.equals("db"): database = index
            case 3 where key.equals("pos"): pos = tokens.bytes(index).integer
            case 3 where key.equals("row"): row = tokens.bytes(index).integer ?? 0
            case 4 where key.equals("txId"):
                transaction = tokens.bytes(index).integer.map { UInt32(truncatingIfNeeded: $0) }
            case 4 where key.equals("file"): file = index
            case 5 where key.equals("ts_ms"): millis = tokens.bytes(index).integer ?? 0
            case 5 where key.equals("table"): table = index
            case 6 where key.equals("schema"): schema = index
            case 6 where key.equals("origin"): isApplied = tokens.bytes(index).hasPrefix(ReplicationOrigin.prefix)
            case 8 where key.equals("sequence"): sequence = index
            case 8 where key.equals("snapshot"): snapshot = Self.mark(tokens, index)
            default: break
            }
            index = tokens.end(index)
        }
        guard snapshot == .none else { return }
        if sequence > 0, tokens.kind(sequence) == .string {
            position = Self.postgres(tokens.bytes(sequence))
        } else if file > 0, let pos {
            position = Self.mysql(tokens.bytes(file), pos, row)
        }
    }

    private static func mark(_ tokens: JSONTokens, _ index: Int) -> SnapshotMark {
        let value = tokens.bytes(index)
        return switch tokens.kind(index) {
        case .string where value.equals("false"), .false, .null: .none
        case .string where value.equals("incremental"): .incremental
        default: .initial
        }
    }

    /// The pair in `[null,"667534080"]` or `["667536032","667536120"]`, quotes escaped; null is 0.
    private static func postgres(_ text: ByteView) -> SourcePosition? {
        guard let comma = text.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        return SourcePosition(major: digits(text, 0, comma), minor: digits(text, comma, text.count))
    }

    /// The number whose digits lie between two places; 0 when there are none.
    private static func digits(_ text: ByteView, _ start: Int, _ end: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in start..<end {
            if let digit = text.digit(index) { number = number &* 10 &+ digit }
        }
        return number
    }

    /// The number at the end of the file's name, and the place in it.
    private static func mysql(_ file: ByteView, _ pos: Int64, _ row: Int64) -> SourcePosition? {
        var start = file.count
        while start > 0, file.digit(start - 1) != nil { start -= 1 }
        guard start < file.count, pos >= 0 else { return nil }
        return SourcePosition(
            major: digits(file, start, file.count), minor: UInt64(pos), row: UInt32(truncatingIfNeeded: row))
    }
}
