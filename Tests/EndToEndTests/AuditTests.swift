import LibPQ
import TestSupport
import Testing

extension EndToEnd {
    /// The audit trail as a person meets it.
    struct AuditTests {
        @Test func theTrailIsShownExportedAndChecked() throws {
            try withSite { site in
                try site.makeLive()
                let sync = try site.start("sync", "--once")
                #expect(try sync.waitForExit() == 0, "\(sync.logTail)")
                let list = try site.start("audit list")
                #expect(try list.waitForExit() == 0)
                #expect(list.log.contains("playbook-activated") && list.log.contains("playbook e2e"))
                let export = try site.start("audit export")
                #expect(try export.waitForExit() == 0)
                #expect(export.log.hasPrefix("{") && export.log.contains(#""seq":1"#))
                let intact = try site.start("audit verify")
                #expect(try intact.waitForExit() == 0 && intact.log.contains("intact: 3 lines"))
                try site.connect(site.target).execute(
                    """
                    ALTER TABLE tidegate.audit DISABLE TRIGGER append_only;
                    UPDATE tidegate.audit SET actor = 'nobody'
                    """)
                let tampered = try site.start("audit verify")
                #expect(try tampered.waitForExit() == 1 && tampered.log.contains("line 1 is not as it was written"))
            }
        }
    }
}
