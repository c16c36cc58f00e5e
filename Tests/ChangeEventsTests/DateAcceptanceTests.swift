import ChangeEvents
import Testing

/// Dates and times in every precision mode.
@Suite struct DateAcceptanceTests {
    @Test func a15DatesDoNotDrift() throws {
        let date = try OneColumn("date")
        let days: [(String, String)] = [
            ("0", "1970-01-01"), ("-1", "1969-12-31"), ("19782", "2024-02-29"), ("-719162", "0001-01-01"),
            ("-719163", "0001-12-31 BC"), ("-141432", "1582-10-10"), ("-735160", "0044-03-15 BC"),
            ("-2440550", "4713-01-01 BC"), ("2932896", "9999-12-31"), ("2932897", "10000-01-01"),
            ("2145042905", "5874897-12-31"), ("-2147472692", "infinity"), ("-2147472691", "-infinity"),
            ("-622191234", "infinity"), ("-625821272", "-infinity"),
        ]
        for (number, text) in days { #expect(try date(number) == text) }
        let iso = try OneColumn("date", ["time.precision.mode": "isostring"])
        #expect(try iso("\"-0043-03-15Z\"") == "0044-03-15 BC")
        #expect(try iso("\"0000-01-01Z\"") == "0001-01-01 BC")
        #expect(try iso("\"+5874897-12-31Z\"") == "5874897-12-31")
        #expect(try iso("\"-5877611-06-21Z\"") == "infinity")
    }

    @Test func a15EveryDayRoundTripsOverTwelveThousandYears() throws {
        let date = try OneColumn("date")
        var expected = (year: -4712, month: 1, day: 1)
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        for number in stride(from: -2_440_550, to: 2_000_000, by: 1) {
            if number % 97 == 0 {
                let shown = expected.year > 0 ? expected.year : 1 - expected.year
                let year = String(repeating: "0", count: max(0, 4 - String(shown).count)) + String(shown)
                let text = "\(year)-\(two(expected.month))-\(two(expected.day))\(expected.year > 0 ? "" : " BC")"
                #expect(try date(String(number)) == text)
            }
            let isLeap = expected.year % 4 == 0 && (expected.year % 100 != 0 || expected.year % 400 == 0)
            expected.day += 1
            if expected.day > lengths[expected.month - 1] + (isLeap && expected.month == 2 ? 1 : 0) {
                expected = (expected.month == 12 ? expected.year + 1 : expected.year, expected.month % 12 + 1, 1)
            }
        }
    }

    private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

    @Test func a15TimesOfDayReachTwentyFourHours() throws {
        #expect(try OneColumn("time")("86400000000") == "24:00:00")
        #expect(try OneColumn("time(3)")("86400000") == "24:00:00")
        #expect(try OneColumn("time(3)")("3723100") == "01:02:03.1")
        #expect(try OneColumn("time", ["time.precision.mode": "connect"])("45296123") == "12:34:56.123")
        #expect(try OneColumn("time", ["time.precision.mode": "nanoseconds"])("45296123456000") == "12:34:56.123456")
        #expect(try OneColumn("time", ["time.precision.mode": "isostring"])("\"01:02:03.100Z\"") == "01:02:03.1")
        #expect(
            try OneColumn("time(0)", ["time.precision.mode": "adaptive_time_microseconds"])("45296000000") == "12:34:56"
        )
        #expect(try OneColumn("timetz")("\"07:04:56.123456Z\"") == "07:04:56.123456+00")
    }

    @Test func a15TimestampsKeepTheirMicroseconds() throws {
        let cases: [(String, [String: String], String, String)] = [
            ("timestamp", [:], "1709210096123456", "2024-02-29 12:34:56.123456"),
            ("timestamp", [:], "-62135596800000000", "0001-01-01 00:00:00"),
            ("timestamp", [:], "-1", "1969-12-31 23:59:59.999999"),
            ("timestamp(3)", [:], "-1", "1969-12-31 23:59:59.999"),
            ("timestamp", [:], "-63517780800000000", "0044-03-15 12:00:00 BC"),
            ("timestamp", [:], "253402300800000000", "10000-01-01 00:00:00"),
            ("timestamp(3)", [:], "9224318015999999", "294276-12-31 23:59:59.999"),
            ("timestamp", [:], "9223372036825200000", "infinity"),
            ("timestamp", [:], "-9223372036832400000", "-infinity"),
            ("timestamp(3)", [:], "9223372036825200", "infinity"),
            ("timestamp", ["time.precision.mode": "nanoseconds"], "9223372036854775807", "infinity"),
            ("timestamp", ["time.precision.mode": "nanoseconds"], "-1", "1969-12-31 23:59:59.999999"),
            ("timestamp", ["time.precision.mode": "connect"], "1709210096123", "2024-02-29 12:34:56.123"),
            ("timestamp", ["time.precision.mode": "isostring"], "\"-290308-12-21T19:59:27.6Z\"", "-infinity"),
            ("timestamp", ["time.precision.mode": "isostring"], "\"-0043-03-15T12:00:00Z\"", "0044-03-15 12:00:00 BC"),
        ]
        for (type, modes, json, text) in cases { #expect(try OneColumn(type, modes)(json) == text, "\(type) \(json)") }
    }

    @Test func a15ZonesAreNotForced() throws {
        let column = try OneColumn("timestamptz")
        #expect(try column("\"2024-02-29T10:34:56.123456Z\"") == "2024-02-29 10:34:56.123456+00")
        #expect(try column("\"2024-02-29T10:34:56.100Z\"") == "2024-02-29 10:34:56.1+00")
        #expect(try column("\"2024-02-29T10:34:56+05:30\"") == "2024-02-29 10:34:56+05:30")
        #expect(try column("\"-0043-03-15T12:00:00.000000Z\"") == "0044-03-15 12:00:00+00 BC")
        #expect(try column("\"+294276-12-31T23:59:59.999999Z\"") == "294276-12-31 23:59:59.999999+00")
        #expect(try column("\"-infinity\"") == "-infinity")
    }

    @Test func a15WhatOverflowedInTheConnectorIsUnavailable() throws {
        #expect(try OneColumn("timestamp")("-9223372036853775810") == "unavailable")
        #expect(try OneColumn("interval")("9223372036854775807") == "unavailable")
    }
}
