/// Dates and times as PostgreSQL's ISO text, in the proleptic Gregorian calendar for all years.
enum CalendarText {
    static let microsecondsPerDay: Int64 = 86_400_000_000
    /// The days that PostgreSQL's `date` can hold, counted from 1970: 4713-01-01 BC to 5874897-12-31.
    static let dayRange: ClosedRange<Int64> = -2_440_588...2_145_042_905
    /// The microseconds that PostgreSQL's `timestamp` can hold, as far as they fit.
    static let timestampRange: PartialRangeFrom<Int64> = (-210_866_803_200_000_000)...

    /// The last day that PostgreSQL's `timestamp` can hold: 294276-12-31.
    static let lastTimestampDay: Int64 = 106_762_939

    /// The civil date of a day counted from 1970-01-01; year 0 is 1 BC.
    static func civil(_ days: Int64) -> (year: Int64, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), Int(month), Int(day))
    }

    /// The day counted from 1970-01-01 of a civil date; year 0 is 1 BC.
    static func days(year: Int64, month: Int, day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func writeDate(_ days: Int64, into sink: inout ByteSink) {
        sink.reserve(40)
        let (year, month, day) = civil(days)
        putDate(year, month, day, into: &sink)
        if year <= 0 { sink.put(" BC") }
    }

    static func writeTimestamp(_ microseconds: Int64, into sink: inout ByteSink) {
        sink.reserve(60)
        var day = microseconds / microsecondsPerDay
        var rest = microseconds % microsecondsPerDay
        if rest < 0 {
            rest += microsecondsPerDay
            day -= 1
        }
        let (year, month, dayOfMonth) = civil(day)
        putDate(year, month, dayOfMonth, into: &sink)
        sink.put(UInt8(ascii: " "))
        putClock(rest.magnitude, into: &sink)
        if year <= 0 { sink.put(" BC") }
    }

    /// A time of day or a span of time: `[-]HH:MM:SS[.ffffff]`, hours as many as it takes.
    static func writeClock(_ microseconds: Int64, into sink: inout ByteSink) {
        sink.reserve(40)
        if microseconds < 0 { sink.put(UInt8(ascii: "-")) }
        putClock(microseconds.magnitude, into: &sink)
    }

    private static func putDate(_ year: Int64, _ month: Int, _ day: Int, into sink: inout ByteSink) {
        let shown = UInt64(year > 0 ? year : 1 - year)
        if shown < 10_000 { sink.putDigits(shown, width: 4) } else { sink.putDigits(shown) }
        sink.put(UInt8(ascii: "-"))
        sink.putDigits(UInt64(month), width: 2)
        sink.put(UInt8(ascii: "-"))
        sink.putDigits(UInt64(day), width: 2)
    }

    private static func putClock(_ microseconds: UInt64, into sink: inout ByteSink) {
        let seconds = microseconds / 1_000_000
        let hours = seconds / 3600
        if hours < 100 { sink.putDigits(hours, width: 2) } else { sink.putDigits(hours) }
        sink.put(UInt8(ascii: ":"))
        sink.putDigits(seconds / 60 % 60, width: 2)
        sink.put(UInt8(ascii: ":"))
        sink.putDigits(seconds % 60, width: 2)
        var fraction = microseconds % 1_000_000
        guard fraction > 0 else { return }
        var width = 6
        while fraction % 10 == 0 {
            fraction /= 10
            width -= 1
        }
        sink.put(UInt8(ascii: "."))
        sink.putDigits(fraction, width: width)
    }
}
