import Baseline
import Foundation
import Ledger
import Model
import Synchronization
import Throttling

#if canImport(Glibc)
import Glibc
#endif

/// Shows how a load comes along: a bar on a terminal, plain lines elsewhere, JSON lines on request.
final class LoadProgress: Sendable {
    enum Style: Sendable {
        case bar, lines, json

        /// A bar where standard error is a terminal.
        static var forStandardError: Style { isatty(STDERR_FILENO) == 1 ? .bar : .lines }
    }

    private struct State {
        var rowsExpected: [EntityName: Int] = [:]
        var chunksExpected = 0
        var rows = 0
        var bytes = 0
        var chunks = 0
        var begun: ContinuousClock.Instant?
        var lastLine: ContinuousClock.Instant?
        var hasBar = false
        /// What holds the load back, in a word.
        var throttle: String?
    }

    private let wave: String
    private let style: Style
    private let state = Mutex(State())

    init(wave: String, style: Style) {
        self.wave = wave
        self.style = style
    }

    /// Takes in what the load says.
    func report(_ event: LoadEvent) {
        state.withLock { state in
            switch event {
            case .planned(let entity, let rows, let chunks):
                state.rowsExpected[entity] = rows
                state.chunksExpected += chunks
                state.begun = state.begun ?? .now
                if style != .bar { state.lastLine = state.lastLine ?? .now }
                // The rate counts from when the last plan is there: loading begins then.
                state.begun = .now
                say(
                    &state, "\(entity): about \(rows) rows in \(chunks) chunks",
                    ["entity": entity.rawValue, "rows": rows])
            case .waiting(let whom): say(&state, "waiting for \(whom)", ["waiting": whom])
            case .merged(_, let outcome):
                state.rows += outcome.rows
                state.bytes += outcome.bytes
                state.chunks += 1
                showProgress(&state)
            case .putBack(let entity, let ordinal, let reason):
                say(
                    &state, "\(entity): chunk \(ordinal) put back: \(reason)",
                    ["entity": entity.rawValue, "put_back": ordinal])
            case .quarantined(let entity, let rows):
                say(
                    &state, "\(entity): \(rows) rows set aside in quarantine",
                    ["entity": entity.rawValue, "aside": rows])
            case .sealed(let entity, let seal):
                let place = seal.position.map { " at \($0)" } ?? ""
                say(&state, "\(entity): loaded, sealed\(place)", ["entity": entity.rawValue, "sealed": place])
            case .live(let entity): say(&state, "\(entity): live", ["entity": entity.rawValue, "state": "live"])
            }
        }
    }

    /// Says what holds the load back, or that nothing does any more.
    func report(_ throttle: ThrottleState) {
        state.withLock { state in
            let share = Int((throttle.share * 100).rounded())
            state.throttle = throttle.reason.map { _ in
                throttle.factor == .rates ? "rates" : "\(throttle.factor?.rawValue ?? "") \(share)%"
            }
            let text =
                switch throttle.reason {
                case nil: "at full speed again"
                case let reason? where throttle.share == 0: "paused: \(reason)"
                case let reason? where throttle.factor == .rates: "held at its ceiling: \(reason)"
                case let reason?: "at \(share)% of full speed: \(reason)"
                }
            say(
                &state, text,
                [
                    "throttle": throttle.factor?.rawValue ?? "none", "share": throttle.share,
                    "reason": throttle.reason ?? "",
                ])
        }
    }

    /// Says the end.
    func finish(_ outcome: WaveLoad.Outcome) {
        state.withLock { state in
            let loaded = outcome.loaded.map(\.rawValue)
            let before = outcome.alreadyLive.map(\.rawValue)
            if style == .json {
                write(
                    json([
                        "wave": wave, "loaded": loaded, "already_live": before, "rows": state.rows,
                        "defects": outcome.defects.map { defect -> [String: Any] in
                            [
                                "entity": defect.entity, "defect": defect.defect, "action": defect.action,
                                "baseline_rows": defect.baselineRows, "stream_events": defect.streamEvents,
                            ]
                        },
                    ]), to: .standardOutput)
                return
            }
            clearBar(&state)
            var text = "wave \(wave) is live"
            if !loaded.isEmpty { text += ": \(loaded.joined(separator: ", "))" }
            if !before.isEmpty { text += " (\(before.joined(separator: ", ")) already before)" }
            if state.rows > 0 { text += "; \(state.rows) rows loaded" }
            write(text, to: .standardOutput)
            for defect in outcome.defects {
                let done = defect.action == "set" ? "corrected" : "set aside"
                write(
                    "\(defect.entity): defect \(defect.defect): \(done) in \(defect.baselineRows) rows, "
                        + "\(defect.streamEvents) events", to: .standardOutput)
            }
        }
    }

    private func say(_ state: inout State, _ text: String, _ fields: [String: Any]) {
        guard style != .json else {
            var fields = fields
            fields["wave"] = wave
            return write(json(fields), to: .standardOutput)
        }
        clearBar(&state)
        write(text, to: .standardError)
    }

    // MARK: Rows, rate, time left

    private func showProgress(_ state: inout State) {
        let now = ContinuousClock.now
        let pause: Duration = style == .bar ? .milliseconds(100) : .seconds(5)
        if let last = state.lastLine, now < last + pause { return }
        state.lastLine = now
        let expected = max(state.rowsExpected.values.reduce(0, +), state.rows)
        let seconds = max((now - (state.begun ?? now)) / .seconds(1), 0.001)
        let rate = Double(state.rows) / seconds
        let left = rate > 0 ? Int(Double(expected - state.rows) / rate) : 0
        switch style {
        case .json:
            write(
                json([
                    "wave": wave, "rows": state.rows, "expected": expected, "rate": Int(rate), "left_s": left,
                    "throttle": state.throttle ?? "none",
                ]), to: .standardOutput)
        case .lines:
            write(
                "\(state.rows) of about \(expected) rows, \(Int(rate)) rows/s, \(left) s left\(throttled(state))",
                to: .standardError)
        case .bar:
            let share = expected > 0 ? Double(state.rows) / Double(expected) : 1
            let filled = Int(share * 30)
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
            let text =
                "\r[\(bar)] \(Int(share * 100))%  \(state.rows) rows  \(Int(rate)) rows/s  \(left) s left\(throttled(state)) \u{1B}[K"
            FileHandle.standardError.write(Data(text.utf8))
            state.hasBar = true
        }
    }

    private func throttled(_ state: State) -> String { state.throttle.map { ", throttled: \($0)" } ?? "" }

    private func clearBar(_ state: inout State) {
        guard state.hasBar else { return }
        state.hasBar = false
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }

    private func json(_ fields: [String: Any]) -> String {
        let data = try? JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private func write(_ line: String, to handle: FileHandle) { handle.write(Data((line + "\n").utf8)) }
}
