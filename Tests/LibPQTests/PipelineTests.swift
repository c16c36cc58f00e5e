import LibPQ
import TestSupport
import Testing

@Suite struct PipelineTests {
    @Test func resultsComeInOrder() throws {
        try withDatabase { database in
            let connection = try database.connect()
            let results = try connection.pipeline { pipeline in
                try pipeline.prepare("square", "SELECT $1::int * $1::int")
                for number in 1...2000 { try pipeline.executePrepared("square", [.int(number)]) }
                try pipeline.query("SELECT repeat('x', 1000000)")
            }
            #expect(results.count == 2002)
            #expect(results[2000].scalar == "4000000" && results[2001].scalar?.count == 1_000_000)
        }
    }

    @Test func anErrorSkipsTheRestUpToTheSync() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE t(a int)")
            let error = #expect(throws: PostgresError.self) {
                try connection.pipeline { pipeline in
                    try pipeline.query("INSERT INTO t VALUES (1)")
                    try pipeline.sync()
                    try pipeline.query("INSERT INTO t VALUES (2)")
                    try pipeline.query("INSERT INTO t SELECT 1/0")
                    try pipeline.query("INSERT INTO t VALUES (3)")
                    try pipeline.sync()
                    try pipeline.query("INSERT INTO t VALUES (4)")
                }
            }
            #expect(error?.sqlState == "22012")
            #expect(try connection.query("SELECT array_agg(a ORDER BY a) FROM t").scalar == "{1,4}")
        }
    }

    @Test func aThrowingBodyCommitsNothingOfItsGroup() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute("CREATE TABLE t(a int)")
            #expect(throws: Refusal.self) {
                try connection.pipeline { pipeline in
                    try pipeline.query("INSERT INTO t VALUES (1)")
                    try Refusal.refuse()
                }
            }
            #expect(try connection.query("SELECT count(*) FROM t").scalar == "0")
        }
    }
}
