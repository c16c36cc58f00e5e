import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// How far a long work has come: a bar on a terminal, a line now and then elsewhere, JSON lines on request.
struct ProgressMeter {
    enum Style: Sendable {
        case bar, lines, json

        /// A bar where standard error is a terminal.
        static var forStandardError: Style { isatty(STDERR_FILENO) == 1 ? .bar : .lines }
    }

    let style: Style
    private var last = ContinuousClock.now
    private var hasBar = false

    init(style: Style) { self.style = style }

    /// Says something that happened; it stays.
    mutating func say(_ text: String, _ fields: [String: Any]) {
        if style == .json { return write(Self.json(fields), to: .standardOutput) }
        clear()
        write(text, to: .standardError)
    }

    /// Shows how much is done, not more often than is worth it.
    ///
    /// - Parameters:
    ///   - share: how much of all, up to 1.
    ///   - text: what stands beside the bar.
    ///   - line: what a line says.
    mutating func show(_ share: Double, _ text: String, line: String, _ fields: [String: Any]) {
        let now = ContinuousClock.now
        guard now >= last + (style == .bar ? .milliseconds(100) : .seconds(5)) else { return }
        last = now
        switch style {
        case .json: write(Self.json(fields), to: .standardOutput)
        case .lines: write(line, to: .standardError)
        case .bar:
            let filled = Int(share * 30)
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
            FileHandle.standardError.write(Data("\r[\(bar)] \(Int(share * 100))%  \(text) \u{1B}[K".utf8))
            hasBar = true
        }
    }

    /// Takes the bar away.
    mutating func clear() {
        guard hasBar else { return }
        hasBar = false
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }

    /// Says what came of it, on standard output.
    mutating func finish(_ text: String, _ fields: [String: Any]) {
        clear()
        write(style == .json ? Self.json(fields) : text, to: .standardOutput)
    }

    private static func json(_ fields: [String: Any]) -> String {
        let data = try? JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private func write(_ line: String, to handle: FileHandle) { handle.write(Data((line + "\n").utf8)) }
}
