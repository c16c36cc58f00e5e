/// Which field of an event is which column and how it is encoded.
///
/// Events of one table have their fields in the same order nearly always, so the field that stood at a place the last
/// time is tried first. Names are kept as they stand in JSON.
final class FieldTable {
    struct Entry {
        let nameOffset: Int
        let nameLength: Int
        /// The column; -1 for a field that is none.
        let column: Int
        let encoding: ColumnEncoding
        /// A number that goes with the name: fields are told by the sum of theirs.
        let mark: UInt64
    }

    /// What the sum of the marks begins with: other for each embedded schema.
    let seed: UInt64
    /// What the embedded schema says of the fields; nil without one.
    let schema: [String: String]?

    private var names = ByteSink(capacity: 512)
    private var entries: [Entry] = []
    private var guesses: [Int] = []

    init(_ fields: [(name: String, column: Int, encoding: ColumnEncoding)], schema: [String: String]? = nil) {
        self.schema = schema
        seed = schema.map { $0.reduce(1) { $0 &+ fieldMark("\($1.key) \($1.value)".utf8) } } ?? 1
        for field in fields {
            let raw = JSONText.escaped(field.name)
            entries.append(
                Entry(
                    nameOffset: names.count, nameLength: raw.count, column: field.column, encoding: field.encoding,
                    mark: fieldMark(raw)))
            names.reserve(raw.count)
            for byte in raw { names.put(byte) }
        }
        guesses = Array(entries.indices)
    }

    deinit { names.free() }

    /// The entry of the field that stands at a place of an object.
    @inline(__always)
    func entry(at place: Int, _ key: ByteView) -> Entry {
        if place < guesses.count {
            let entry = entries[guesses[place]]
            if names.view(entry.nameOffset, entry.nameLength).equals(key) { return entry }
        }
        return search(place, key)
    }

    private func search(_ place: Int, _ key: ByteView) -> Entry {
        let found =
            entries.firstIndex { names.view($0.nameOffset, $0.nameLength).equals(key) }
            ?? add(key)
        while guesses.count <= place { guesses.append(found) }
        guesses[place] = found
        return entries[found]
    }

    /// Remembers a field that is no column.
    private func add(_ key: ByteView) -> Int {
        entries.append(
            Entry(
                nameOffset: names.count, nameLength: key.count, column: -1, encoding: ColumnEncoding(kind: .any),
                mark: fieldMark((0..<key.count).lazy.map { key[$0] })))
        names.append(key)
        return entries.count - 1
    }
}

/// A number that is other for other bytes, as good as certainly.
private func fieldMark(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    state = (state ^ state >> 33) &* 0xFF51_AFD7_ED55_8CCD
    return state ^ state >> 29
}
