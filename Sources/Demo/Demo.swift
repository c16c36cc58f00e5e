import Foundation
import LibPQ
import Sandbox

/// The whole of Tidegate on throwaway servers: a live shop moves to another schema in three waves while people use it.
public struct Demo {
    private let options: DemoOptions
    private let say: (String) -> Void

    /// A demonstration that tells its steps to `say`.
    public init(_ options: DemoOptions, say: @escaping (String) -> Void) {
        self.options = options
        self.say = say
    }

    /// Runs it.
    ///
    /// - Returns: whether both sides were identical at the end, row by row, and every event is accounted for.
    /// - Parameter untilTold: waits for the user to end it; called with `keep` only.
    public func run(untilTold: () -> Void) throws -> Bool {
        say("Starting two PostgreSQL clusters and a broker")
        let servers = try DemoServers(executable: options.executable, pilotCustomers: options.customers / 10)
        let rows = try servers.fill(customers: options.customers)
        say("The shop has \(rows) rows in \(ComparedTable.all.count) tables")

        try command(servers, "check")
        let capture = try background(servers, "capture")
        try waitForSlot(try servers.connectToSource(), capture)
        say("Capturing; \(options.writers) connections write \(options.transactionsPerSecond) transactions a second")
        let load = try shopLoad(servers, orders: "true")
        let sync = try background(servers, "sync")
        let clock = ContinuousClock()
        let started = clock.now

        var waves: [(name: String, took: Duration)] = []
        var probe: LagProbe?
        for wave in ["pilot", "eu", "rest"] {
            say("Loading the wave \(wave) while writes go on")
            let took = try clock.measure { try command(servers, "load", wave) }
            waves.append((wave, took))
            if probe == nil {
                // The probe's row is in the first wave.
                probe = try LagProbe(
                    source: ConnectionString(servers.sourceName), target: ConnectionString(servers.targetName))
            }
            try sync.checkRunning()
            try capture.checkRunning()
        }
        Thread.sleep(forTimeInterval: options.tail.inSeconds)
        try command(servers, "status")

        say("Stopping the writes")
        let tally = try load.stop()
        let stopped = clock.now
        try servers.drain {
            try sync.checkRunning()
            try capture.checkRunning()
        }
        let drain = clock.now - stopped
        let forward = [capture, sync]
        let coexistence = try coexist(servers, forward)
        let lag = try probe?.stop() ?? []
        try servers.drain { for process in forward { try process.checkRunning() } }
        say("Comparing both sides row by row")
        let report = Report(
            outcomes: try Comparison.run(source: servers.connectToSource(), target: servers.connectToTarget()),
            accounting: try Accounting(servers.connectToTarget()), lag: lag, waves: waves,
            streaming: stopped - started, drain: drain, tally: tally, coexistence: coexistence.outcome)
        say(report.text)
        if options.keep {
            say(invitation(servers))
            untilTold()
        }
        for process in coexistence.processes.reversed() + forward.reversed() { try process.stop() }
        return report.isIdentical
    }

    private func shopLoad(_ servers: DemoServers, orders: String) throws -> WriteLoad {
        try WriteLoad(
            ConnectionString(servers.sourceName), writers: options.writers,
            transactionsPerSecond: options.transactionsPerSecond
        ) {
            var generator = SystemRandomNumberGenerator()
            return WriteAction.random(using: &generator).sql(orders: orders)
        }
    }

    // MARK: Coexistence

    /// The act in which both systems are live: the CRM owns credit limits and the orders of one region, the shop the rest.
    ///
    /// - Parameter forward: the processes that are running.
    /// - Returns: what came of it, and the processes that it has started.
    private func coexist(
        _ servers: DemoServers, _ forward: [TidegateProcess]
    ) throws -> (outcome: Report.Coexistence, processes: [TidegateProcess]) {
        say("Both systems go live: the CRM takes over credit limits and the orders of the EU")
        let capture = try background(servers, "capture", "--reverse")
        try waitForSlot(try servers.connectToTarget(), capture)
        let sync = try background(servers, "sync", "--reverse")
        try command(servers, "guard", "install", "--mode", "reject")
        try command(servers, "own", "transfer", "--wave", "rest", "--to", "target", "--reason", "the CRM is ready")
        let attempts = [
            (try servers.connectToSource(), "UPDATE shop.customers SET credit_limit = 1 WHERE id = 1"),
            (try servers.connectToSource(), "DELETE FROM shop.orders WHERE region = 'EU'"),
            (try servers.connectToTarget(), "UPDATE crm.customer SET full_name = 'Somebody Else' WHERE id = 1"),
        ]
        let refused = attempts.count { isRefused($0, $1) }

        say("The shop writes what is its own, the CRM what is the CRM's, at once and in the same rows")
        let shop = try shopLoad(servers, orders: "region = 'US'")
        let crm = try WriteLoad(
            ConnectionString(servers.targetName), writers: options.writers,
            transactionsPerSecond: options.transactionsPerSecond / 2
        ) { CRMAction.allCases.randomElement()?.sql ?? "" }
        Thread.sleep(forTimeInterval: options.tail.inSeconds)
        let tally = try (shop: shop.stop(), crm: crm.stop())
        // What one flow writes comes back by the other, which knows it.
        let processes = [capture, sync]
        for isReverse in [false, true, false, true] {
            try servers.drain(reverse: isReverse) { for process in forward + processes { try process.checkRunning() } }
        }
        try command(servers, "status")
        let outcome = Report.Coexistence(
            shop: tally.shop, crm: tally.crm, attempts: attempts.count, refused: refused,
            reverse: try Accounting(servers.connectToSource()))
        return (outcome, processes)
    }

    /// Tries a write on the side that does not own it, and tells what the guard says.
    private func isRefused(_ connection: Connection, _ sql: String) -> Bool {
        do {
            try connection.execute(sql)
            say("  \(sql)\n            went through, which it should not have")
            return false
        } catch {
            say(
                "  \(sql)\n            refused, \(error.sqlState?.rawValue ?? ""): \(error.message)\n            \(error.hint ?? "")"
            )
            return error.sqlState?.rawValue == "TG001"
        }
    }

    // MARK: Commands

    /// Runs a command to its end; its output goes to the user.
    private func command(_ servers: DemoServers, _ name: String, _ arguments: String...) throws {
        let words = [name] + arguments + ["-p", servers.playbookPath]
        let shown = arguments.map { $0.contains(" ") ? "'\($0)'" : $0 }
        say("$ tidegate \(([name] + shown + ["-p", "playbook.yaml"]).joined(separator: " "))")
        try TidegateProcess(executable: options.executable, words, environment: servers.environment).waitForSuccess()
    }

    private func background(_ servers: DemoServers, _ words: String...) throws -> TidegateProcess {
        say("$ tidegate \((words + ["-p", "playbook.yaml"]).joined(separator: " ")) &")
        return try TidegateProcess(
            executable: options.executable, words + ["-p", servers.playbookPath], environment: servers.environment,
            logPath: "\(servers.folder)/\(words.joined()).log")
    }

    private func waitForSlot(_ database: Connection, _ capture: TidegateProcess) throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try database.execute("SELECT count(confirmed_flush_lsn) FROM pg_replication_slots WHERE active").scalar
            == "0"
        {
            try capture.checkRunning()
            guard ContinuousClock.now < deadline else { throw DemoError("the capture made no replication slot") }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    private func invitation(_ servers: DemoServers) -> String {
        """

        Everything is left running. In another terminal:

            export TIDEGATE_DEMO_SOURCE=\(servers.sourceName)
            export TIDEGATE_DEMO_TARGET=\(servers.targetName)
            psql "$TIDEGATE_DEMO_SOURCE"        # the schema shop; write to it
            psql "$TIDEGATE_DEMO_TARGET"        # the schema crm; see it arrive
            \(options.executable) status -p \(servers.playbookPath)
            tail -f \(servers.folder)/sync.log
            broker: \(servers.broker.bootstrapServers)

        Ctrl-C ends and removes all of it.
        """
    }
}
