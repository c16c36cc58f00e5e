import LibPQ
import TestSupport
import Testing

@Suite struct ErrorTests {
    @Test func errorsCarryTheServersFields() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE t(a int CONSTRAINT positive CHECK (a > 0), b text)")
            let error = try #require(
                throws: PostgresError.self
            ) { try connection.query("INSERT INTO t VALUES (-1, 'secret row')") }
            #expect(error.code == .server && error.sqlState == .checkViolation && !error.isRetriable)
            #expect(error.schema == "public" && error.table == "t" && error.constraint == "positive")
            #expect(error.detail?.contains("secret row") == true)
            #expect(!error.description.contains("secret row") && error.debugDescription.contains("secret row"))
            let syntax = #expect(throws: PostgresError.self) { try connection.query("SELEC 1") }
            #expect(syntax?.position == 1 && syntax?.sqlState == .syntaxError)
        }
    }

    @Test func valuesOfDataExceptionsStayOutOfDescriptions() throws {
        try withDatabase { database in
            let connection = try database.connect()
            let error = try #require(
                throws: PostgresError.self
            ) { try connection.query("SELECT $1::int", ["topsecret"]) }
            #expect(error.sqlState == .invalidTextRepresentation)
            #expect(!error.description.contains("topsecret") && !"\(error)".contains("topsecret"))
            #expect(error.message.contains("topsecret"))
        }
    }

    /// Neither a user's trigger nor another language of the server's changes that.
    @Test func textsOfTriggersStayOutOfDescriptions() throws {
        try withDatabase { database in
            let connection = try database.connect()
            let error = try #require(throws: PostgresError.self) {
                try connection.execute(
                    """
                    DO $$ BEGIN
                        RAISE EXCEPTION 'no credit for topsecret'
                        USING HINT = 'ask topsecret', TABLE = 'customer', CONSTRAINT = 'credit';
                    END $$
                    """)
            }
            #expect("\(error)" == "server error P0001: raise_exception (table customer, constraint credit)")
            #expect(error.debugDescription.contains("topsecret"))
            let german = PostgresError(.server, "ungültig: »topsecret«", sqlState: "22P02")
            #expect("\(german)" == "server error 22P02: invalid_text_representation")
        }
    }

    @Test(arguments: ["40001", "40P01", "55P03", "08006", "53100", "53300", "57014", "57P01", "57P03"])
    func passingTroubleIsRetriable(state: String) {
        #expect(PostgresError(.server, "", sqlState: SQLState(rawValue: state)).isRetriable)
    }

    @Test(arguments: ["22003", "23505", "42P01", "28P01", "3D000", "25P02", "40002"])
    func lastingTroubleIsNotRetriable(state: String) {
        #expect(!PostgresError(.connection, "", sqlState: SQLState(rawValue: state)).isRetriable)
        #expect(PostgresError(.connection, "").isRetriable && !PostgresError(.usage, "").isRetriable)
    }
}
