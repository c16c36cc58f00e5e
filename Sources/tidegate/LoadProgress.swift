import Baseline
import Foundation
import Ledger
import Model
import Synchronization
import Throttling

/// Shows how a load comes along: a bar on a terminal, plain lines elsewhere, JSON lines on request.
final class LoadProgress: Sendable {
    private struct State {
        var rowsExpected: [EntityName: Int] = [:]
        var chunksExpected = 0
        var rows = 0
        var bytes = 0
        var chunks = 0
        var begun: ContinuousClock.Instant?
        /// What holds the load back, in a word.
        var throttle: String?
        var meter: ProgressMeter
    }

    private let wave: String
    private let state: Mutex<State>

    init(wave: String, style: ProgressMeter.Style) {
        self.wave = wave
        state = Mutex(State(meter: ProgressMeter(style: style)))
    }

    /// Takes in what the load says.
    func report(_ event: LoadEvent) {
        state.withLock { state in
            switch event {
            case .planned(let entity, let rows, let chunks):
                state.rowsExpected[entity] = rows
                state.chunksExpected += chunks
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
            case .removed(let entity, let rows, let kept):
                let left = kept > 0 ? "; \(kept) more stay, since the target owns a part of them" : ""
                say(
                    &state, "\(entity): \(rows) rows removed that are gone from the source\(left)",
                    ["entity": entity.rawValue, "removed": rows, "kept": kept])
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
            var text = "wave \(wave) is live"
            if !loaded.isEmpty { text += ": \(loaded.joined(separator: ", "))" }
            if !before.isEmpty { text += " (\(before.joined(separator: ", ")) already before)" }
            if state.rows > 0 { text += "; \(state.rows) rows loaded" }
            for defect in outcome.defects {
                let done = defect.action == "set" ? "corrected" : "set aside"
                text +=
                    "\n\(defect.entity): defect \(defect.defect): \(done) in \(defect.baselineRows) rows, "
                    + "\(defect.streamEvents) events"
            }
            state.meter.finish(
                text,
                [
                    "wave": wave, "loaded": loaded, "already_live": before, "rows": state.rows,
                    "defects": outcome.defects.map { defect -> [String: Any] in
                        [
                            "entity": defect.entity, "defect": defect.defect, "action": defect.action,
                            "baseline_rows": defect.baselineRows, "stream_events": defect.streamEvents,
                        ]
                    },
                ])
        }
    }

    private func say(_ state: inout State, _ text: String, _ fields: [String: Any]) {
        var fields = fields
        fields["wave"] = wave
        state.meter.say(text, fields)
    }

    // MARK: Rows, rate, time left

    private func showProgress(_ state: inout State) {
        let expected = max(state.rowsExpected.values.reduce(0, +), state.rows)
        let seconds = max((ContinuousClock.now - (state.begun ?? .now)) / .seconds(1), 0.001)
        let rate = Double(state.rows) / seconds
        let left = rate > 0 ? Int(Double(expected - state.rows) / rate) : 0
        let share = expected > 0 ? Double(state.rows) / Double(expected) : 1
        let throttled = state.throttle.map { ", throttled: \($0)" } ?? ""
        state.meter.show(
            share, "\(state.rows) rows  \(Int(rate)) rows/s  \(left) s left\(throttled)",
            line: "\(state.rows) of about \(expected) rows, \(Int(rate)) rows/s, \(left) s left\(throttled)",
            [
                "wave": wave, "rows": state.rows, "expected": expected, "rate": Int(rate), "left_s": left,
                "throttle": state.throttle ?? "none",
            ])
    }
}
