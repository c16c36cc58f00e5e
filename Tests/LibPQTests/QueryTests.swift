import LibPQ
import TestSupport
import Testing

@Suite struct QueryTests {
    @Test func parametersAreBinarySafe() throws {
        try withDatabase { database in
            let connection = try database.connect()
            let result = try connection.query(
                "SELECT $1::bytea, $2::text, $3::int + 1, $4::text IS NULL, $5::bytea, $6::text[]",
                [.binary([0, 1, 0, 255, 92, 39]), "it's \"ö\"", 41, nil, .binary([]), .array(["a\"", nil])])
            #expect(result[0, 0] == "\\x000100ff5c27")
            #expect(result[0, 1] == "it's \"ö\"")
            #expect(result[0, 2] == "42" && result[0, 3] == "t" && result[0, 4] == "\\x")
            #expect(result[0, 5] == #"{"a\"",NULL}"#)
        }
    }

    @Test func textWithAZeroByteIsRefusedBeforeItIsCutOff() throws {
        try withDatabase { database in
            let connection = try database.connect()
            let error = #expect(throws: PostgresError.self) { try connection.query("SELECT $1", [.text("a\0b")]) }
            #expect(error?.code == .usage && error?.sqlState == .characterNotInRepertoire)
            #expect(error?.isRetriable == false)
        }
    }

    @Test func resultsNameTheirColumnsAndCountTheirRows() throws {
        try withDatabase { database in
            let connection = try database.connect()
            let inserted = try connection.execute(
                "CREATE TABLE t(a int, b bool); INSERT INTO t VALUES (1, true), (NULL, false)")
            #expect(inserted.affectedRows == 2 && inserted.commandTag == "INSERT 0 2")
            let result = try connection.query("SELECT a, b FROM t ORDER BY a")
            #expect(result.columnCount == 2 && result.columnName(1) == "b" && result.columnType(0) == 23)
            #expect(result.rows.map { $0.int("a") } == [1, nil])
            #expect(result.rows.map { $0.bool("b") } == [true, false])
            #expect(try connection.query("SELECT 1 WHERE false").scalar == nil)
        }
    }

    @Test func preparedStatementsRunManyTimes() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.prepare("double", "SELECT $1::int * 2")
            for number in 1...3 {
                #expect(try connection.executePrepared("double", [.int(number)]).scalar == String(number * 2))
            }
        }
    }

    @Test func sessionsUseFixedFormats() throws {
        try withDatabase { database in
            let connection = try database.connect()
            let result = try connection.query(
                """
                SELECT timestamptz '2024-07-01 12:00:00+02', interval '1 mon -3 days', '\\x00ff'::bytea, 0.1::float8 + 0.2::float8,
                    current_setting('client_encoding'), current_setting('application_name')
                """)
            #expect(result[0, 0] == "2024-07-01 10:00:00+00" && result[0, 1] == "1 mon -3 days")
            #expect(result[0, 2] == "\\x00ff" && result[0, 3] == "0.30000000000000004")
            #expect(result[0, 4] == "UTF8" && result[0, 5] == "test")
            #expect(connection.serverVersion >= 130000 && connection.backendPID > 0)
        }
    }

    @Test func transactionsRollBackWhenTheBodyThrows() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE t(a int)")
            try connection.transaction { _ = try connection.execute("INSERT INTO t VALUES (2)") }
            #expect(throws: Refusal.self) {
                try connection.transaction {
                    try connection.execute("INSERT INTO t VALUES (1)")
                    try Refusal.refuse()
                }
            }
            #expect(connection.transactionStatus == .idle)
            #expect(try connection.query("SELECT array_agg(a) FROM t").scalar == "{2}")
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction { _ = try? connection.execute("SELECT 1/0") }
            }
            #expect(error?.sqlState == .inFailedTransaction && connection.transactionStatus == .idle)
        }
    }
}
