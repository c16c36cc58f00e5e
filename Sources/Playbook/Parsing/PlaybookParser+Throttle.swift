import Foundation
import Model
import Yams

extension PlaybookParser {
    /// `limits.throttle`: a limit, or `off`, for each factor, and ceilings of the rate by time of the day.
    func readThrottle(_ node: Node) -> ThrottleLimits {
        var throttle = ThrottleLimits()
        let keys = LimitingFactor.allCases.map(\.rawValue) + ["time_zone"]
        guard let section = mapping(node, "limits.throttle", keys: keys) else { return throttle }
        for factor in LimitingFactor.probed {
            guard let node = section[factor.rawValue] else { continue }
            if case .scalar(let scalar) = node, scalar.string == "off" {
                throttle.limits[factor] = nil
            } else if let limit = limit(node, of: factor) {
                throttle.limits[factor] = limit
            }
        }
        if let node = section["time_zone"],
            let zone = scalar(node, "limits.throttle.time_zone", expected: "a time zone such as Europe/Berlin")
        {
            if TimeZone(identifier: zone.value) == nil {
                error(
                    .badValue, at: zone.location, "limits.throttle.time_zone \"\(zone.value)\" is not known",
                    expected: "a name of the IANA database, such as UTC or Europe/Berlin")
            }
            throttle.timeZone = zone.value
        }
        if let node = section[LimitingFactor.rates.rawValue] { throttle.windows = readRates(node) }
        return throttle
    }

    private func limit(_ node: Node, of factor: LimitingFactor) -> Double? {
        let what = "limits.throttle.\(factor.rawValue)"
        switch factor.unit {
        case .sessions: return number(node, what, 1...100_000).map(Double.init)
        case .bytes: return bytes(node, what, 1 << 20...1 << 50).map(Double.init)
        case .seconds:
            guard let milliseconds = milliseconds(node, what) else { return nil }
            if milliseconds > 0 { return Double(milliseconds) / 1000 }
            error(
                .badValue, at: text.location(node.mark), "\(what) cannot be nothing",
                expected: "a duration such as 10s",
                advice: "to have it not watched, write off")
            return nil
        }
    }

    private func readRates(_ node: Node) -> [RateWindow] {
        guard case .sequence(let sequence) = node else {
            error(
                .wrongKind, at: text.location(node.mark), "limits.throttle.rates is \(Self.kind(node))",
                expected: "a list such as [{ from: \"08:00\", to: \"18:00\", rows: 5000 }]")
            return []
        }
        return sequence.compactMap { node in
            let what = "a window of limits.throttle.rates"
            guard let section = mapping(node, what, keys: ["from", "to", "rows", "bytes"]) else { return nil }
            let from = section["from"].map { minute($0, "from", 0...1439) } ?? 0
            let to = section["to"].map { minute($0, "to", 1...1440) } ?? 1440
            let rows = section["rows"].flatMap { number($0, "rows of \(what)", 1...1_000_000_000) }
            let bytes = section["bytes"].flatMap { self.bytes($0, "bytes of \(what)", 1024...1 << 40) }
            guard section["rows"] != nil || section["bytes"] != nil else {
                error(
                    .missingKey, at: text.location(node.mark), "\(what) has no ceiling",
                    expected: "rows: and bytes:, or one of them, in a second")
                return nil
            }
            guard let from, let to else { return nil }
            return RateWindow(from: from, to: to, ceiling: RateCeiling(rows: rows, bytes: bytes))
        }
    }

    /// A time of the day in minutes.
    private func minute(_ node: Node, _ what: String, _ range: ClosedRange<Int>) -> Int? {
        let expected = "a time from 00:00 to 24:00, such as \"08:30\""
        guard let value = scalar(node, "\(what) of limits.throttle.rates", expected: expected) else { return nil }
        let parts = value.value.split(separator: ":", omittingEmptySubsequences: false).map { part in
            part.count == 2 && part.allSatisfy { $0.isASCII && $0.isNumber } ? Int(part) : nil
        }
        if parts.count == 2, let hours = parts[0], let minutes = parts[1], minutes < 60,
            range.contains(hours * 60 + minutes)
        {
            return hours * 60 + minutes
        }
        error(
            .badValue, at: value.location, "\(what) of limits.throttle.rates cannot be \"\(value.value)\"",
            expected: expected)
        return nil
    }
}
