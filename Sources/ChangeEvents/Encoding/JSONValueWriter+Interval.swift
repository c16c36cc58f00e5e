/// Intervals.
extension JSONValueWriter {
    /// Months, days and microseconds of PostgreSQL's form, `1 year -2 mons +3 days -04:05:06.789`.
    private static func parts(_ text: ByteView) -> (months: Int64, days: Int64, microseconds: Int64)? {
        var (months, days, microseconds): (Int64, Int64, Int64) = (0, 0, 0)
        let words = text.string.split(separator: " ")
        guard words.count <= 8 else { return nil }
        var index = 0
        while index < words.count {
            let word = words[index]
            if word.contains(":") {
                let isNegative = word.hasPrefix("-")
                let clock = Array(word.drop { $0 == "-" || $0 == "+" }.utf8)
                let read = unsafe clock.withUnsafeBytes { CalendarReading.time(unsafe ByteView($0)) }
                guard let read else { return nil }
                microseconds = isNegative ? -read : read
                index += 1
                continue
            }
            // PostgreSQL has 32 bits for months and for days.
            guard index + 1 < words.count, let number = Int32(word).map(Int64.init) else { return nil }
            switch words[index + 1] {
            case "year", "years": months += number * 12
            case "mon", "mons": months += number
            case "day", "days": days += number
            default: return nil
            }
            index += 2
        }
        return (months, days, microseconds)
    }

    func writeInterval(_ text: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        guard let (months, days, microseconds) = Self.parts(text) else { throw .encoding("an interval") }
        guard modes.interval == .numeric else {
            return sink.append("\"\(Self.iso(months, days, microseconds))\"")
        }
        // A month is 30.4375 days: 2,629,800 seconds.
        let (ofMonths, tooMany) = months.multipliedReportingOverflow(by: 2_629_800_000_000)
        let (sum, carried) = ofMonths.addingReportingOverflow(days &* CalendarText.microsecondsPerDay)
        let (total, carriedAgain) = sum.addingReportingOverflow(microseconds)
        let isLost = tooMany || carried || carriedAgain
        sink.appendInteger(isLost ? (months < 0 || days < 0 ? .min : .max) : total)
    }

    private static func iso(_ months: Int64, _ days: Int64, _ microseconds: Int64) -> String {
        let (seconds, fraction) = microseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        let (minutes, second) = seconds.quotientAndRemainder(dividingBy: 60)
        let (hours, minute) = minutes.quotientAndRemainder(dividingBy: 60)
        let sign = microseconds < 0 ? "-" : ""
        func signed(_ value: UInt64) -> String { value == 0 ? "0" : sign + String(value) }
        var digits = String(fraction)
        digits = String(repeating: "0", count: 6 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        let shownSecond = digits.isEmpty ? signed(second) : "\(sign)\(second).\(digits)"
        return "P\(months / 12)Y\(months % 12)M\(days)DT\(signed(hours))H\(signed(minute))M\(shownSecond)S"
    }
}
