/// Dates, times and intervals.
extension JSONValueWriter {
    private static func isInfinite(_ text: ByteView) -> Bool { text.equals("infinity") || text.equals("-infinity") }

    func writeDate(_ text: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        if Self.isInfinite(text) {
            let isPositive = text[0] != UInt8(ascii: "-")
            guard isISO else { return sink.appendInteger(isPositive ? -2_147_472_692 : -2_147_472_691) }
            return sink.append(isPositive ? "\"-5877611-06-21Z\"" : "\"-5877611-06-22Z\"")
        }
        guard let days = CalendarReading.days(text) else { throw .encoding("a date") }
        guard isISO else { return sink.appendInteger(days) }
        putQuote(into: &sink)
        putISODate(days, into: &sink)
        sink.append("Z\"")
    }

    /// The proleptic date as Java prints it: year 0 is 1 BC, more than four digits have a sign.
    private func putISODate(_ days: Int64, into sink: inout ByteSink) {
        let (year, month, day) = CalendarText.civil(days)
        sink.reserve(32)
        if year < 0 { sink.put(UInt8(ascii: "-")) } else if year > 9999 { sink.put(UInt8(ascii: "+")) }
        if year.magnitude < 10_000 { sink.putDigits(year.magnitude, width: 4) } else { sink.putDigits(year.magnitude) }
        sink.put(UInt8(ascii: "-"))
        sink.putDigits(UInt64(month), width: 2)
        sink.put(UInt8(ascii: "-"))
        sink.putDigits(UInt64(day), width: 2)
    }

    func writeTime(_ text: ByteView, _ encoding: ColumnEncoding, into sink: inout ByteSink) throws(ValueFault) {
        guard let microseconds = CalendarReading.time(text) else { throw .encoding("a time of day") }
        if isISO {
            putQuote(into: &sink)
            sink.append(text)
            return sink.append("Z\"")
        }
        sink.appendInteger(Self.units(microseconds, encoding.parameter) ?? microseconds)
    }

    func writeTimestamp(
        _ text: ByteView, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        if Self.isInfinite(text) { return writeInfinity(text[0] != UInt8(ascii: "-"), encoding, into: &sink) }
        guard let (days, clock) = CalendarReading.timestamp(text), CalendarText.dayRange.contains(days) else {
            throw .encoding("a time stamp")
        }
        if isISO {
            putQuote(into: &sink)
            putISODate(days, into: &sink)
            sink.append("T")
            CalendarText.writeClock(clock, into: &sink)
            return sink.append("Z\"")
        }
        if encoding.parameter == ColumnEncoding.milliseconds {
            return sink.appendInteger(days * 86_400_000 + clock / 1000)
        }
        let (midnight, overflow) = days.multipliedReportingOverflow(by: CalendarText.microsecondsPerDay)
        let (microseconds, carried) = midnight.addingReportingOverflow(clock)
        guard !overflow, !carried, let units = Self.units(microseconds, encoding.parameter) else {
            return writeLost(into: &sink)
        }
        sink.appendInteger(units)
    }

    /// The numbers that the connector gives to the infinities.
    private func writeInfinity(_ isPositive: Bool, _ encoding: ColumnEncoding, into sink: inout ByteSink) {
        if isISO {
            sink.append(isPositive ? "\"+294247-01-10T04:00:25.2Z\"" : "\"-290308-12-21T19:59:27.6Z\"")
        } else if encoding.parameter == ColumnEncoding.nanoseconds {
            sink.appendInteger(isPositive ? .max : .min)
        } else if encoding.parameter == ColumnEncoding.milliseconds {
            sink.appendInteger(isPositive ? 9_223_372_036_825_200 : -9_223_372_036_832_400)
        } else {
            sink.appendInteger(isPositive ? 9_223_372_036_825_200_000 : -9_223_372_036_832_400_000)
        }
    }

    /// Microseconds in other units; nil when that does not fit.
    private static func units(_ microseconds: Int64, _ unitsPerSecond: Int) -> Int64? {
        switch unitsPerSecond {
        case ColumnEncoding.milliseconds: return microseconds / 1000
        case ColumnEncoding.nanoseconds:
            let (value, overflow) = microseconds.multipliedReportingOverflow(by: 1000)
            return overflow ? nil : value
        default: return microseconds
        }
    }

    /// A time with its zone; Debezium turns it to UTC, which PostgreSQL holds for another value.
    func writeZonedTime(_ text: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        var end = 0
        while end < text.count, text[end] != UInt8(ascii: "+"), text[end] != UInt8(ascii: "-") { end += 1 }
        guard CalendarReading.time(text.slice(0, end)) != nil else { throw .encoding("a time with a zone") }
        putQuote(into: &sink)
        sink.append(text.slice(0, end))
        putZone(text.dropFirst(end), into: &sink)
        putQuote(into: &sink)
    }

    /// `Z` for zero, hours and minutes for others.
    private func putZone(_ zone: ByteView, into sink: inout ByteSink) {
        guard !zone.isEmpty, !zone.equals("+00") else { return sink.append("Z") }
        sink.append(zone)
        if zone.count == 3 { sink.append(":00") }
    }

    func writeZonedTimestamp(
        _ text: ByteView, _ precision: Int, into sink: inout ByteSink
    ) throws(ValueFault) {
        putQuote(into: &sink)
        defer { putQuote(into: &sink) }
        if Self.isInfinite(text) { return sink.append(text) }
        let isBC = text.count > 3 && text.dropFirst(text.count - 3).equals(" BC")
        let body = isBC ? text.slice(0, text.count - 3) : text
        guard let space = body.firstIndex(of: UInt8(ascii: " ")) else { throw .encoding("a time stamp with a zone") }
        var zone = space
        while zone < body.count, body[zone] != UInt8(ascii: "+"), body[zone] != UInt8(ascii: "-") { zone += 1 }
        guard let days = CalendarReading.days(body.slice(0, space)),
            let clock = CalendarReading.time(body.slice(space + 1, zone)), zone >= space + 9
        else { throw .encoding("a time stamp with a zone") }
        let (year, month, day) = CalendarText.civil(days)
        putISODate(isBC ? CalendarText.days(year: 1 - year, month: month, day: day) : days, into: &sink)
        sink.reserve(24)
        sink.put(UInt8(ascii: "T"))
        sink.put(body.slice(space + 1, space + 9))
        if precision > 0 {
            sink.put(UInt8(ascii: "."))
            var fraction = UInt64(clock % 1_000_000)
            for _ in precision..<6 { fraction /= 10 }
            sink.putDigits(fraction, width: precision)
        }
        putZone(body.dropFirst(zone), into: &sink)
    }
}
