/// Dates, times and intervals.
extension ValueWriter {
    /// The day numbers that the connector gives to the infinities, in the stream and in the snapshot; PostgreSQL's
    /// dates begin far later.
    private static let infiniteDays: [Int64: Bool] = [
        -2_147_472_692: true, -622_191_234: true, -2_147_472_691: false, -625_821_272: false,
    ]

    func writeDate(_ kind: JSONKind, _ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        if kind == .string {
            if raw.equals("-5877611-06-21Z") { return putInfinity(true, into: &sink) }
            if raw.equals("-5877611-06-22Z") { return putInfinity(false, into: &sink) }
            guard ISOText.write(raw, .date, into: &sink) else { throw .encoding("an ISO date") }
            return
        }
        guard kind == .number, let days = raw.integer else { throw .type("a number of days") }
        guard CalendarText.dayRange.contains(days) else {
            guard let isPositive = Self.infiniteDays[days] else {
                throw ValueFault(code: .unsupported, expected: "a date from 4713 BC to 5874897 AD")
            }
            return putInfinity(isPositive, into: &sink)
        }
        CalendarText.writeDate(days, into: &sink)
    }

    func writeTime(
        _ kind: JSONKind, _ raw: ByteView, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        if kind == .string {
            guard ISOText.write(raw, .clock, into: &sink) else { throw .encoding("an ISO time") }
            return
        }
        guard kind == .number, let value = raw.integer,
            let microseconds = Self.microseconds(value, encoding.parameter)
        else { throw .type("a number for a time of day") }
        let isInRange = encoding.kind == .duration || (0...CalendarText.microsecondsPerDay).contains(microseconds)
        guard isInRange else { throw .encoding("a time from 00:00 to 24:00") }
        CalendarText.writeClock(microseconds, into: &sink)
    }

    /// A local time. The connector's own numbers for the infinities become PostgreSQL's; a number below the range of
    /// PostgreSQL is one that overflowed in the connector: its value is not in the event.
    func writeTimestamp(
        _ kind: JSONKind, _ raw: ByteView, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        if kind == .string {
            if raw.equals("+294247-01-10T04:00:25.2Z") {
                putInfinity(true, into: &sink)
            } else if raw.equals("-290308-12-21T19:59:27.6Z") {
                putInfinity(false, into: &sink)
            } else if !ISOText.write(raw, [.date, .clock], into: &sink) {
                throw .encoding("an ISO time stamp")
            }
            return .value
        }
        guard kind == .number, let value = raw.integer else { throw .type("a number for a time stamp") }
        let nanoseconds = encoding.parameter == ColumnEncoding.nanoseconds
        let milliseconds = encoding.parameter == ColumnEncoding.milliseconds
        let infinities: (Int64, Int64) =
            nanoseconds
            ? (.max, .min)
            : milliseconds
                ? (9_223_372_036_825_200, -9_223_372_036_832_400)
                : (9_223_372_036_825_200_000, -9_223_372_036_832_400_000)
        if value == infinities.0 || value == infinities.1 {
            putInfinity(value == infinities.0, into: &sink)
            return .value
        }
        if milliseconds, value > Int64.max / 1000 {
            // Beyond 294247 microseconds no longer fit: days and the rest on their own.
            return try writeFarTimestamp(value, into: &sink)
        }
        guard let microseconds = Self.microseconds(value, encoding.parameter),
            CalendarText.timestampRange.contains(microseconds)
        else { return .unavailable }
        CalendarText.writeTimestamp(microseconds, into: &sink)
        return .value
    }

    private func writeFarTimestamp(
        _ milliseconds: Int64, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        guard days <= CalendarText.lastTimestampDay else { return .unavailable }
        CalendarText.writeDate(days, into: &sink)
        sink.reserve(1)
        sink.put(UInt8(ascii: " "))
        CalendarText.writeClock(rest * 1000, into: &sink)
        return .value
    }

    func writeZoned(
        _ kind: JSONKind, _ raw: ByteView, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        guard kind == .string else { throw .type("a string with a time and a zone") }
        if raw.equals("infinity") || raw.equals("-infinity") { return sink.append(raw) }
        let parts: ISOText.Parts = encoding.kind == .zonedTime ? [.clock, .zone] : [.date, .clock, .zone]
        guard ISOText.write(raw, parts, into: &sink) else { throw .encoding("an ISO time with a zone") }
    }

    /// An interval. In numbers a month is 30.4375 days and what does not fit is cut to the largest number: such a value
    /// is not in the event.
    func writeInterval(
        _ kind: JSONKind, _ raw: ByteView, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        switch kind {
        case .string:
            guard raw.count > 1, raw[0] == UInt8(ascii: "P") else { throw .encoding("an ISO duration") }
            sink.append(raw)
            return .value
        case .number:
            guard let microseconds = raw.integer else { throw .encoding("an integer of 64 bits") }
            if microseconds == .max || microseconds == .min { return .unavailable }
            CalendarText.writeClock(microseconds, into: &sink)
            return .value
        default: throw .type("an interval")
        }
    }

    @inline(__always)
    private func putInfinity(_ isPositive: Bool, into sink: inout ByteSink) {
        sink.reserve(9)
        if !isPositive { sink.put(UInt8(ascii: "-")) }
        sink.put("infinity")
    }

    /// A number of units as microseconds; nil when that does not fit.
    @inline(__always)
    private static func microseconds(_ value: Int64, _ unitsPerSecond: Int) -> Int64? {
        switch unitsPerSecond {
        case ColumnEncoding.milliseconds:
            let (result, overflow) = value.multipliedReportingOverflow(by: 1000)
            return overflow ? nil : result
        case ColumnEncoding.nanoseconds:
            return value >= 0 ? value / 1000 : (value - 999) / 1000
        default: return value
        }
    }
}
