/// A line that a process has written.
struct LogLine: Equatable {
    enum Level: String {
        case trace, debug, info, notice, warning, error, critical
        /// Not from the logger: the words of a command, or of a runtime that dies.
        case none
    }

    let level: Level
    let text: String

    /// Reads a line as swift-log's stream handler writes it: time, level, label, and the rest.
    init(_ line: some StringProtocol) {
        let words = line.split(separator: " ", maxSplits: 2)
        if words.count == 3, words[0].first?.isNumber == true, let level = Level(rawValue: String(words[1])) {
            self.level = level
            text = String(words[2])
        } else {
            level = .none
            text = String(line)
        }
    }

    /// Whether it must have a reason: everything above info, and everything that no logger wrote.
    var needsReason: Bool {
        switch level {
        case .trace, .debug, .info: false
        case .notice, .warning, .error, .critical, .none: !text.isEmpty
        }
    }
}
