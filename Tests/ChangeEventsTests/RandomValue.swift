import ChangeEvents
import TestSupport

/// Random values in PostgreSQL's text form, such as PostgreSQL itself would print them.
enum RandomValue {
    static let types = [
        "bigint", "integer", "smallint", "oid", "double precision", "real", "numeric", "numeric(20,4)",
        "numeric(60,30)",
        "boolean", "text", "character varying(20)", "uuid", "jsonb", "xml", "inet", "citext", "ltree", "bytea",
        "bit(1)", "bit(13)", "date", "time without time zone", "time(3) without time zone", "time with time zone",
        "timestamp without time zone", "timestamp(3) without time zone", "timestamp with time zone",
        "timestamp(0) with time zone", "interval", "hstore", "point", "int4range", "text[]", "integer[]",
        "numeric(20,4)[]", "bytea[]", "date[]", "timestamp with time zone[]", "boolean[]", "some_composite",
    ]

    static func make(_ type: String, _ modes: ConnectorModes, using random: inout SeededGenerator) -> String {
        if type.hasSuffix("[]") { return array(String(type.dropLast(2)), modes, using: &random) }
        switch type {
        case "bigint": return String(Int64.random(in: .min ... .max, using: &random))
        case "integer": return String(Int32.random(in: .min ... .max, using: &random))
        case "smallint": return String(Int16.random(in: .min ... .max, using: &random))
        case "oid": return String(UInt32.random(in: 0 ... .max, using: &random))
        case "double precision", "real":
            return pick(["NaN", "Infinity", "-Infinity", "0", "-0", "1.5", "-2.25e-300", "1e+40"], &random)
        case "boolean": return pick(["t", "f"], &random)
        case "uuid": return "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
        case "inet": return pick(["192.168.0.1/24", "::1"], &random)
        case "int4range": return pick(["empty", "[1,5)", "(,5)"], &random)
        case "point": return pick(["(1.5,-2.5)", "(0,1e+30)"], &random)
        case "bytea": return "\\x" + (0..<Int.random(in: 0..<9, using: &random)).map { _ in hex(&random) }.joined()
        case "bit(1)": return pick(["0", "1"], &random)
        case "bit(13)": return (0..<13).map { _ in pick(["0", "1"], &random) }.joined()
        case "hstore":
            return pick(["", "\"a\"=>\"1\", \"b\"=>NULL", "\"q\\\"\\\\\"=>\"ż,=>\", \"NULL\"=>\"NULL\""], &random)
        case _ where type.hasPrefix("numeric"): return numeric(type, modes, using: &random)
        case _ where type.hasPrefix("time") || type == "date": return RandomTime.make(type, modes, using: &random)
        case "interval": return interval(modes, using: &random)
        default: return text(&random)
        }
    }

    static func pick(_ values: [String], _ random: inout SeededGenerator) -> String {
        values.randomElement(using: &random) ?? ""
    }

    private static func hex(_ random: inout SeededGenerator) -> String {
        let digits = String(UInt8.random(in: 0 ... .max, using: &random), radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }

    static func text(_ random: inout SeededGenerator) -> String {
        let pieces = [
            "a", "ż", "漢", "🦆", "\\", "\"", "'", "\n", "\t", "\r", "\u{8}", "\u{c}", "\u{1}", "\u{1f}", "\u{7f}",
            "\u{2028}",
            "/", "{", "}", ",", "NULL", "\\N", " ", "=>",
        ]
        return (0..<Int.random(in: 0..<12, using: &random)).map { _ in pick(pieces, &random) }.joined()
    }

    private static func numeric(
        _ type: String, _ modes: ConnectorModes, using random: inout SeededGenerator
    ) -> String {
        if modes.decimal == .double {
            return type == "numeric" ? pick(["1.5", "-0.25", "NaN"], &random) : pick(["1.5", "-123.25"], &random)
        }
        if modes.decimal == .string, type == "numeric" {
            return pick(["NaN", "Infinity", "-Infinity", "1.100", "0"], &random)
        }
        let scale = type == "numeric" ? Int.random(in: 0..<30, using: &random) : type == "numeric(20,4)" ? 4 : 30
        let digits = Int.random(in: 1..<30, using: &random)
        var number = String(Int.random(in: 1...9, using: &random))
        for _ in 1..<max(digits, 2) { number += String(Int.random(in: 0...9, using: &random)) }
        let sign = Bool.random(using: &random) ? "-" : ""
        guard scale > 0 else { return sign + number }
        // The scale of a bare numeric is told without the zeros at its end.
        let last = type == "numeric" ? "7" : pick(["0", "7"], &random)
        return sign + number + "." + (1..<scale).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
            + last
    }

    private static func interval(_ modes: ConnectorModes, using random: inout SeededGenerator) -> String {
        guard modes.interval == .string else {
            return pick(["04:05:06.789", "-100:00:00.000001", "00:00:00"], &random)
        }
        return pick(Array(intervals.keys).sorted(), &random)
    }

    /// Intervals as PostgreSQL prints them and in the ISO form that events carry, which PostgreSQL reads as well.
    private static let intervals = [
        "1 year 2 mons 3 days 04:05:06.789": "P1Y2M3DT4H5M6.789S",
        "-1 years -2 mons +3 days -04:05:06.789": "P-1Y-2M3DT-4H-5M-6.789S", "00:00:00": "P0Y0M0DT0H0M0S",
        "40 days -00:00:00.000001": "P0Y0M40DT0H0M-0.000001S", "178000000 years": "P178000000Y0M0DT0H0M0S",
    ]

    /// What the decoder makes of a value.
    static func decoded(_ type: String, _ value: String?, _ modes: ConnectorModes) -> String? {
        type == "interval" && modes.interval == .string ? value.flatMap { intervals[$0] } : value
    }

    private static func array(
        _ element: String, _ modes: ConnectorModes, using random: inout SeededGenerator
    ) -> String {
        if element == "integer", Int.random(in: 0..<5, using: &random) == 0 {
            return pick(["{{1,2},{3,4}}", "[0:1]={7,8}"], &random)
        }
        let elements = (0..<Int.random(in: 0..<4, using: &random)).map { _ -> String in
            if Int.random(in: 0..<5, using: &random) == 0 { return "NULL" }
            let value = make(element, modes, using: &random)
            let needsQuotes =
                value.isEmpty || value.uppercased() == "NULL"
                || value.unicodeScalars.contains { "{},\"\\".unicodeScalars.contains($0) || $0.value <= 0x20 }
            guard needsQuotes else { return value }
            return "\"" + value.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
        }
        return "{" + elements.joined(separator: ",") + "}"
    }
}
