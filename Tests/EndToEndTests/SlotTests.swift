import Foundation
import LibPQ
import TestSupport
import Testing

extension EndToEnd {
    /// C13 as a person meets it: nobody runs the capture.
    struct SlotTests {
        @Test("C13: an idle slot is warned of by sync, shown by status and named by load")
        func anIdleSlotIsSeenEverywhere() throws {
            let limits = "{ lanes: 2, throttle: { slot_retained: 1MB } }"
            try withSite(limits: limits) { site in
                let source = try site.connect(site.source)
                try source.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [.text(site.slot)])
                try source.execute(
                    """
                    CREATE PUBLICATION \(site.slot) FOR TABLE accounts, items;
                    SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1048576)) FROM generate_series(1, 3)
                    """)
                let sync = try site.start("sync")
                try waitUntil("sync warns", state: { sync.logTail }) {
                    sync.log.contains("of log for slot \(site.slot), over the limit of 1 MB; nobody reads it")
                }
                #expect(sync.log.contains("warning"))
                let load = try site.start("load", "first")
                try waitUntil("load names it", state: { load.logTail }) {
                    load.log.contains("% of full speed: slot_retained is ") && load.log.contains("its limit of 1 MB")
                }
                try waitUntil("the ledger has it", state: { load.logTail }) {
                    try site.watch("SELECT max(factor) FROM tidegate.throttle") == "slot_retained"
                }
                let status = try site.start("status")
                #expect(try status.waitForExit() == 0)
                #expect(status.log.contains("WARNING: the server keeps ") && status.log.contains("start the capture"))
                #expect(status.log.contains("slot_retained is "), "\(status.log)")
                let json = try site.start("status", "--json")
                #expect(try json.waitForExit() == 0)
                let object = try JSONSerialization.jsonObject(with: Data(json.log.utf8)) as? [String: Any]
                let slot = (object?["slots"] as? [[String: Any]])?.first
                #expect(slot?["retainedBytes"] as? Int ?? 0 > 3 << 20 && slot?["limitBytes"] as? Int == 1 << 20)
                #expect(slot?["isActive"] as? Bool == false && slot?["alert"] is String, "\(json.log)")
            }
        }
    }
}
