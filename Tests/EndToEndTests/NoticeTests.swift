import LibPQ
import TestSupport
import Testing

extension EndToEnd {
    /// What a server says besides its answers is not for the log.
    struct NoticeTests {
        /// A server warns of collations that have changed before the connection is ready; one that is going down says so then.
        @Test func aWarningDuringTheLoginIsNotPrinted() throws {
            try withSite { site in
                try site.makeLive()
                try site.connect(site.target).execute(
                    "UPDATE pg_database SET datcollversion = 'another' WHERE datname = current_database()")
                let list = try site.start("audit list")
                #expect(try list.waitForExit() == 0 && !list.log.contains("collation"), "\(list.logTail)")
            }
        }
    }
}
