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
    }

    private var names = ByteSink(capacity: 512)
    private var entries: [Entry] = []
    private var guesses: [Int] = []

    init(_ fields: [(name: String, column: Int, encoding: ColumnEncoding)]) {
        for field in fields {
            let raw = JSONText.escaped(field.name)
            entries.append(
                Entry(
                    nameOffset: names.count, nameLength: raw.count, column: field.column, encoding: field.encoding))
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
                nameOffset: names.count, nameLength: key.count, column: -1, encoding: ColumnEncoding(kind: .any)))
        names.append(key)
        return entries.count - 1
    }
}
