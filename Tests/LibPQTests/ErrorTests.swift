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

    @Test func descriptionsNameConditionAndObjects() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute(
                """
                CREATE TABLE item(n int CHECK (n > 0), code text NOT NULL UNIQUE);
                CREATE DOMAIN positive AS int CHECK (VALUE > 0)
                """)
            func said(_ sql: String) throws -> String {
                try #require(throws: PostgresError.self) { try connection.query(sql) }.description
            }
            #expect(
                try said("INSERT INTO item VALUES (-7, 'x')")
                    == "23514 check_violation: table public.item, constraint item_n_check")
            #expect(
                try said("INSERT INTO item VALUES (7, NULL)")
                    == "23502 not_null_violation: table public.item, column code")
            #expect(
                try said("SELECT (-7)::positive")
                    == "23514 check_violation: constraint positive_check, type public.positive")
            #expect(try said("SELECT 1/0") == "22012 division_by_zero")
            #expect(
                try said("SELECT nothing FROM item")
                    == "42703 undefined_column: column \"nothing\" does not exist at character 8")
        }
    }

    @Test(arguments: [
        "SELECT 'topsecret'::int", "SELECT 'topsecret'::timestamptz", "SELECT '{\"topsecret\'::jsonb",
        "SELECT convert_from('\\xfftopsecret'::text::bytea, 'UTF8')", "INSERT INTO item VALUES ('topsecret', 1)",
        "INSERT INTO item VALUES ('topsecret', -1)", "INSERT INTO item VALUES ('a', 2)",
        "INSERT INTO item VALUES ('a', 3)", "INSERT INTO item VALUES ('a', 4)", "INSERT INTO item VALUES ('a', 5)",
    ])
    func valuesStayOutOfDescriptions(sql: String) throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute(
                """
                CREATE TABLE item(name text UNIQUE, n int CHECK (n > 0));
                INSERT INTO item VALUES ('topsecret', 1);
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.n = 2 THEN RAISE EXCEPTION 'no topsecret' USING HINT = 'less topsecret'; END IF;
                    IF NEW.n = 3 THEN RAISE EXCEPTION 'no topsecret' USING ERRCODE = '40001', HINT = 'topsecret'; END IF;
                    IF NEW.n = 4 THEN RAISE EXCEPTION 'no topsecret' USING ERRCODE = 'ZZ001'; END IF;
                    IF NEW.n = 5 THEN EXECUTE 'SELECT * FROM topsecret'; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER refuse BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION refuse()
                """)
            let error = try #require(throws: PostgresError.self) { try connection.query(sql) }
            let state = try #require(error.sqlState).rawValue
            #expect(!error.description.contains("topsecret") && !error.redactedMessage.contains("topsecret"))
            #expect(error.description.hasPrefix(state))
            #expect(error.debugDescription.contains("topsecret") || state.hasPrefix("22"))
        }
    }

    /// What libpq says of a lost connection goes over three lines; a line of a log is one.
    @Test func anErrorIsOneLine() throws {
        try withDatabase { database in
            let connection = try database.connect()
            let pid = try connection.execute("SELECT pg_backend_pid()").scalar ?? ""
            try database.connect().execute("SELECT pg_terminate_backend(\(pid), 5000)")
            let lost = try #require(throws: PostgresError.self) { try connection.execute("SELECT 1") }
            #expect(!lost.message.contains { $0.isNewline || $0 == "\t" } && !lost.description.isEmpty)
        }
        let error = PostgresError(.connection, "gone\n\tfor some\n\treason.\n")
        #expect(
            error.message == "gone for some reason." && error.description == "connection error: gone for some reason.")
    }

    @Test func languageOfMessagesMakesNoDifference() {
        let german = PostgresError(
            .server, "ungültige Eingabesyntax für Typ integer: »topsecret«", sqlState: .invalidTextRepresentation)
        #expect(german.description == "22P02 invalid_text_representation")
        #expect(german.debugDescription.contains("topsecret"))
        let own = PostgresError(.server, "topsecret", sqlState: "ZZ001")
        #expect(own.description == "ZZ001: an error of the database's own")
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
