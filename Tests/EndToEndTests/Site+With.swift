import LibPQ
import Sandbox
import TestSupport

/// Calls `body` with a site that has a broker of its own, and removes it afterwards, also when `body` throws.
func withSite(
    properties: [String: String] = [:], limits: String = "{ lanes: 2, batch_rows: 40 }", _ body: (Site) throws -> Void
) throws {
    try withDatabases { source, target in
        let broker = try BrokerProcess(
            executable: TidegateExecutable.path(),
            topics: Site.topics.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        defer { broker.stop() }
        let site = try Site(
            source: source, target: target, brokers: broker.bootstrapServers, properties: properties, limits: limits)
        defer { try? site.dropSlot() }
        try body(site)
    }
}

extension Site {
    /// Waits until the capture's slot has found where it starts: what is committed from then on is captured. A slot is
    /// active before that, while it is being made.
    func waitForSlot(_ capture: TidegateRun) throws {
        let source = try connect(source)
        try waitUntil("the capture's slot", state: { capture.logTail }) {
            try capture.checkRunning()
            let result = try source.query(
                "SELECT count(*) FROM pg_replication_slots WHERE slot_name = $1 AND active AND confirmed_flush_lsn IS NOT NULL",
                [.text(slot)])
            return result.scalar == "1"
        }
    }

    /// Events consumed so far; 0 before there is a ledger.
    func consumed() throws -> Int {
        guard try watch("SELECT to_regclass('tidegate.checkpoint')") != nil else { return 0 }
        return Int(try watch("SELECT coalesce(sum(consumed), 0) FROM tidegate.checkpoint") ?? "") ?? 0
    }
}
