import LibPQ
import TestSupport
import Testing

@Suite struct CopyTests {
    @Test func copiesBothWays() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE t(id int PRIMARY KEY, name text)")
            let lines = (1...50_000).map { "\($0)\tname \($0)\n" }.joined()
            let rows = try connection.copyIn("COPY t FROM STDIN") { try $0.write(lines) }
            #expect(rows == 50_000)
            var copied: [UInt8] = []
            let read = try connection.copyOut("COPY (SELECT * FROM t ORDER BY id) TO STDOUT") { copied += Array($0) }
            #expect(read == 50_000)
            #expect(String(decoding: copied, as: UTF8.self) == lines)
        }
    }

    @Test func aThrowingBodyAbortsAndLeavesTheConnectionUsable() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE t(id int)")
            #expect(throws: Refusal.self) {
                try connection.copyIn("COPY t FROM STDIN") { writer in
                    try writer.write("1\n2\n")
                    try Refusal.refuse()
                }
            }
            #expect(try connection.query("SELECT count(*) FROM t").scalar == "0")
            try connection.execute("INSERT INTO t SELECT generate_series(1, 100000)")
            #expect(throws: Refusal.self) { try connection.copyOut("COPY t TO STDOUT") { _ in try Refusal.refuse() } }
            #expect(try connection.query("SELECT count(*) FROM t").scalar == "100000")
        }
    }

    @Test func badDataIsReportedAtTheEnd() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE t(id int)")
            let error = #expect(throws: PostgresError.self) {
                try connection.copyIn("COPY t FROM STDIN") { writer in
                    try writer.write("1\nsecret\n")
                    for _ in 0..<1000 { try writer.write([UInt8](repeating: UInt8(ascii: "2"), count: 8) + [10]) }
                }
            }
            #expect(error?.sqlState == .invalidTextRepresentation && error?.context?.contains("line 2") == true)
            #expect(error.map { "\($0)" }?.contains("secret") == false)
            #expect(try connection.query("SELECT 1").scalar == "1")
        }
    }

    @Test func copyInTheWrongPlaceIsRefused() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE t(id int)")
            for sql in ["COPY t FROM STDIN", "COPY t TO STDOUT"] {
                #expect(throws: PostgresError.self) { try connection.execute(sql) }
                #expect(throws: PostgresError.self) { try connection.query(sql) }
            }
            #expect(throws: PostgresError.self) { try connection.copyIn("COPY t TO STDOUT") { _ in } }
            #expect(throws: PostgresError.self) { try connection.copyOut("COPY t FROM STDIN") { _ in } }
            let missing = #expect(throws: PostgresError.self) { try connection.copyIn("COPY u FROM STDIN") { _ in } }
            #expect(missing?.sqlState == .undefinedTable)
            #expect(try connection.query("SELECT 1").scalar == "1")
        }
    }
}
