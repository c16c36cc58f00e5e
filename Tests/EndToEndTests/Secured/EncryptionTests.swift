import LibPQ
import Sandbox
import TestSupport
import Testing

extension EndToEnd {
    /// Databases with `verify-full` and a broker with SASL_SSL.
    @Suite(.enabled(if: Broker.isMock, "needs the embedded broker"))
    struct EncryptionTests {
        @Test(arguments: ["PLAIN", "SCRAM-SHA-256"])
        func everythingIsCarriedEncrypted(_ mechanism: String) throws {
            let secured = try SecuredSite(SecuredSite.Settings(mechanism: mechanism))
            let site = secured.site
            defer { try? site.dropSlot() }
            let source = try site.connect(site.source)
            try WriteAction.fill(source, accounts: 100)
            let capture = try site.start("capture")
            try site.waitForSlot(capture)
            let sync = try site.start("sync")
            let load = try site.start("load", "rest")
            #expect(try load.waitForExit() == 0, "\(load.logTail)")
            try source.execute("UPDATE accounts SET note = 'changed'; DELETE FROM accounts WHERE id % 7 = 0")
            try site.waitForDrain { for run in [capture, sync] { try run.checkRunning() } }
            try site.expectIdentical()
            try site.expectAccountedFor()
            let plain = try site.watch(
                """
                SELECT count(*) FROM pg_stat_activity a LEFT JOIN pg_stat_ssl s USING (pid)
                WHERE a.usename = 'mover' AND s.ssl IS NOT TRUE
                """)
            #expect(plain == "0")
            let status = try site.start("status")
            #expect(try status.waitForExit() == 0 && !status.log.contains("not known"), "\(status.logTail)")
            for run in [capture, sync] { #expect(try run.terminate() == 0) }
        }

        @Test func databaseThatIsNotTrustedIsSaid() throws {
            var settings = SecuredSite.Settings()
            settings.databaseAuthority = { $0.otherAuthority }
            let secured = try SecuredSite(settings)
            for command in [["check"], ["load", "rest"], ["sync"], ["status"]] {
                let run = try secured.site.start(command.joined(separator: " "))
                #expect(try run.waitForExit() == 2)
                #expect(run.log.contains("mover@localhost:\(secured.cluster.port)"), "\(run.logTail)")
                #expect(run.log.contains("sslrootcert (\(secured.kit.otherAuthority))"), "\(run.logTail)")
                #expect(!run.log.contains(settings.password))
            }
            // A capture waits for its source, and says what for.
            let capture = try secured.site.start("capture")
            try waitUntil("the log says why", state: { capture.logTail }) {
                try capture.checkRunning()
                return capture.log.contains("sslrootcert (\(secured.kit.otherAuthority))")
            }
            #expect(!capture.log.contains(settings.password))
        }

        @Test(arguments: ["password", "authority", "host", "expired"])
        func brokerThatIsNotTrustedOrDoesNotTrustIsSaid(_ fault: String) throws {
            var settings = SecuredSite.Settings()
            if fault == "authority" { settings.brokerAuthority = { $0.otherAuthority } }
            if fault == "host" { settings.brokerCertificate = { $0.elsewhere } }
            if fault == "expired" { settings.brokerCertificate = { $0.expired } }
            let secured = try SecuredSite(settings)
            let site = secured.site
            defer { try? site.dropSlot() }
            try site.makeLive()
            if fault == "password" { try secured.write("kafka", "wrong-kafka-secret") }
            let property = fault == "password" ? "sasl.password" : "ssl.ca.location"
            func expectSaid(_ log: String) {
                #expect(!log.contains("kafka-secret"))
                let says = log.split(separator: "\n").contains {
                    $0.contains(secured.gateway.bootstrapServers) && $0.contains("look at") && $0.contains(property)
                }
                #expect(says, "\(log)")
            }
            try site.connect(site.source).execute("INSERT INTO accounts VALUES (1, 'EU', 1)")
            for command in ["sync", "capture"] {
                let run = try site.start(command)
                try waitUntil("the log says why", state: { run.logTail }) {
                    try run.checkRunning()
                    return run.log.contains("look at")
                }
                expectSaid(run.log)
            }
            // It waits for some seconds, and then says the same.
            guard fault == "password" else { return }
            let status = try site.start("status")
            _ = try status.waitForExit()
            expectSaid(status.log)
        }
    }
}
