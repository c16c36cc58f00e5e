import LibPQ
import Sandbox
import TestSupport
import Testing

@Suite struct ConnectionStringTests {
    @Test(arguments: [
        "postgresql://joe:s%40cret@db.example:5433/shop?sslmode=verify-full&sslrootcert=/ca.pem",
        "host=db.example port=5433 dbname=shop user=joe password='s@cret' sslmode=verify-full",
    ])
    func bothFormsAreReadAndSecretsNeverShown(text: String) throws {
        let string = try ConnectionString(text)
        #expect(
            string.host == "db.example" && string.port == "5433" && string.database == "shop" && string.user == "joe")
        #expect("\(string)" == "joe@db.example:5433/shop")
        var dumped = ""
        dump(string, to: &dumped)
        for shown in ["\(string)", String(reflecting: string), dumped] { #expect(!shown.contains("cret")) }
        #expect("\(string.with(parameters: ["dbname": "other", "password": "x1y2"]))" == "joe@db.example:5433/other")
    }

    @Test(arguments: [
        "host=h password=my secret", "postgresql://joe:s3cret@secret@host/db", "password=a secret=b",
        "postgresql://h/db?secret=1", "postgresql://joe:secret",
    ])
    func malformedStringsAreRefusedWithoutQuotingThem(text: String) {
        do {
            let string = try ConnectionString(text)
            // What libpq accepts fails at connecting; its report must not show the password either.
            let error = #expect(throws: PostgresError.self) { try Connection(string, applicationName: "test") }
            #expect(error.map { "\($0) \(String(reflecting: $0))" }?.contains("cret") == false)
        } catch {
            #expect(error.code == .usage && !"\(error)".contains("secret"))
        }
    }

    @Test func aWrongPasswordIsNotWorthARetry() throws {
        var configuration = PostgresCluster.Configuration()
        configuration.hostBasedAuthentication = ["host all scram all scram-sha-256"]
        let cluster = try PostgresCluster(configuration)
        let admin = try Connection(cluster.connectionString(), applicationName: "test")
        try admin.execute("SET password_encryption = 'scram-sha-256'; CREATE ROLE scram LOGIN PASSWORD 'right-word'")
        let string = try cluster.connectionString().with(parameters: ["user": "scram"])
        let connection = try Connection(string.with(parameters: ["password": "right-word"]), applicationName: "test")
        #expect(try connection.query("SELECT current_user").scalar == "scram")
        let error = #expect(throws: PostgresError.self) {
            try Connection(string.with(parameters: ["password": "wrong-word"]), applicationName: "test")
        }
        #expect(error?.code == .connection && error?.sqlState == .invalidPassword && error?.isRetriable == false)
        #expect(error.map { String(reflecting: $0) }?.contains("wrong-word") == false)
    }

    @Test func whatIsNotThereIsToldApart() throws {
        let cluster = try SharedCluster.cluster()
        let missing = #expect(throws: PostgresError.self) {
            try Connection(cluster.connectionString(database: "no_such_db"), applicationName: "test")
        }
        #expect(missing?.sqlState == .invalidCatalogName && missing?.isRetriable == false)
        let refused = #expect(throws: PostgresError.self) {
            try Connection(ConnectionString("postgresql://x@127.0.0.1:1/db"), applicationName: "test")
        }
        #expect(refused?.code == .connection && refused?.isRetriable == true)
        #expect(refused?.message.contains("127.0.0.1") == true)
    }

    @Test func aSilentHostIsGivenUpInTime() throws {
        // Of TEST-NET-1: nothing answers there; some networks refuse at once.
        let string = try ConnectionString("host=192.0.2.1 connect_timeout=1 user=x dbname=x")
        let begun = ContinuousClock.now
        let error = #expect(throws: PostgresError.self) { try Connection(string, applicationName: "test") }
        #expect(error?.code == .connection && error?.isRetriable == true)
        #expect(ContinuousClock.now - begun < .seconds(10))
    }

    @Test func tlsModesPassThrough() throws {
        let cluster = try SharedCluster.cluster()
        let string = try cluster.connectionString().with(parameters: ["sslmode": "require"])
        // The throwaway server has no certificate, so a demand for TLS must fail and not fall back.
        let error = #expect(throws: PostgresError.self) { try Connection(string, applicationName: "test") }
        #expect(error?.message.contains("SSL") == true)
    }
}
