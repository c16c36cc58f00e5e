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
        try waitForSlot(servers, capture)
        say("Capturing; \(options.writers) connections write \(options.transactionsPerSecond) transactions a second")
        let load = try WriteLoad(
            source: ConnectionString(servers.sourceName), writers: options.writers,
            transactionsPerSecond: options.transactionsPerSecond)
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
        let lag = try probe?.stop() ?? []
        let tally = try load.stop()
        let stopped = clock.now
        try Drain(servers: servers, limit: .seconds(120)).wait {
            try sync.checkRunning()
            try capture.checkRunning()
        }
        let drain = clock.now - stopped
        say("Comparing both sides row by row")
        let report = Report(
            outcomes: try Comparison.run(source: servers.connectToSource(), target: servers.connectToTarget()),
            accounting: try Accounting(servers.connectToTarget()), lag: lag, waves: waves,
            streaming: stopped - started, drain: drain, tally: tally)
        say(report.text)
        if options.keep {
            say(invitation(servers))
            untilTold()
        }
        try sync.stop()
        try capture.stop()
        return report.isIdentical
    }

    /// Runs a command to its end; its output goes to the user.
    private func command(_ servers: DemoServers, _ name: String, _ arguments: String...) throws {
        let words = [name, "-p", servers.playbookPath] + arguments
        say("$ tidegate \(([name, "-p", "playbook.yaml"] + arguments).joined(separator: " "))")
        try TidegateProcess(executable: options.executable, words, environment: servers.environment).waitForSuccess()
    }

    private func background(_ servers: DemoServers, _ name: String) throws -> TidegateProcess {
        say("$ tidegate \(name) -p playbook.yaml &")
        return try TidegateProcess(
            executable: options.executable, [name, "-p", servers.playbookPath], environment: servers.environment,
            logPath: "\(servers.folder)/\(name).log")
    }

    private func waitForSlot(_ servers: DemoServers, _ capture: TidegateProcess) throws {
        let source = try servers.connectToSource()
        let deadline = ContinuousClock.now + .seconds(30)
        while try source.execute("SELECT count(confirmed_flush_lsn) FROM pg_replication_slots WHERE active").scalar
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
