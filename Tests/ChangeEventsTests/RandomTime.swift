import ChangeEvents
import TestSupport

/// Random dates and times in PostgreSQL's text form.
enum RandomTime {
    static func make(_ type: String, _ modes: ConnectorModes, using random: inout SeededGenerator) -> String {
        let digits = type.contains("(0)") ? 0 : type.contains("(3)") || modes.time == .connect ? 3 : 6
        switch type {
        case "date": return RandomValue.pick(dates + ["infinity", "-infinity"], &random)
        case _ where type.hasPrefix("timestamp"):
            let zoned = type.contains("with time zone")
            let near = modes.time == .nanoseconds && !zoned
            let special = RandomValue.pick(["infinity", "-infinity"], &random)
            if Int.random(in: 0..<8, using: &random) == 0 { return special }
            let date = RandomValue.pick(near ? ["1970-01-01", "1969-12-31", "2024-02-29"] : dates, &random)
            let (day, era) = date.hasSuffix(" BC") ? (String(date.dropLast(3)), " BC") : (date, "")
            guard !day.hasPrefix("5874897") else { return special }
            let precision = type.contains("with time zone") ? (type.contains("(0)") ? 0 : 6) : digits
            return "\(day) \(clock(precision, &random))\(zoned ? "+00" : "")\(era)"
        case _ where type.contains("with time zone"):
            return RandomValue.pick(["24:00:00", clock(6, &random)], &random)
                + RandomValue.pick(["+00", "+05:30", "-15:59"], &random)
        default: return RandomValue.pick(["24:00:00", clock(digits, &random), clock(digits, &random)], &random)
        }
    }

    private static let dates = [
        "1970-01-01", "1969-12-31", "2024-02-29", "1582-10-10", "1500-03-01", "0001-01-01", "0001-12-31 BC",
        "0044-03-15 BC", "4713-01-01 BC", "9999-12-31", "10000-01-01", "294246-12-31", "5874897-12-31",
    ]

    private static func clock(_ digits: Int, _ random: inout SeededGenerator) -> String {
        func two(_ limit: Int) -> String {
            let text = String(Int.random(in: 0..<limit, using: &random))
            return text.count == 1 ? "0" + text : text
        }
        let whole = "\(two(24)):\(two(60)):\(two(60))"
        guard digits > 0, Bool.random(using: &random) else { return whole }
        return "\(whole).\((1..<digits).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined())7"
    }
}
