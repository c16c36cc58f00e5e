/// Numbers as people read them: two or three digits and a unit.
public enum Magnitude {
    /// `950`, `12.3 k`, `1.2 M`.
    public static func count(_ value: Int) -> String {
        value < 10_000 ? "\(value)" : scaled(Double(value), by: 1000, ["", " k", " M", " G", " T"])
    }

    /// `1 row`, `12.3 k rows`.
    public static func rows(_ value: Int) -> String { "\(count(value)) \(value == 1 ? "row" : "rows")" }

    /// `950 B`, `12.3 kB`, `1.2 MB`, in powers of 1024.
    public static func bytes(_ value: Int) -> String {
        scaled(Double(value), by: 1024, [" B", " kB", " MB", " GB", " TB", " PB"])
    }

    /// `under 1 s`, `42 s`, `12 min`, `3.4 h`, `5.1 days`.
    public static func seconds(_ value: Double) -> String {
        switch value {
        case ..<1: "under 1 s"
        case ..<100: "\(Int(value.rounded())) s"
        case ..<5400: "\(Int((value / 60).rounded())) min"
        case ..<172_800: "\(digits(value / 3600)) h"
        default: "\(digits(value / 86400)) days"
        }
    }

    /// `2 to 5 min` as `120 s to 5 min`; one of them where they read alike.
    public static func seconds(_ low: Double, to high: Double) -> String {
        let (first, last) = (seconds(low), seconds(high))
        return first == last ? first : "\(first) to \(last)"
    }

    /// `0 %`, `0.03 %`, `12.5 %`, `100 %`; never 0 or 100 for what is not.
    public static func percent(_ share: Double) -> String {
        switch share {
        case 0: "0 %"
        case 1: "100 %"
        case ..<0.0001: "under 0.01 %"
        case 0.999...: "over 99.9 %"
        case ..<0.01: "\((share * 10_000).rounded() / 100) %"
        default: "\(digits(share * 100)) %"
        }
    }

    /// Three digits at most, if they suffice.
    public static func digits(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        let size = abs(value)
        let short =
            size >= 100 ? value.rounded() : size >= 10 ? (value * 10).rounded() / 10 : (value * 100).rounded() / 100
        return Int(exactly: short).map { "\($0)" } ?? "\(short)"
    }

    private static func scaled(_ value: Double, by step: Double, _ units: [String]) -> String {
        var value = value
        var unit = 0
        while value >= step, unit < units.count - 1 {
            value /= step
            unit += 1
        }
        return digits(unit == 0 ? value : (value * 10).rounded() / 10) + units[unit]
    }
}
