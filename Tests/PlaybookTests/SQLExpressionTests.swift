import Playbook
import Testing

@Suite struct SQLExpressionTests {
    private func expression(_ scalar: String) throws -> SQLExpression {
        let playbook = try Playbook(
            parsing: """
                playbook: t
                target: { postgres: x }
                entities:
                  a:
                    from: a
                    into: a
                    fields:
                      x: \(scalar)
                """, file: "f")
        guard case .named(let fields) = playbook.entities[0].fields else { throw Missing() }
        return fields[0].from
    }

    private struct Missing: Error {}

    private func place(_ line: Int, _ column: Int) -> FileLocation {
        FileLocation(file: "f", line: line, column: column)
    }

    @Test func charactersOfOneLineAreFound() throws {
        #expect(try expression("lower(mail)").location(ofCharacter: 7) == place(8, 16))
        #expect(try expression("\"lower(mail)\"").location(ofCharacter: 7) == place(8, 17))
        #expect(try expression("'lower(mail)'").location(ofCharacter: 1) == place(8, 11))
    }

    @Test func charactersOfABlockAreFound() throws {
        let block = try expression("|\n          lower(\n            mail)")
        #expect(block.sql == "lower(\n  mail)\n" || block.sql == "lower(\n  mail)")
        #expect(block.location(ofCharacter: 10) == place(10, 13))
    }

    @Test func whatDiffersFromTheFileIsPlacedAtItsBeginning() throws {
        #expect(try expression("\"a || \\\"b\\\" || mail\"").location(ofCharacter: 12) == place(8, 10))
        #expect(try expression(">\n          a ||\n          mail").location(ofCharacter: 6) == place(8, 10))
    }
}
