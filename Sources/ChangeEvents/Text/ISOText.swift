/// ISO 8601 dates and times, as Java prints them, turned into PostgreSQL's text.
enum ISOText {
    /// What a text must consist of.
    struct Parts: OptionSet {
        let rawValue: UInt8
        static let date = Parts(rawValue: 1)
        static let clock = Parts(rawValue: 2)
        /// Print the zone; without it a zone in the text is dropped.
        static let zone = Parts(rawValue: 4)
    }

    /// Writes `[±]YYYY-MM-DD[T]HH:MM:SS[.f][Z|±HH:MM]` the way PostgreSQL prints it: years before 1 as BC, no zeros at
    /// the end of a fraction, `+00` for `Z`.
    ///
    /// - Returns: false when the text is not of that form.
    static func write(_ text: ByteView, _ parts: Parts, into sink: inout ByteSink) -> Bool {
        sink.reserve(text.count + 16)
        var index = 0
        var isBC = false
        if parts.contains(.date) {
            guard putDate(text, &index, &isBC, into: &sink) else { return false }
            if parts.contains(.clock) {
                guard index < text.count, text[index] == UInt8(ascii: "T") || text[index] == UInt8(ascii: " ") else {
                    return false
                }
                index += 1
                sink.put(UInt8(ascii: " "))
            }
        }
        if parts.contains(.clock) {
            guard putClock(text, &index, into: &sink) else { return false }
        }
        guard putZone(text, &index, parts.contains(.zone), into: &sink) else { return false }
        if isBC { sink.put(" BC") }
        return index == text.count
    }

    private static func putDate(
        _ text: ByteView, _ index: inout Int, _ isBC: inout Bool, into sink: inout ByteSink
    ) -> Bool {
        var negative = false
        if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            negative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        var year: UInt64 = 0
        let start = index
        while index < text.count, let digit = text.digit(index), index - start < 10 {
            year = year * 10 + digit
            index += 1
        }
        guard index - start >= 4 else { return false }
        isBC = negative || year == 0
        let shown = isBC ? year + 1 : year
        if shown < 10_000 { sink.putDigits(shown, width: 4) } else { sink.putDigits(shown) }
        return putGroup(text, &index, UInt8(ascii: "-"), into: &sink)
            && putGroup(text, &index, UInt8(ascii: "-"), into: &sink)
    }

    private static func putClock(_ text: ByteView, _ index: inout Int, into sink: inout ByteSink) -> Bool {
        guard putGroup(text, &index, nil, into: &sink), putGroup(text, &index, UInt8(ascii: ":"), into: &sink) else {
            return false
        }
        // Java leaves out seconds that are zero in some of its forms.
        guard index < text.count, text[index] == UInt8(ascii: ":") else {
            sink.put(":00")
            return true
        }
        guard putGroup(text, &index, UInt8(ascii: ":"), into: &sink) else { return false }
        guard index < text.count, text[index] == UInt8(ascii: ".") else { return true }
        let start = index
        index += 1
        while index < text.count, text.digit(index) != nil { index += 1 }
        guard index > start + 1 else { return false }
        var end = index
        while text[end - 1] == UInt8(ascii: "0") { end -= 1 }
        if end > start + 1 { sink.put(text.slice(start, end)) }
        return true
    }

    private static func putZone(_ text: ByteView, _ index: inout Int, _ shown: Bool, into sink: inout ByteSink) -> Bool
    {
        guard index < text.count else {
            if shown { sink.put("+00") }
            return true
        }
        switch text[index] {
        case UInt8(ascii: "Z"):
            index += 1
            if shown { sink.put("+00") }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            let start = index
            index += 1
            while index < text.count, text.digit(index) != nil || text[index] == UInt8(ascii: ":") { index += 1 }
            guard index - start >= 3 else { return false }
            if shown { sink.put(text.slice(start, index)) }
        default: return false
        }
        return true
    }

    /// Two digits, with what must stand before them.
    private static func putGroup(
        _ text: ByteView, _ index: inout Int, _ separator: UInt8?, into sink: inout ByteSink
    ) -> Bool {
        if let separator {
            guard index < text.count, text[index] == separator else { return false }
            sink.put(separator)
            index += 1
        }
        guard index + 1 < text.count, text.digit(index) != nil, text.digit(index + 1) != nil else { return false }
        sink.put(text.slice(index, index + 2))
        index += 2
        return true
    }
}

extension ByteView {
    /// The digit at `index`; nil when it is none.
    @inline(__always)
    func digit(_ index: Int) -> UInt64? {
        let digit = self[index] &- UInt8(ascii: "0")
        return digit < 10 ? UInt64(digit) : nil
    }
}
