import Foundation
import LibPQ
import Sandbox
import TestSupport
import Testing

@Suite struct SessionTests {
    @Test func notificationsArrive() throws {
        try withDatabase { database in
            let (listener, sender) = (try database.connect(), try database.connect())
            try listener.listen("We\"ird")
            #expect(try listener.notifications(waitingUpTo: .milliseconds(1)).isEmpty)
            let pid = sender.backendPID
            try sender.execute("NOTIFY \"We\"\"ird\", 'hello'; NOTIFY \"We\"\"ird\"")
            var received: [LibPQ.Notification] = []
            while received.count < 2 {
                let some = try listener.notifications(waitingUpTo: .seconds(10))
                try #require(!some.isEmpty)
                received += some
            }
            #expect(received.map(\.payload) == ["hello", ""])
            #expect(received.allSatisfy { $0.senderPID == pid && $0.channel == "We\"ird" })
        }
    }

    @Test func aStatementIsCancelledFromAnotherThread() throws {
        try withDatabase { database in
            let connection = try database.connect()
            let (canceller, pid) = (try connection.canceller(), connection.backendPID)
            let thread = Thread {
                // Until it is seen to run.
                _ = try? database.connect().waitUntilActive(pid)
                try? canceller.cancel()
            }
            thread.start()
            let error = #expect(throws: PostgresError.self) { try connection.query("SELECT pg_sleep(60)") }
            #expect(error?.code == .cancelled && error?.sqlState == .queryCanceled)
            #expect(try connection.query("SELECT 1").scalar == "1")
        }
    }

    @Test func aServerThatDiesInAQueryIsAConnectionErrorAndResetMendsIt() throws {
        let cluster = try PostgresCluster()
        let connection = try Connection(cluster.connectionString(), applicationName: "test")
        let pid = connection.backendPID
        let thread = Thread {
            _ = try? Connection(cluster.connectionString(), applicationName: "test").waitUntilActive(pid)
            cluster.stop(.immediate)
        }
        thread.start()
        let error = #expect(throws: PostgresError.self) { try connection.query("SELECT pg_sleep(60)") }
        #expect(error?.code == .connection && error?.isRetriable == true)
        #expect(!connection.isAlive && connection.transactionStatus == .unknown)
        let again = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
        #expect(again?.code == .connection)
        try cluster.start()
        try connection.reset()
        #expect(connection.isAlive)
        #expect(try connection.query("SHOW DateStyle").scalar == "ISO, MDY")
    }

    @Test func anIdleConnectionNoticesThatItWasEnded() throws {
        try withDatabase { database in
            let (connection, other) = (try database.connect(), try database.connect())
            #expect(connection.isAlive)
            try other.query("SELECT pg_terminate_backend($1, 10000)", [.int(connection.backendPID)])
            #expect(!connection.isAlive)
            connection.close()
            let error = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
            #expect(error?.code == .closed)
        }
    }
}

extension Connection {
    /// Waits until the server says that a session runs a statement, for a minute at most.
    fileprivate func waitUntilActive(_ pid: Int32) throws {
        try execute(
            """
            DO $$ BEGIN
                FOR i IN 1..6000 LOOP
                    PERFORM pg_stat_clear_snapshot();
                    EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE pid = \(pid) AND wait_event = 'PgSleep');
                    PERFORM pg_sleep(0.01);
                END LOOP;
            END $$
            """)
    }
}
