import LibPQ

/// The keys of the rows that pass a `CopyPipe`, as the text of an array of array texts: `{"{1,EU}","{2,US}"}`.
struct CopiedKeys {
    /// The places of the key's columns among the copied ones, in the key's order.
    private let places: [Int]
    private var text: [UInt8] = [UInt8(ascii: "{")]
    private var fields: [Range<Int>] = []
    private(set) var count = 0

    /// - Parameter places: the places of the key's columns among the copied ones, in the key's order.
    init(places: [Int]) { self.places = places }

    /// Takes the key of one row of COPY text.
    mutating func add(_ row: UnsafeRawBufferPointer) {
        split(row)
        if count > 0 { text.append(UInt8(ascii: ",")) }
        count += 1
        text.append(contentsOf: "\"{".utf8)
        for (number, place) in places.enumerated() {
            if number > 0 { text.append(UInt8(ascii: ",")) }
            append(UnsafeRawBufferPointer(rebasing: row[fields[place]]))
        }
        text.append(contentsOf: "}\"".utf8)
    }

    /// All of them, as a parameter.
    var parameter: Parameter { .text(String(decoding: text, as: UTF8.self) + "}") }

    private mutating func split(_ row: UnsafeRawBufferPointer) {
        fields.removeAll(keepingCapacity: true)
        let last = places.max() ?? 0
        var start = 0
        for place in row.indices where row[place] == UInt8(ascii: "\t") || row[place] == UInt8(ascii: "\n") {
            fields.append(start..<place)
            start = place + 1
            if fields.count > last { return }
        }
        fields.append(start..<row.count)
    }

    /// Appends a key column, quoted twice unless it is plain: once for its row's array, once for the array of rows.
    private mutating func append(_ field: UnsafeRawBufferPointer) {
        if Self.isPlain(field) {
            text.append(contentsOf: field)
            return
        }
        text.append(contentsOf: #"\""#.utf8)
        var bytes = field.makeIterator()
        while var byte = bytes.next() {
            if byte == Self.backslash, let escaped = bytes.next() { byte = Self.unescaped(escaped) }
            // Each level of quoting doubles a backslash and puts one before a quote.
            switch byte {
            case Self.backslash: text.append(contentsOf: #"\\\\"#.utf8)
            case UInt8(ascii: "\""): text.append(contentsOf: #"\\\""#.utf8)
            default: text.append(byte)
            }
        }
        text.append(contentsOf: #"\""#.utf8)
    }

    private static let backslash = UInt8(ascii: "\\")

    /// The byte that COPY writes as a backslash and `letter`.
    private static func unescaped(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "v"): 0x0B
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        default: letter
        }
    }

    private static func isPlain(_ field: UnsafeRawBufferPointer) -> Bool {
        !field.isEmpty && field.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    }
}
