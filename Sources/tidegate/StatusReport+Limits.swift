import Ledger
import Model

/// What holds loads back, and what known defects have been found.
extension StatusReport {
    /// The slots, and below them what is to be done about one over its limit.
    var retained: String {
        var columns = TextColumns(["flow", "slot", "read", "kept", "limit"], numeric: [3, 4])
        for slot in slots {
            columns.add([
                slot.flow, slot.slot, slot.isActive ? "yes" : "no",
                slot.retainedBytes.map { ByteText.text(Double($0)) } ?? "lost",
                slot.limitBytes.map { ByteText.text(Double($0)) } ?? "-",
            ])
        }
        return columns.text + slots.compactMap(\.alert).map { "WARNING: \($0)\n" }.joined()
    }

    var loads: TextColumns {
        var columns = TextColumns(["process", "wave", "speed", "since", "limited by"], numeric: [2, 3])
        for throttle in throttles {
            columns.add([
                throttle.worker, throttle.wave,
                throttle.share.map { "\(Int(($0 * 100).rounded()))%" } ?? "-", "\(Int(throttle.secondsSince)) s",
                throttle.reason ?? "nothing",
            ])
        }
        return columns
    }

    var knownDefects: TextColumns {
        var columns = TextColumns(["entity", "defect", "action", "wave", "rows", "events"], numeric: [4, 5])
        for defect in defects {
            columns.add([
                defect.entity, defect.defect, defect.action, defect.wave ?? "-", "\(defect.baselineRows)",
                "\(defect.streamEvents)",
            ])
        }
        return columns
    }
}
