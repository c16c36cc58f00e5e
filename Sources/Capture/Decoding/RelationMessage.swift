/// What the stream says of a table before its first change, and again when it has changed.
struct RelationMessage {
    struct Column {
        let name: String
        let isIdentity: Bool
        let type: UInt32
        let modifier: Int32
    }

    let id: UInt32
    let schema: String
    let name: String
    /// `d` default, `n` nothing, `f` full, `i` index.
    let identity: UInt8
    let columns: [Column]

    init(_ reader: inout MessageReader) throws(CaptureError) {
        id = try reader.uint32()
        let schema = try reader.string()
        // The catalog's own schema has an empty name here.
        self.schema = schema.isEmpty ? "pg_catalog" : schema
        name = try reader.string()
        identity = try reader.byte()
        var columns: [Column] = []
        for _ in 0..<max(0, try reader.int16()) {
            let flags = try reader.byte()
            let name = try reader.string()
            let type = try reader.uint32()
            let modifier = Int32(bitPattern: try reader.uint32())
            columns.append(Column(name: name, isIdentity: flags & 1 != 0, type: type, modifier: modifier))
        }
        self.columns = columns
    }
}
