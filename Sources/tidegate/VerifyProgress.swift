import Foundation
import Ledger
import Model
import Synchronization
import Verification

/// Shows how a verification comes along: a bar on a terminal, plain lines elsewhere, JSON lines on request.
final class VerifyProgress: Sendable {
    private struct State {
        var ranges = 0
        var done = 0
        var rows = 0
        var begun = ContinuousClock.now
        var meter: ProgressMeter
    }

    private let state: Mutex<State>

    init(style: ProgressMeter.Style) { state = Mutex(State(meter: ProgressMeter(style: style))) }

    /// Takes in what the verification says.
    func report(_ event: VerifyEvent) {
        state.withLock { state in
            switch event {
            case .resumed(let verification):
                state.meter.say(
                    "going on with verification \(verification)", ["resumed": Int(verification)])
            case .planned(let entity, let rows, let ranges, let toDo, let isOnSource):
                state.ranges += toDo
                state.begun = .now
                let place = isOnSource ? "digests on both sides" : "rows mapped in the target"
                state.meter.say(
                    "\(entity): \(toDo) of \(ranges) ranges, about \(rows) rows, \(place)",
                    ["entity": entity.rawValue, "ranges": toDo, "rows": rows])
            case .skipped(let entity):
                state.meter.say("\(entity): not loaded", ["entity": entity.rawValue, "skipped": true])
            case .certified(let entity, let certificate):
                state.done += 1
                state.rows += certificate.source.rows
                if certificate.state != .equal {
                    let reason = certificate.reason.map { ": \($0)" } ?? ""
                    state.meter.say(
                        "\(entity): \(certificate.drifted) rows differ, \(certificate.unproven) unproven in a range\(reason)",
                        ["entity": entity.rawValue, "drift": certificate.drifted, "unproven": certificate.unproven])
                }
                let seconds = max((ContinuousClock.now - state.begun) / .seconds(1), 0.001)
                let text = "\(state.rows) rows  \(Int(Double(state.rows) / seconds)) rows/s"
                state.meter.show(
                    state.ranges > 0 ? Double(state.done) / Double(state.ranges) : 1, text,
                    line: "\(state.done) of \(state.ranges) ranges  \(text)",
                    ["ranges_done": state.done, "ranges": state.ranges, "rows": state.rows])
            case .waiting(let what): state.meter.say("waiting for \(what)", ["waiting": what])
            }
        }
    }

    /// Takes the bar away.
    func end() { state.withLock { $0.meter.clear() } }
}
