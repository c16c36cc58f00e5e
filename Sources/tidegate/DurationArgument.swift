import ArgumentParser

/// A duration on the command line: `200ms`, `30s`, `5m`, `1h`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        let units: [(suffix: String, length: Duration)] = [
            ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .seconds(60)), ("h", .seconds(3600)),
        ]
        guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }),
            let count = Int(argument.dropLast(unit.suffix.count)), (1...1_000_000).contains(count)
        else { return nil }
        duration = unit.length * count
    }

    var defaultValueDescription: String {
        let milliseconds = Int(duration / .milliseconds(1))
        if milliseconds % 60_000 == 0 { return "\(milliseconds / 60_000)m" }
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
