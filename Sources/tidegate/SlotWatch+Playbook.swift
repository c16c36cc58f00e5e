import LibPQ
import Logging
import Model
import Playbook
import Throttling

extension SlotWatch {
    /// Watches the log that a server keeps for the connector's slot beside `body`, unless there is nothing to watch.
    static func watching(
        _ playbook: Playbook, in server: ConnectionString?, reverse: Bool, slots: [String]? = nil, _ logger: Logger,
        _ body: () throws -> Void
    ) throws {
        guard let server, let limit = playbook.limits.throttle.limits[.slotRetained] else { return try body() }
        let slots = slots ?? CaptureCommand.slotNames(of: playbook, reverse: reverse)
        try SlotWatch(server, slots: slots, limit: limit, logger: logger).watching(body)
    }
}
