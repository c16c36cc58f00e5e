import Foundation
import LibPQ
import Playbook
import TestSupport
import Testing

/// `tidegate init` and `tidegate check` as a user runs them.
@Suite struct CommandTests {
    private static let schema = "CREATE TABLE s (id int PRIMARY KEY, name text)"

    private func withFolder<R>(_ body: (String) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path)
    }

    @Test func aHeartbeatThatCannotBeIsRefused() throws {
        let program = try BuiltProgram()
        for seconds in ["0", "-1", "9223372036854775807"] {
            let refused = try program.run(["capture", "-p", "none.yaml", "--heartbeat=\(seconds)"], environment: [:])
            #expect(refused.status == 64 && refused.complaint.contains("86400"), "\(refused)")
        }
    }

    @Test func initWritesWhatCheckPasses() throws {
        let program = try BuiltProgram()
        try withDatabases { source, target in
            try source.connect().execute(Self.schema)
            try target.connect().execute(Self.schema)
            try withFolder { folder in
                let file = "\(folder)/playbook.yaml"
                let environment = ["S": source.dataSourceName, "T": target.dataSourceName]
                let arguments = [
                    "init", "--source", "${env:S}", "--target", "${env:T}", "--brokers", "127.0.0.1:9092", "-o", file,
                ]
                let written = try program.run(arguments, environment: environment)
                #expect(written.status == 0, "\(written)")
                let again = try program.run(arguments, environment: environment)
                #expect(again.status == 2)
                #expect(again.complaint.contains("--replace"))
                let check = try program.run(["check", "-p", file], environment: environment)
                #expect(check.status == 0, "\(check)")
                #expect(check.output.contains("no errors"))

                let text = try String(contentsOfFile: file, encoding: .utf8)
                let marked = Marked(text.replacing("into: public.s,", with: "into: ⟦public.x,"), file: file)
                try marked.text.write(toFile: file, atomically: true, encoding: .utf8)
                let broken = try program.run(["check", "-p", file], environment: environment)
                #expect(broken.status == 1)
                #expect(
                    broken.output.contains(
                        "\(marked.location): error: the target has no table public.x [unknown-table]"))
                let json = try program.run(["check", "-p", file, "--json"], environment: environment)
                let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
                let findings = object?["findings"] as? [[String: Any]] ?? []
                #expect(object?["errors"] as? Int == 1)
                #expect(
                    findings.contains {
                        $0["rule"] as? String == "unknown-table" && $0["line"] as? Int == marked.location.line
                    })
            }
        }
    }

    @Test func planRefusesAWaveThatCutsAndProfileFindsWhatWouldBeRefused() throws {
        let program = try BuiltProgram()
        let tables =
            "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a, t text);"
        try withDatabases { source, target in
            try source.connect().execute(tables + "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1, 'long')")
            try target.connect().execute(tables + "ALTER TABLE b ALTER t TYPE varchar(3)")
            try withFolder { folder in
                let environment = ["S": source.dataSourceName, "T": target.dataSourceName]
                func write(_ waves: String) throws -> String {
                    let text = """
                        playbook: t
                        source: { postgres: "${env:S}" }
                        target: { postgres: "${env:T}" }
                        kafka: { brokers: ["b:9092"], topics: "{table}", format: debezium-json }
                        entities:
                          a: { from: a, into: a, fields: same }
                          b: { from: b, into: b, fields: same }
                        waves: \(waves)
                        """
                    try text.write(toFile: "\(folder)/p.yaml", atomically: true, encoding: .utf8)
                    return "\(folder)/p.yaml"
                }
                let svg = "\(folder)/plan.svg"
                var file = try write("{ first: { b: all }, rest: { a: all } }")
                let refused = try program.run(["plan", "-p", file, "--svg", svg], environment: environment)
                #expect(refused.status == 1 && refused.output.contains("first: { a: all }"), "\(refused)")
                #expect(try String(contentsOfFile: svg, encoding: .utf8).hasPrefix("<svg"))
                file = try write("{ first: { a: all, b: all } }")
                let fine = try program.run(["plan", "-p", file, "--json"], environment: environment)
                #expect(fine.status == 0, "\(fine)")
                #expect(try JSONSerialization.jsonObject(with: Data(fine.output.utf8)) is [String: Any])
                #expect(try program.run(["plan", "-p", "\(folder)/none.yaml"]).status == 2)

                let html = "\(folder)/profile.html"
                let found = try program.run(["profile", "-p", file, "--html", html], environment: environment)
                #expect(found.status == 1 && found.output.contains("too long for character varying(3)"), "\(found)")
                #expect(try String(contentsOfFile: html, encoding: .utf8).contains("too long for"))
                #expect(try target.connect().query("SELECT count(*) FROM tidegate.profile").scalar == "2")
                let good = try program.run(
                    ["profile", "-p", file, "--entity", "a", "--no-store", "--json"], environment: environment)
                #expect(good.status == 0, "\(good)")
                #expect(try target.connect().query("SELECT count(*) FROM tidegate.profile").scalar == "2")
                #expect(try program.run(["profile", "-p", file, "--wave", "x"], environment: environment).status == 2)
            }
        }
    }

    @Test func checkThatCannotBeMadeEndsWithTwo() throws {
        let program = try BuiltProgram()
        try withFolder { folder in
            #expect(try program.run(["check", "-p", "\(folder)/none.yaml"]).status == 2)
            let file = "\(folder)/p.yaml"
            let text =
                "playbook: t\ntarget: { postgres: \"${env:T}\" }\nentities: { s: { from: s, into: s, fields: same } }\n"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            let secret = try program.run(["check", "-p", file])
            #expect(secret.status == 1)
            #expect(
                secret.output.contains("\(file):2:21: error: the environment variable T is not set [missing-secret]"))
            let away = try program.run(
                ["check", "-p", file], environment: ["T": "host=127.0.0.1 port=1 dbname=d user=u password=hunter2"])
            #expect(away.status == 2)
            #expect(away.complaint.contains("127.0.0.1") && !away.complaint.contains("hunter2"))
        }
    }

    @Test func propertyThatLibrdkafkaRefusesIsNamed() throws {
        let program = try BuiltProgram()
        try withFolder { folder in
            let file = "\(folder)/p.yaml"
            let marked = Marked(
                "playbook: t\ntarget: { postgres: \"${env:T}\" }\nentities: { s: { from: s, into: s, fields: same } }\n"
                    + "kafka: { brokers: [\"b:9092\"], topics: \"{table}\", properties: { fetch.wait: ⟦1 } }\n",
                file: file)
            try marked.text.write(toFile: file, atomically: true, encoding: .utf8)
            let check = try program.run(["check", "-p", file], environment: ["T": "host=127.0.0.1 port=1"])
            #expect(check.status == 1)
            #expect(
                check.output.contains("\(marked.location): error: librdkafka refuses the property fetch.wait [kafka]"))
        }
    }
}
