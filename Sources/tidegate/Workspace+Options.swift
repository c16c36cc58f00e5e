import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import Throttling
import Verification

/// What the playbook says of loading and comparing.
extension Workspace {
    /// Options of a load from the source.
    func loadOptions() throws -> LoadOptions {
        let playbook = playbook
        var load = LoadOptions(source: source, target: target) { playbook.kafka.topic(of: $0) }
        load.sessionSettings = try sessionSettings()
        load.slots = CaptureCommand.slotNames(of: playbook.playbook)
        load.publications = publications
        load.logEnds = try LogEnds(playbook.kafka.resolvedProperties()).readPatiently
        load.pause = { PauseForTests.at("load.\($0.rawValue)") }
        return load
    }

    /// What holds a load back; `report` is told when that changes.
    func throttle(
        of load: LoadOptions, wave: WaveName, report: @escaping @Sendable (ThrottleState) -> Void
    ) throws -> ThrottleMonitor {
        let process = ProcessInfo.processInfo
        var throttle = ThrottleOptions(
            playbook.limits.throttle, target: target, source: load.origin == .source ? source : nil, wave: wave,
            name: "\(process.hostName)/\(process.processIdentifier)")
        throttle.slots = load.slots
        throttle.topics = playbook.topics
        throttle.logEnds = try LogEnds(playbook.kafka.resolvedProperties()).read
        return ThrottleMonitor(throttle, report: report)
    }

    /// Options of a comparison of everything.
    func verifyOptions() throws -> VerifyOptions {
        guard let source else {
            throw CommandFailure("the playbook has no source.postgres: there is nothing to compare with")
        }
        let playbook = playbook
        var verify = VerifyOptions(source: source, target: target) { playbook.kafka.topic(of: $0) }
        verify.sessionSettings = try sessionSettings()
        verify.slots = CaptureCommand.slotNames(of: playbook.playbook)
        verify.logEnds = try LogEnds(playbook.kafka.resolvedProperties()).read
        verify.workers = playbook.limits.sourceConnections
        return verify
    }

    /// What a session of the target must have set before the entities' statements run.
    func sessionSettings() throws -> [(name: String, value: Redacted<String>)] {
        try playbook.sessionSettings() + [(Actor.setting, Redacted(Actor.current))]
    }

    /// The connector's publication: the one that the playbook names, else the one that a capture makes, or, where the
    /// connector reads by publications at all, its own default.
    private var publications: [String] {
        let connector = playbook.playbook.source.connectorProperties
        if let named = connector["publication.name"] { return [named] }
        let capture = CaptureCommand.slotName(of: playbook.playbook)
        return connector["plugin.name"] == "pgoutput" ? [capture, "dbz_publication"] : [capture]
    }
}
