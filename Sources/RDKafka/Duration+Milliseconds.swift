extension Duration {
    /// Whole milliseconds as librdkafka takes them: rounded up, never negative (which would mean forever).
    var milliseconds: Int32 {
        guard self > .zero else { return 0 }
        guard self < .milliseconds(Int32.max) else { return Int32.max }
        let (seconds, attoseconds) = components
        let rest = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(seconds * 1000 + rest)
    }
}
