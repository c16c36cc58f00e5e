import LibPQ
import TestSupport
import Testing

@Suite struct ReplicationTests {
    /// The kinds of the pgoutput messages received, up to the first commit.
    private func receiveTransaction(_ stream: ReplicationConnection) throws -> (kinds: String, end: UInt64) {
        var kinds = ""
        var end: UInt64 = 0
        while !kinds.contains("C") {
            let count = try stream.receive(timeout: .seconds(20)) { message in
                if case .data(_, let walEnd, _, let payload) = message {
                    kinds.append(Character(Unicode.Scalar(payload[0])))
                    end = max(end, walEnd)
                }
            }
            try #require(count > 0)
        }
        return (kinds, end)
    }

    @Test func streamsASlotFromWhereItWasConfirmed() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE t(a int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t")
            let string = try database.connectionString
            let first = try ReplicationConnection(string, applicationName: "test")
            let identity = try first.identifySystem()
            #expect(identity.database == database.name && identity.flushed > 0)
            let slot = try first.createSlot("lib_\(database.name)")
            #expect(slot.consistentPoint > 0 && slot.snapshot == nil)
            let twice = #expect(throws: PostgresError.self) { try first.createSlot("lib_\(database.name)") }
            #expect(twice?.sqlState == .duplicateObject)
            try connection.execute("INSERT INTO t VALUES (1), (2)")
            try first.startReplication(slot: slot.name, options: ["proto_version": "1", "publication_names": "\"p\""])
            let received = try receiveTransaction(first)
            #expect(received.kinds == "BRIIC")

            let second = try ReplicationConnection(string, applicationName: "test")
            let busy = #expect(throws: PostgresError.self) {
                try second.startReplication(slot: slot.name, options: ["proto_version": "1", "publication_names": "p"])
            }
            #expect(busy?.sqlState == .objectInUse)

            try connection.execute("DELETE FROM t WHERE a = 1")
            let next = try receiveTransaction(first)
            #expect(next.kinds == "BDC")
            try first.sendStatus(received: next.end, flushed: received.end, applied: received.end)
            try first.stopReplication()
            #expect(try first.identifySystem().timeline == 1)
            first.close()

            // What was not confirmed comes again, what was does not.
            try second.startReplication(slot: slot.name, options: ["proto_version": "1", "publication_names": "p"])
            #expect(try receiveTransaction(second).kinds == "BRDC")
            second.close()
            let third = try ReplicationConnection(string, applicationName: "test")
            try third.dropSlot(slot.name, wait: true)
        }
    }

    @Test func anEndedSessionIsAConnectionError() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE PUBLICATION p")
            let stream = try ReplicationConnection(database.connectionString, applicationName: "test")
            let slot = try stream.createSlot("end_\(database.name)", isTemporary: true)
            try stream.startReplication(slot: slot.name, options: ["proto_version": "1", "publication_names": "p"])
            #expect(try stream.receive(timeout: .milliseconds(1), limit: 0) { _ in } == 0)
            try connection.query("SELECT pg_terminate_backend($1, 10000)", [.int(stream.backendPID)])
            let error = #expect(throws: PostgresError.self) {
                for _ in 0..<10 { _ = try stream.receive(timeout: .seconds(10)) { _ in } }
            }
            #expect(error?.code == .connection && error?.isRetriable == true)
        }
    }
}
