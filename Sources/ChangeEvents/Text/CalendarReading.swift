/// PostgreSQL's ISO text of dates and times, read.
struct CalendarReading {
    private let text: ByteView
    private var index = 0

    init(_ text: ByteView) { self.text = text }

    /// A date, with ` BC` at the end of the text, as days since 1970; nil when it is none.
    static func days(_ text: ByteView) -> Int64? {
        var reading = CalendarReading(text)
        guard let days = reading.date(), reading.isAtEnd else { return nil }
        return days
    }

    /// A local time stamp as days since 1970 and microseconds of the day.
    static func timestamp(_ text: ByteView) -> (days: Int64, microseconds: Int64)? {
        var reading = CalendarReading(text)
        guard let days = reading.date(), reading.skip(UInt8(ascii: " ")), let clock = reading.clock(), reading.isAtEnd
        else { return nil }
        return (days, clock)
    }

    /// A time of day in microseconds.
    static func time(_ text: ByteView) -> Int64? {
        var reading = CalendarReading(text)
        guard let clock = reading.clock(), reading.isAtEnd else { return nil }
        return clock
    }

    private var isBC: Bool { text.count > 3 && text.dropFirst(text.count - 3).equals(" BC") }
    private var isAtEnd: Bool { index == text.count - (isBC ? 3 : 0) }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard index < text.count, text[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func number(_ most: Int = 9) -> Int64? {
        var value: Int64 = 0
        let start = index
        while index < text.count, index - start < most, let digit = text.digit(index) {
            value = value * 10 + Int64(digit)
            index += 1
        }
        return index > start ? value : nil
    }

    private mutating func date() -> Int64? {
        guard let year = number(), skip(UInt8(ascii: "-")), let month = number(), skip(UInt8(ascii: "-")),
            let day = number(), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        return CalendarText.days(year: isBC ? 1 - year : year, month: Int(month), day: Int(day))
    }

    private mutating func clock() -> Int64? {
        guard let hours = number(), skip(UInt8(ascii: ":")), let minutes = number(), skip(UInt8(ascii: ":")),
            let seconds = number()
        else { return nil }
        var fraction: Int64 = 0
        if skip(UInt8(ascii: ".")) {
            var unit: Int64 = 100_000
            while index < text.count, let digit = text.digit(index) {
                fraction += Int64(digit) * unit
                unit /= 10
                index += 1
            }
        }
        return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction
    }
}
